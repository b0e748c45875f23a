"use strict";
/* The order form: choosing a preset fills in the fields; changing a field makes the values one's own. */
(() => {
  const presets = JSON.parse(document.getElementById("presets").textContent);
  const chooser = document.getElementById("id_preset");
  if (!chooser) return;
  const byKey = new Map(presets.map((preset) => [preset.key, preset]));
  const help = document.createElement("p");
  help.className = "live-preset-help";
  chooser.parentElement.after(help); // beside the box that draws the chooser's arrow

  const inputsOf = (name) => [...document.querySelectorAll(`[name="${name}"]`)];

  function fill(values) {
    for (const [name, value] of Object.entries(values)) {
      for (const input of inputsOf(name)) {
        if (input.type === "checkbox") input.checked = value.includes(input.value);
        else input.value = value;
      }
    }
  }

  function explain() {
    help.textContent = byKey.get(chooser.value)?.help ?? "";
  }

  chooser.addEventListener("change", () => {
    const preset = byKey.get(chooser.value);
    if (preset) fill(preset.values);
    explain();
  });
  const names = new Set(presets.flatMap((preset) => Object.keys(preset.values)));
  document.addEventListener("input", (event) => {
    if (names.has(event.target.name)) {
      chooser.value = "";
      explain();
    }
  });
  explain();
})();
