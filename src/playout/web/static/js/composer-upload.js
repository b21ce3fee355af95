// A clip is dropped anywhere or chosen, and goes up by tus while its words are written. Where it stands is noted in this
// browser by the file's own marks, so that the same file goes on from its last byte after a reload or another day.
import { announce } from "./live.js";

const PIECE = 8 * 1024 * 1024; // bytes of one request

export function begin(page, token, told) {
  const place = page.querySelector("[data-upload]");
  const bar = place.querySelector("progress");
  const line = place.querySelector("p");
  const drop = page.querySelector("[data-drop]");
  const facts = page.querySelector("[data-facts]");
  const input = drop.querySelector("input[type=file]");
  let upload = null;

  input.addEventListener("change", () => input.files[0] && start(input.files[0]));
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    page.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget || page.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    page.classList.remove("over");
    start(file);
  });

  async function start(file) {
    await upload?.abort();
    facts.replaceChildren();
    place.hidden = false;
    drop.dataset.filled = "";
    const blob = document.querySelector("[data-preview]");
    blob.src = URL.createObjectURL(file);
    upload = new window.tus.Upload(file, {
      endpoint: "/uploads",
      chunkSize: PIECE,
      headers: token,
      metadata: { filename: file.name },
      removeFingerprintOnSuccess: true,
      retryDelays: [0, 1000, 3000, 5000, 10000, 20000, 30000],
      onProgress: (sent, total) => progressed(file, sent, total),
      onShouldRetry: (error) => retried(error.originalResponse?.getStatus() ?? 0),
      onError: () => failed(),
      onSuccess: ({ lastResponse }) => done(lastResponse.getHeader("Playout-Video-Id")),
    });
    const [before] = await upload.findPreviousUploads();
    if (before) upload.resumeFromPreviousUpload(before);
    upload.start();
  }

  function progressed(file, sent, total) {
    bar.value = sent / total;
    line.textContent = place.dataset.line
      .replace("{percent}", Math.floor((sent / total) * 100))
      .replace("{sent}", size(sent))
      .replace("{total}", size(total));
    localStorage.setItem(NOTE, JSON.stringify({ name: file.name, percent: Math.floor((sent / total) * 100) }));
  }

  // Refused is refused; a lost line, a server that starts again and a place that is still being written to pass.
  function retried(status) {
    if (status >= 400 && status < 500 && ![409, 422, 423].includes(status)) return false;
    line.textContent = place.dataset.waits;
    return true;
  }

  function failed() {
    line.textContent = place.dataset.failed;
    announce(place.dataset.failed);
  }

  async function done(videoId) {
    localStorage.removeItem(NOTE);
    bar.value = 1;
    line.textContent = place.dataset.done;
    announce(place.dataset.done);
    await told.came(videoId);
    look(videoId);
  }

  // Until the file has been looked into.
  async function look(videoId) {
    const answer = await fetch(`/clips/${videoId}/facts`, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (answer?.ok) {
      const came = new DOMParser().parseFromString(await answer.text(), "text/html").body;
      const state = came.querySelector("[data-video-state]")?.dataset.videoState;
      facts.replaceChildren(...came.childNodes);
      place.hidden = true;
      for (const range of document.querySelectorAll("[data-cover-at]")) {
        const length = Number(facts.querySelector("[data-duration]")?.dataset.duration);
        if (length) range.max = length - 1;
      }
      if (state !== "probing") return;
    }
    setTimeout(() => look(videoId), 1500);
  }

  const there = facts.querySelector("[data-video-state=probing]");
  if (there) look(there.dataset.video);
  const note = JSON.parse(localStorage.getItem(NOTE) || "null");
  if (note && !facts.querySelector("[data-video]")) {
    place.hidden = false;
    bar.value = note.percent / 100;
    line.textContent = place.dataset.resume.replace("{name}", note.name).replace("{percent}", note.percent);
  }
}

const NOTE = "playout-upload";
const UNITS = ["B", "kB", "MB", "GB", "TB"];

function size(bytes) {
  const step = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: value < 10 && step ? 1 : 0 })} ${UNITS[step]}`;
}
