// What makes the question pages nicer than plain forms: the "/" key, and a sign of life while asking.
"use strict";
{
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
    }
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const field = document.querySelector("[data-main-field]");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  for (const form of document.querySelectorAll("form[data-ask]")) {
    form.addEventListener("submit", () => form.classList.add("busy"));
  }
  // A page taken back from the browser's memory must not look busy for ever.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form.busy")) form.classList.remove("busy");
  });
}
