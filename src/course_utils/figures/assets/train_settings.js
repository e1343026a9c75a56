// The settings of the page that trains: from its controls, to them, and as a link.
"use strict";
(function () {
  const TYPED = "typed";
  const NAMES = ["task", "length", "units", "rate", "clip", "optimiser", "seed", "text",
    "cell_a", "keep_a", "input_a", "cell_b", "keep_b", "input_b"];

  // spec(side): the facts of a side's cell; check(): read what is typed anew
  unrolled.trainSettings = function (root, data, { spec, check }) {
    const tasks = unrolled.use("tasks");
    const box = (name) => root.querySelector(`[name="${name}"]`), value = (name) => box(name).value;

    function settings() {
      const number = (name) => (value(name) === "" || box(name).disabled ? null : Number(value(name)));
      return {
        task: value("task"), length: number("length"), units: number("units"), rate: number("rate"), clip: number("clip"),
        optimiser: value("optimiser"), seed: Math.round(number("seed") || 0), text: value("text"), batch: data.batch, every: data.every,
        starts: ["a", "b"].map((side) => ({ retention: number(`keep_${side}`), input: number(`input_${side}`) })),
      };
    }

    function put(given) {
      for (const [name, v] of Object.entries(given)) {
        if (!NAMES.includes(name)) continue;
        if (name === "task" && v in tasks.all) { box(name).value = v; fit(); continue; }
        const control = box(name);
        if (control.tagName !== "SELECT" || [...control.options].some((o) => o.value === String(v))) control.value = v == null ? "" : v;
      }
      tell();
    }

    function fit() {                                    // the slider of the task that was chosen
      const task = tasks.all[value("task")], control = box("length"), label = control.closest("label");
      label.hidden = !task.length;
      box("text").closest("label").hidden = value("task") !== "text";
      root.querySelector(".u-train-about").textContent = task.about;
      if (!task.length) return;
      const [words, low, high, usual] = task.length;
      label.querySelector(".u-label span").textContent = words;
      control.min = low; control.max = high;
      if (control.dataset.task !== value("task")) { control.value = usual; control.dataset.task = value("task"); }
    }

    // A start that the cell has no bias for cannot be chosen.
    function able() {
      for (const side of ["a", "b"]) {
        const facts = spec(side), symbols = facts ? facts.params.flatMap((p) => p.symbols) : [];
        box(`keep_${side}`).disabled = !facts || !(facts.own || facts.retention.length || Object.keys(facts.keeps || {}).length);
        box(`input_${side}`).disabled = !symbols.some((s) => s === "b_xi" || s === "b_i");
      }
    }

    function tell() {                                   // the values of sliders, for eye and ear
      able();
      box("unit").max = value("units");
      for (const name of ["length", "units", "unit"]) {
        const control = box(name);
        control.closest("label").querySelector("output").textContent = control.value;
        control.setAttribute("aria-valuetext", control.value);
      }
    }

    function link() {
      const words = new URLSearchParams();
      for (const name of NAMES) if (value(name) !== "" && (name !== "text" || value("task") === "text")) words.set(name, value(name));
      if (value("cell_a") === TYPED || value("cell_b") === TYPED) words.set("equations", value("equations"));
      return `${location.href.split("#")[0]}#train?${words}`;
    }

    function fromLink() {
      if (!location.hash.startsWith("#train?")) return false;
      const words = Object.fromEntries(new URLSearchParams(location.hash.slice(7)));
      for (const name of NAMES) if (!(name in words) && /^(keep|input|clip)/.test(name)) words[name] = "";
      if (words.equations) { box("equations").value = words.equations; check(); }
      put(words);
      return true;
    }

    return { settings, put, fit, tell, link, fromLink };
  };
  unrolled.trainSettings.NAMES = NAMES;
})();
