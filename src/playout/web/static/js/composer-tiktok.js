// TikTok's form, at once: what the server would say too when the form comes back to it. Nothing is ever chosen here.
export function watch(panel) {
  panel.addEventListener("change", () => apply(panel.closest("form")));
}

export function apply(form) {
  let incomplete = false;
  let branded = false;
  for (const panel of form.querySelectorAll("[data-tiktok]")) {
    const state = drawn(panel);
    incomplete ||= state.incomplete;
    branded ||= state.third;
  }
  for (const line of form.querySelectorAll(".foot [data-agreement]")) line.hidden = (line.dataset.agreement === "branded") !== branded;
  const told = form.querySelector("[data-stopped]");
  if (told) told.hidden = !incomplete;
  for (const button of form.querySelectorAll("[data-sends]")) {
    if (incomplete) {
      button.setAttribute("aria-disabled", "true");
      button.setAttribute("aria-describedby", "stopped");
      button.title = told.textContent;
    } else {
      button.removeAttribute("aria-disabled");
      button.removeAttribute("aria-describedby");
      button.removeAttribute("title");
    }
  }
}

function drawn(panel) {
  const disclosed = panel.querySelector("[data-disclosed]").checked;
  const brand = panel.querySelector("[data-brand=third]");
  const own = disclosed && panel.querySelector("[data-brand=own]").checked;
  const third = disclosed && brand.checked;
  const privacy = panel.querySelector("[data-privacy]");
  for (const option of privacy.querySelectorAll("[data-not-branded]")) {
    option.disabled = third;
    option.title = third ? privacy.dataset.title : "";
  }
  privacy.title = third ? privacy.dataset.title : "";
  panel.querySelector("[data-branded-private]").hidden = !third;
  const barred = !third && privacy.selectedOptions[0]?.hasAttribute("data-not-branded");
  brand.disabled = Boolean(barred);
  panel.querySelector("[data-brand-barred]").hidden = !barred;
  const why = panel.querySelector("[data-brand-why]");
  why.title = barred ? why.dataset.title : "";
  const incomplete = disclosed && !own && !third;
  panel.querySelector("[data-incomplete]").hidden = !incomplete;
  panel.querySelector("[data-label=third]").hidden = !third;
  panel.querySelector("[data-label=own]").hidden = !own || third;
  for (const line of panel.querySelectorAll("[data-agreement]")) line.hidden = (line.dataset.agreement === "branded") !== third;
  return { incomplete, third };
}
