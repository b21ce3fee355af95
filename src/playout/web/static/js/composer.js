// The composer: what works by forms alone becomes immediate. Upload, autosave, counters, preview; TikTok's rules are in
// composer-tiktok.js. The server has the last word on everything here.
import { enhance } from "./tabs.js";
import { announce } from "./live.js";
import { watch as watchTikTok, apply as applyTikTok } from "./composer-tiktok.js";
import { begin as beginUploads } from "./composer-upload.js";
import { draw as drawPreview, play } from "./composer-preview.js";

const page = document.querySelector("[data-composer]");
const form = document.getElementById("composer");
const sheet = document.getElementById("sheet");
const token = JSON.parse(document.body.getAttribute("hx-headers:inherited"));
const REST = 1500; // milliseconds without a key before a draft is saved
const CHECK = 15000; // so often at most a platform is asked what it offers
page.classList.add("scripted");

// ── parts drawn anew ─────────────────────────────────────────────────────────────────────────────

async function sent(path, more) {
  const body = new FormData(form);
  for (const [name, value] of Object.entries(more)) body.set(name, value);
  return fetch(path, { method: "POST", body, headers: { "HX-Request": "true", ...token } });
}

async function redraw() {
  const open = sheet.querySelector("[role=tab][aria-selected=true]")?.hash;
  const focused = document.activeElement?.value && document.activeElement?.name === "channel" ? document.activeElement.value : "";
  const answer = await sent(form.action, { do: "refresh" }).catch(() => null);
  if (!answer?.ok) return;
  const came = new DOMParser().parseFromString(await answer.text(), "text/html");
  const typed = form.elements.caption?.value;
  sheet.replaceChildren(...came.body.childNodes);
  if (typed !== undefined) form.elements.caption.value = typed;
  arrange();
  if (open) sheet.querySelector(`[role=tab][href="${CSS.escape(open).replace("\\#", "#")}"]`)?.click();
  if (focused) sheet.querySelector(`input[name=channel][value="${CSS.escape(focused)}"]`)?.focus();
}

function arrange() {
  for (const list of sheet.querySelectorAll("[data-tabs]")) if (list.getAttribute("role") !== "tablist") enhance(list);
  for (const panel of sheet.querySelectorAll("[data-tiktok]")) watchTikTok(panel);
  applyTikTok(form);
  count();
}

// ── counters and the shared caption ──────────────────────────────────────────────────────────────

function count() {
  for (const place of sheet.querySelectorAll(".wording")) {
    const own = place.querySelector("[data-own]").checked;
    const shared = form.elements.caption.value;
    const text = own ? place.querySelector("[data-own-caption]").value : shared;
    place.querySelector("[data-shared]").textContent = shared || "–";
    const counter = place.querySelector("[data-counter]");
    const used = counter.dataset.bytes === "yes" ? new TextEncoder().encode(text).length : text.length;
    counter.querySelector("b").textContent = used.toLocaleString(document.documentElement.lang);
    counter.classList.toggle("over", used > Number(counter.dataset.most));
  }
  drawPreview(sheet, form);
}

// ── autosave ─────────────────────────────────────────────────────────────────────────────────────

let timer;
let running = Promise.resolve();
let changed = false;
let stale = false;
let checked = 0;
let busy = false;

function later() {
  changed = true;
  keepWords();
  clearTimeout(timer);
  timer = setTimeout(() => (running = running.then(save)), REST);
}

async function save() {
  busy = true;
  await saveNow().catch(() => (changed = true));
  busy = false;
}

async function saveNow() {
  if (!changed || stale || form.dataset.autosaves !== "yes" || !form.elements.video_id.value) return;
  changed = false;
  const check = performance.now() - checked > CHECK || checked === 0;
  if (check) checked = performance.now();
  const base = form.dataset.new === "yes" ? "/posts/new" : new URL(form.action).pathname;
  const answer = await sent(`${base}/autosave`, check ? { check: "1" } : {}).catch(() => null);
  const place = document.getElementById("saved");
  if (!answer || !place || !(answer.headers.get("content-type") || "").startsWith("text/html")) return void (changed = true);
  const came = new DOMParser().parseFromString(await answer.text(), "text/html").body;
  const told = came.querySelector("[data-version]");
  if (!told) return;
  const { version, post, theirs } = told.dataset;
  place.replaceChildren(told);
  if (post) saved(post, version);
  if (theirs) overtaken(place, theirs);
  if (told.dataset.checked === "yes") show(told.querySelectorAll("[data-for]"));
}

