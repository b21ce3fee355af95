// The phone: the clip itself, the words over it, and where the platform's own buttons lie. And the moment of a cover.
const frame = document.querySelector("[data-frame]");
const video = document.querySelector("[data-preview]");

export function play(address) {
  if (video.src.startsWith("blob:")) return; // the file of this very machine: nothing is gained by fetching it
  video.src = address;
}

export function draw(sheet, form) {
  const panel = sheet.querySelector("[data-panel]:not([hidden])");
  const channel = panel?.dataset.channel ? panel : sheet.querySelector("[data-channel]");
  frame.dataset.on = channel?.dataset.platform || "";
  frame.querySelector("[data-preview-name]").textContent = channel?.dataset.named || "";
  const own = channel?.querySelector("[data-own]")?.checked;
  const text = own ? channel.querySelector("[data-own-caption]").value : form.elements.caption.value;
  frame.querySelector("[data-preview-caption]").textContent = text;
}

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-cover-at]")) return;
  const seconds = Number(event.target.value) / 1000;
  event.target.parentElement.querySelector("output").textContent = `${seconds.toFixed(1)} s`;
  video.pause();
  video.currentTime = seconds;
});
