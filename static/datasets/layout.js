// The choice of columns: one column of the schema is one column of the file, and every change is judged at once.
"use strict";

const WAIT_MS = 200;

function showVerdicts(form, answer) {
  const problems = form.querySelector("[data-problems]");
  problems.hidden = answer.problems.length === 0;
  problems.textContent = answer.problems.join(" ");
  form.querySelectorAll("button[type=submit]").forEach((button) => (button.disabled = answer.problems.length > 0));
  for (const item of form.querySelectorAll("[data-verdict]")) {
    const verdict = answer.columns[item.dataset.verdict];
    if (!verdict) continue;
    item.classList.remove("good", "doubtful", "bad", "none");
    item.classList.add(verdict.mood);
    item.querySelector("[data-reason]").textContent = verdict.reason;
    item.querySelector("[data-text]").textContent = verdict.text;
  }
}

document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-layout]");
  if (!form) return;
  const selects = [...form.querySelectorAll("select[name^=column_]")];
  let asked = 0;
  let timer = 0;

  async function judge() {
    const number = ++asked;
    try {
      const response = await fetch(form.dataset.check, { method: "POST", body: new FormData(form) });
      if (response.ok && number === asked) showVerdicts(form, await response.json());
    } catch {
      // The server is away for a moment: it judges again when the form is sent.
    }
  }

  form.addEventListener("change", (event) => {
    if (event.target.tagName === "SELECT" && event.target.value) {
      for (const other of selects) if (other !== event.target && other.value === event.target.value) other.value = "";
    }
    for (const select of selects) select.classList.toggle("chosen", select.value !== "");
    const above = Number(form.elements.rows_above.value);
    for (const row of form.querySelectorAll("tr[data-at]")) row.classList.toggle("above", Number(row.dataset.at) < above);
    const draft = document.querySelector("[data-draft]");
    if (draft) draft.href = draft.href.replace(/above=\d*$/, `above=${above}`);
    clearTimeout(timer);
    timer = setTimeout(judge, WAIT_MS);
  });
});
