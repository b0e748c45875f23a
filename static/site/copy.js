// Buttons that copy: <button data-copy="what" data-copied="Copied" data-failed="…"><span data-label>Copy</span></button>.
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
    if (!button) return;
    try {
      await copyText(button.dataset.copy);
      say(button, button.dataset.copied);
    } catch {
      say(button, button.dataset.failed);
    }
  });

  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
}
