// Notices: one with data-seconds goes by itself, but not while somebody points at it or has the focus in it.
const area = document.getElementById("toasts");

export function toast(sentence) {
  const made = document.getElementById("toast-pattern").content.cloneNode(true);
  made.querySelector("p").textContent = sentence;
  area.append(made);
}

function watch(one) {
  const seconds = Number(one.dataset?.seconds);
  if (!seconds) return;
  let left = seconds * 1000;
  let began;
  let timer;
  const go = () => {
    began = performance.now();
    timer = setTimeout(() => one.remove(), left);
  };
  const rest = () => {
    clearTimeout(timer);
    left = Math.max(1000, left - (performance.now() - began));
  };
  one.addEventListener("pointerenter", rest);
  one.addEventListener("pointerleave", go);
  one.addEventListener("focusin", rest);
  one.addEventListener("focusout", go);
  go();
}

document.addEventListener("click", (event) => event.target.closest("[data-closes]")?.closest(".toast")?.remove());

// A fragment brings its toast along wherever it is swapped in; it belongs to the others.
new MutationObserver((changes) => {
  for (const one of changes.flatMap((change) => [...change.addedNodes])) {
    if (!(one instanceof Element)) continue;
    const found = one.matches(".toast") ? [one] : [...one.querySelectorAll(".toast")];
    for (const each of found) each.parentElement === area ? watch(each) : area.append(each);
  }
}).observe(document.body, { childList: true, subtree: true });
for (const one of area.querySelectorAll(".toast")) watch(one);
