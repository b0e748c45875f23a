// Runs before the page is painted, so that a chosen theme does not flash. "auto" means: as the system says.
"use strict";
{
  const KEY = "theme";
  const ORDER = ["auto", "light", "dark"];
  const root = document.documentElement;

  const read = () => {
    try {
      return ORDER.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : "auto";
    } catch {
      return "auto"; // storage switched off
    }
  };

  const show = (theme) => {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
    }
  };

  show(read());
  document.addEventListener("DOMContentLoaded", () => show(read()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    try {
      localStorage.setItem(KEY, button.dataset.themeChoice);
    } catch {
      // the choice then lasts for this page
    }
    show(button.dataset.themeChoice);
  });
}
