// Who may add, change or delete something may see it: the box "see" of a row follows the others.
"use strict";

document.addEventListener("change", (event) => {
  const box = event.target;
  if (!box.matches?.("[data-rights] input[data-verb]")) return;
  const row = box.closest("tr");
  const see = row.querySelector("[data-verb=view]");
  if (!see || see.disabled) return;
  const others = [...row.querySelectorAll("input[data-verb]")].filter((one) => one !== see);
  if (box === see && !see.checked) others.filter((one) => !one.disabled).forEach((one) => { one.checked = false; });
  if (others.some((one) => one.checked)) see.checked = true;
});
