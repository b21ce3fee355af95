// Themes change at once, a language when it is chosen; both are forms that work without this. And the zone of this
// browser is told to the server, in a cookie, until somebody chooses one.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-theme-form]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  document.documentElement.dataset.theme = event.submitter.value;
  for (const button of document.querySelectorAll("[data-theme-form] button")) {
    button.setAttribute("aria-pressed", String(button.value === event.submitter.value));
  }
  fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, event.submitter)), redirect: "manual" });
});

for (const form of document.querySelectorAll("[data-sends-itself]")) {
  form.querySelector("button").hidden = true;
  form.addEventListener("change", () => form.requestSubmit());
}

const cookie = document.body.dataset.zoneCookie;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (cookie && zone) {
  const secure = location.protocol === "https:" || cookie.startsWith("__Host-") ? "; Secure" : "";
  document.cookie = `${cookie}=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}
