// Progress bars that follow an import.
"use strict";

const POLL_MS = 1000;

async function follow(element) {
  const bar = element.querySelector("[data-bar]");
  const text = element.querySelector("[data-text]");
  const percent = element.querySelector("[data-percent]");
  try {
    const response = await fetch(element.dataset.importProgress, { headers: { Accept: "application/json" } });
    if (response.redirected || response.status === 403 || response.status === 404) return;
    const state = await response.json();
    if (!state.moving) {
      location.reload();
      return;
    }
    bar.style.width = `${state.percent}%`;
    bar.parentElement.setAttribute("aria-valuenow", state.percent);
    text.textContent = state.text;
    percent.textContent = `${state.percent} %`;
  } catch {
    // The server is away for a moment: ask again.
  }
  setTimeout(follow, POLL_MS, element);
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-import-progress]").forEach((element) => setTimeout(follow, POLL_MS, element));
  const upload = document.querySelector("form[data-upload]");
  upload?.addEventListener("submit", () => {
    upload.querySelector("[data-wait]").hidden = false;
    upload.querySelectorAll("button").forEach((button) => (button.disabled = true));
  });
});
