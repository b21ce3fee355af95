// The states of a post on its way, asked for anew while something of it moves.
const place = document.querySelector("[data-state-of]");
const EVERY = 3000; // milliseconds

async function again() {
  const moving = place.querySelector("[data-moving]")?.dataset.moving === "yes";
  if (!moving || document.hidden) return;
  const answer = await fetch(place.dataset.stateOf, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok) return;
  const came = new DOMParser().parseFromString(await answer.text(), "text/html");
  place.replaceChildren(...came.body.childNodes);
}

if (place) setInterval(again, EVERY);
