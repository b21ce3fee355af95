// Moves a post to another day: dragged by mouse or pen, or by Alt and an arrow. The server keeps the hour, and says no
// where it has to. Fingers scroll; for them, and for everybody, there is "Move to…".
const form = document.getElementById("mover");
const NEAR = 6; // pixels before a press is a drag

function send(chip, day) {
  form.action = chip.dataset.moves;
  form.elements.day.value = day;
  const next = new URL(form.elements.next.value, location.origin);
  if (!document.querySelector(`[data-day="${day}"]`)) next.searchParams.set("on", day);
  form.elements.next.value = `${next.pathname}${next.search}#${chip.querySelector("a[id]").id}`; // where the focus goes
  form.requestSubmit();
}

function later(day, days) {
  const noon = new Date(`${day}T12:00:00Z`);
  noon.setUTCDate(noon.getUTCDate() + days);
  return noon.toISOString().slice(0, 10);
}

document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog:modal")) return;
  const chip = event.target.closest?.("[data-moves]");
  const forward = getComputedStyle(document.documentElement).direction === "rtl" ? -1 : 1;
  const days = { ArrowLeft: -forward, ArrowRight: forward, ArrowUp: -7, ArrowDown: 7 }[event.key];
  if (!chip || !days) return;
  event.preventDefault();
  send(chip, later(chip.closest("[data-day]").dataset.day, days));
});

let held = null; // { chip, x, y, moving, over }

document.addEventListener("pointerdown", (event) => {
  const chip = event.target.closest("[data-moves]");
  if (!chip || event.button !== 0 || event.pointerType === "touch" || event.target.closest(".button")) return;
  held = { chip, x: event.clientX, y: event.clientY, moving: false, over: null };
});

document.addEventListener("pointermove", (event) => {
  if (!held) return;
  const [x, y] = [event.clientX - held.x, event.clientY - held.y];
  if (!held.moving && Math.hypot(x, y) < NEAR) return;
  held.moving = true;
  held.chip.classList.add("dragged");
  held.chip.style.translate = `${x}px ${y}px`;
  const over = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-day]") ?? null;
  if (over === held.over) return;
  held.over?.classList.remove("over");
  over?.classList.add("over");
  held.over = over;
});

function drop(to) {
  if (!held) return;
  const { chip, moving, over } = held;
  held = null;
  over?.classList.remove("over");
  if (moving) addEventListener("click", (event) => event.preventDefault(), { capture: true, once: true });
  setTimeout(() => chip.classList.remove("dragged"));
  if (to && moving && over && over !== chip.closest("[data-day]")) send(chip, over.dataset.day);
  else chip.style.translate = "";
}

document.addEventListener("pointerup", () => drop(true));
document.addEventListener("pointercancel", () => drop(false));
document.addEventListener("keydown", (event) => event.key === "Escape" && drop(false));
document.addEventListener("dragstart", (event) => event.target.closest?.("[data-moves]") && event.preventDefault());
