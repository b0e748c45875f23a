// What makes the question pages nicer than plain forms: copying, the "/" key, and a sign of life while asking.
"use strict";
{
  const copyText = async (text) => {
    if (window.isSecureContext && navigator.clipboard) return navigator.clipboard.writeText(text);
    // Inside a company the page often comes over plain HTTP, where the clipboard object does not exist.
    const area = document.createElement("textarea");
    area.value = text;
    area.setAttribute("readonly", "");
    area.className = "off-screen";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    if (!copied) throw new Error("copying was refused");
    return undefined;
  };

  const say = (button, text) => {
    const label = button.querySelector("[data-label]");
    button.dataset.rest ??= label.textContent;
    label.textContent = text;
    button.classList.add("done");
    clearTimeout(Number(button.dataset.timer));
    button.dataset.timer = setTimeout(() => {
      label.textContent = button.dataset.rest;
      button.classList.remove("done");
    }, 1600);
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) {
      try {
        await copyText(button.dataset.copy);
        say(button, button.dataset.copied);
      } catch {
        say(button, button.dataset.failed);
      }
      return;
    }
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
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
}
