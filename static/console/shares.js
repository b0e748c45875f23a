// Lengths that come from data: <i data-width="42"> is 42 % wide. Pages carry no inline style, so a script sets it.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const element of document.querySelectorAll("[data-width]")) element.style.width = `${element.dataset.width}%`;
  for (const element of document.querySelectorAll("[data-height]")) element.style.height = `${element.dataset.height}%`;
});
