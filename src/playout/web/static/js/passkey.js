// Signing in with a passkey: asks the server for a challenge, the browser for the key, and tells the server.
// POST <data-passkey>/options gives the options; POST <data-passkey> with what the browser made gives {next}.
const { browserSupportsWebAuthn, startAuthentication } = window.SimpleWebAuthnBrowser;
const place = document.querySelector("[data-passkey]");

async function ask(url, body) {
  const headers = { "Content-Type": "application/json", ...JSON.parse(document.body.getAttribute("hx-headers:inherited")) };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

if (place && browserSupportsWebAuthn()) {
  place.hidden = false;
  const told = place.querySelector("[data-failed]");
  place.querySelector("button").addEventListener("click", async () => {
    told.textContent = "";
    try {
      const { options, ticket } = await ask(`${place.dataset.passkey}/options`, {});
      const answer = await startAuthentication({ optionsJSON: options });
      const { next } = await ask(place.dataset.passkey, { ticket, answer, next: place.dataset.next });
      location.assign(next);
    } catch {
      told.textContent = told.dataset.failed;
    }
  });
}
