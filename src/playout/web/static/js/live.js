// Live parts of a page (hx-sse:connect): tells screen readers what changed, and everybody when the line is down.
// A swapped-in element with data-announce="…" is read out; <html data-line="down"> lets a page say that it may be old.
const status = document.getElementById("live");

export function announce(sentence) {
  if (!status || !sentence) return;
  status.textContent = "";
  requestAnimationFrame(() => (status.textContent = sentence));
}

document.addEventListener("htmx:after:swap", (event) => {
  const within = event.target instanceof Element ? event.target : document.body;
  const told = within.matches("[data-announce]") ? within : within.querySelector("[data-announce]");
  announce(told?.dataset.announce);
});
document.addEventListener("htmx:sse:error", () => (document.documentElement.dataset.line = "down"));
document.addEventListener("htmx:sse:after:connection", () => delete document.documentElement.dataset.line);