function saved(post, version) {
  form.elements.version.value = version;
  if (form.dataset.new !== "yes") return;
  form.dataset.new = "no";
  form.action = `/posts/${post}`;
  history.replaceState(null, "", `/posts/${post}`);
  sessionStorage.removeItem(WORDS);
}

function overtaken(place, theirs) {
  stale = true;
  place.querySelector("[data-keep-mine]").addEventListener("click", () => {
    form.elements.version.value = theirs;
    stale = false;
    changed = true;
    running = running.then(save);
  });
}

// Each problem at its field; a field that is not there has it in the foot of the page only.
function show(problems) {
  for (const one of sheet.querySelectorAll(".problem")) one.remove();
  for (const one of problems) {
    const field = document.getElementById(`f-${one.dataset.for}`);
    const fit = field?.closest("[data-fit]");
    if (fit) {
      fit.hidden = false;
      if (one.dataset.fix === "render") for (const part of fit.querySelectorAll("[data-mends], [data-mend]")) part.hidden = false;
    }
    const place = fit || field?.closest(".field") || (field?.matches("fieldset") ? field : null);
    if (!place) continue;
    const line = document.createElement("p");
    line.className = one.dataset.warning === "yes" ? "problem warned" : "problem";
    line.textContent = one.textContent;
    place.append(line);
  }
  for (const tab of sheet.querySelectorAll("[role=tab]")) {
    const found = document.getElementById(tab.hash.slice(1))?.querySelectorAll(".problem").length || 0;
    let badge = tab.querySelector(".count");
    if (!badge && found) tab.append((badge = document.createElement("span")));
    if (badge) badge.className = "count bad";
    if (badge) found ? (badge.textContent = String(found)) : badge.remove();
  }
}

// Words that are not on the server yet, because the file is still on its way: captions only, never a choice.
const WORDS = "playout-words";

function keepWords() {
  if (form.dataset.new !== "yes") return;
  sessionStorage.setItem(WORDS, JSON.stringify({ caption: form.elements.caption.value, title: form.elements.title.value }));
}

function bringWords() {
  if (form.dataset.new !== "yes") return;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (document.body.dataset.zoneCookie && zone) form.elements.timezone.value = zone; // nobody told the server yet
  if (form.elements.caption.value) return;
  const kept = JSON.parse(sessionStorage.getItem(WORDS) || "{}");
  if (kept.caption) form.elements.caption.value = kept.caption;
  if (kept.title) form.elements.title.value = kept.title;
}

// ── all together ─────────────────────────────────────────────────────────────────────────────────

form.addEventListener("input", () => {
  count();
  later();
});
form.addEventListener("change", (event) => {
  applyTikTok(form);
  later();
  if (event.target.name === "channel") running = running.then(redraw);
});
sheet.addEventListener("tab", () => drawPreview(sheet, form));
form.addEventListener("submit", (event) => {
  if (event.submitter?.getAttribute("aria-disabled") === "true") {
    event.preventDefault();
    announce(event.submitter.title);
    return;
  }
  clearTimeout(timer);
  changed = false;
  sessionStorage.removeItem(WORDS); // what is refused comes back in the form
  if (!busy) return;
  event.preventDefault(); // a draft is being saved: its version belongs to what is sent now
  const pressed = event.submitter;
  running.then(() => form.requestSubmit(pressed));
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form.contains(event.target)) {
    event.preventDefault();
    form.requestSubmit(form.querySelector("[data-main]") || form.querySelector("[data-sends]"));
  }
});
beginUploads(page, token, {
  async came(videoId) {
    form.elements.video_id.value = videoId;
    play(`/clips/${videoId}`);
    await running;
    changed = true;
    running = running.then(save);
  },
  shown: play,
});
bringWords();
arrange();
