// <button data-copies="#id"> puts the text of that element on the clipboard, and says so.
import { toast } from "./toast.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copies]");
  const source = button && document.querySelector(button.dataset.copies);
  if (!source) return;
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    toast(button.dataset.copied);
  } catch {
    getSelection().selectAllChildren(source); // no clipboard here (plain http): it is marked, to be copied by hand
  }
});
