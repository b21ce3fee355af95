// Queue, drafts and calendar: "Move to…" asks in a dialog, and the countdown counts.
const dialog = document.getElementById("move");
const inside = document.getElementById("move-inside");

document.addEventListener("click", (event) => {
  const asks = event.target.closest("[data-asks]");
  if (!asks || !dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault(); // htmx fetches the form; without any of this the link leads to it
  dialog.showModal();
});

if (inside) new MutationObserver(() => inside.querySelector("[name=at]")?.focus()).observe(inside, { childList: true });

const counted = document.querySelector("[data-countdown]");
if (counted) {
  const ahead = Date.parse(counted.dataset.now) - Date.now(); // the server's clock counts
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });
  const steps = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const count = () => {
    const seconds = (Date.parse(counted.dataset.countdown) - Date.now() - ahead) / 1000;
    const [unit, length] = steps.find(([, size]) => seconds >= size * 1.5) ?? ["minute", 60];
    counted.textContent = words.format(Math.max(0, Math.round(seconds / length)), unit);
  };
  count();
  setInterval(count, 20_000);
}
