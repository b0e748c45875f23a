// The columns of a schema: add, remove, order; every change is judged at once.
"use strict";

const WAIT_MS = 250;

function number(form) {
  let position = 0;
  for (const column of form.querySelectorAll("[data-column]")) {
    if (column.hidden) continue;
    position += 1;
    column.querySelector("[data-number]").textContent = position;
    column.querySelector("[name$=-ORDER]").value = position;
  }
}

function field(column, name) {
  return column.querySelector(`[name$="-${name}"]`);
}

function showWhatIsNeeded(column) {
  const form = field(column, "form").value;
  for (const part of column.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== form;
  const needed = {
    form: form !== "any",
    check: field(column, "check").value !== "",
    required: field(column, "required").checked,
    unique: field(column, "unique").checked,
  };
  for (const part of column.querySelectorAll("[data-needs]")) part.hidden = !needed[part.dataset.needs];
}

function showJudgement(form, answer) {
  const problems = form.querySelector("[data-problems]");
  problems.hidden = answer.problems.length === 0;
  problems.textContent = answer.problems.join(" ");
  for (const column of form.querySelectorAll("[data-column]")) {
    const judged = answer.columns[column.dataset.column];
    if (!judged) continue;
    for (const part of column.querySelectorAll("[data-field]")) {
      const error = column.dataset.touched ? judged.errors[part.dataset.field] || "" : "";
      part.classList.toggle("wrong", error !== "");
      part.querySelector("[data-error]").textContent = error;
    }
    const tried = column.querySelector("[data-tried]");
    column.querySelector("[data-example]").textContent = judged.example || field(column, "tried").dataset.any;
    tried.textContent = judged.tried ? judged.tried.text : "";
    tried.className = judged.tried ? (judged.tried.fits ? "good" : "bad") : "";
  }
}

document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-schema]");
  if (!form) return;
  const list = form.querySelector("[data-columns]");
  const total = form.querySelector("[name$=TOTAL_FORMS]");
  let asked = 0;
  let timer = 0;

  async function judge() {
    const mine = ++asked;
    try {
      const response = await fetch(form.dataset.check, { method: "POST", body: new FormData(form) });
      if (response.ok && mine === asked) showJudgement(form, await response.json());
    } catch {
      // The server is away for a moment: it judges again when the form is sent.
    }
  }

  function changed() {
    number(form);
    clearTimeout(timer);
    timer = setTimeout(judge, WAIT_MS);
  }

  form.addEventListener("input", (event) => {
    const column = event.target.closest("[data-column]");
    if (!column) return;
    if (!event.target.name.endsWith("-tried")) column.dataset.touched = "yes";
    showWhatIsNeeded(column);
    changed();
  });

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[type=button]");
    const column = event.target.closest("[data-column]");
    if (!button) return;
    if (button.dataset.add !== undefined) {
      const html = form.querySelector("[data-blank]").innerHTML.replaceAll("__prefix__", total.value);
      list.insertAdjacentHTML("beforeend", html);
      total.value = Number(total.value) + 1;
      showWhatIsNeeded(list.lastElementChild);
      field(list.lastElementChild, "label").focus();
    } else if (button.dataset.remove !== undefined) {
      field(column, "DELETE").value = "on";
      column.hidden = true;
    } else {
      const shown = [...list.children].filter((item) => !item.hidden);
      const at = shown.indexOf(column);
      if (button.dataset.up !== undefined && at > 0) shown[at - 1].before(column);
      if (button.dataset.down !== undefined && at < shown.length - 1) shown[at + 1].after(column);
      button.focus();
    }
    changed();
  });

  list.querySelectorAll("[data-column]").forEach(showWhatIsNeeded);
  changed();
});
