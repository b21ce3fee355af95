// [data-tabs]: links to panels of the same page become a tab list; arrow keys walk it. Without this all panels show.
export function enhance(list) {
  const tabs = [...list.querySelectorAll(".tab")];
  const panels = tabs.map((tab) => document.getElementById(tab.hash.slice(1)));
  list.setAttribute("role", "tablist");
  tabs.forEach((tab, index) => {
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panels[index].id);
    panels[index].setAttribute("role", "tabpanel");
    panels[index].setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      show(index);
    });
    tab.addEventListener("keydown", (event) => {
      const forward = getComputedStyle(list).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
      const backward = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
      const to = { [forward]: index + 1, [backward]: index - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      show((to + tabs.length) % tabs.length, true);
    });
  });
  function show(chosen, focus = false) {
    tabs.forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(index === chosen));
      tab.tabIndex = index === chosen ? 0 : -1;
      panels[index].hidden = index !== chosen;
    });
    if (focus) tabs[chosen].focus();
    list.dispatchEvent(new CustomEvent("tab", { bubbles: true, detail: { panel: panels[chosen] } }));
  }
  const named = tabs.findIndex((tab) => tab.hash === location.hash);
  show(Math.max(0, named));
}

for (const list of document.querySelectorAll("[data-tabs]")) enhance(list);
