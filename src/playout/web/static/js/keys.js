// Single-key shortcuts. data-keys="n" or "g q" on a link or a button: the keys press it; j and k walk the [data-row]s, and
// data-row-key="e" on something within a row is pressed when that row has the focus. <html data-keys="off"> stops it all.
const PAUSE = 1200; // milliseconds between g and what follows
let before = "";
let timer;

export function isTyping(target) {
  return target instanceof Element && target.closest("input:not([type=checkbox],[type=radio],[type=button]), textarea, select, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (document.documentElement.dataset.keys === "off") return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.key.length !== 1) return;
  if (isTyping(event.target) || document.querySelector("dialog:modal")) return;
  const keys = before ? `${before} ${event.key}` : event.key;
  clearTimeout(timer);
  const meant = pressed(keys);
  if (meant) {
    event.preventDefault();
    before = "";
    meant();
  } else {
    before = document.querySelector(`[data-keys^="${CSS.escape(event.key)} "]`) ? event.key : "";
    timer = setTimeout(() => (before = ""), PAUSE);
  }
});

function pressed(keys) {
  if (keys === "j" || keys === "k") return () => walk(keys === "j" ? 1 : -1);
  const row = document.activeElement?.closest("[data-row]");
  const inRow = row?.querySelector(`[data-row-key="${CSS.escape(keys)}"]`);
  const found = inRow || document.querySelector(`[data-keys="${CSS.escape(keys)}"]`);
  return found && !found.disabled ? () => found.click() : null;
}

function walk(step) {
  const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility());
  const now = rows.indexOf(document.activeElement?.closest("[data-row]"));
  const row = rows[now < 0 ? (step > 0 ? 0 : rows.length - 1) : now + step];
  const target = row?.matches("a, button, [tabindex]") ? row : row?.querySelector("a, button, [tabindex]");
  target?.focus();
  row?.scrollIntoView({ block: "nearest" });
}
