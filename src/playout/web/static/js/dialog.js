// <button command="show-modal" commandfor="id"> opens a <dialog>: browsers that know invoker commands do it themselves.
if (!("command" in HTMLButtonElement.prototype)) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[commandfor]");
    const dialog = button && document.getElementById(button.getAttribute("commandfor"));
    if (dialog && button.getAttribute("command") === "show-modal") dialog.showModal();
    if (dialog && button.getAttribute("command") === "close") dialog.close();
  });
}
