// The page that trains: what a reader does goes to the worker, what it reports is drawn.
"use strict";
(function () {
  const TYPED = "typed", SAY_MS = 4000, MOST = 3000;
  const $ = (root, name) => root.querySelector(`[name="${name}"]`);
  const percent = (share) => `${Math.round(100 * share)} %`;

  function start(root) {
    const data = unrolled.data(root), tasks = unrolled.use("tasks"), charts = unrolled.trainCharts;
    const say = root.querySelector(".u-say"), svgs = (name) => root.querySelector(`[data-chart="${name}"]`);
    let worker;
    try { worker = unrolled.worker(); } catch { return; }      // the recorded picture stays
    const box = (name) => $(root, name), value = (name) => box(name).value;
    let serial = 0, running = false, said = 0, preset = null, history = null, waiting = false, typed = null;

    const { settings, put, fit, tell, link, fromLink } = unrolled.trainSettings(root, data, { spec, check });

    // -- what is trained ---------------------------------------------------------------------------
    function spec(side) {
      const key = value(`cell_${side}`);
      return key === TYPED ? typed : data.cells[key];
    }
    const title = (side) => (value(`cell_${side}`) === TYPED ? "your cell" : data.cells[value(`cell_${side}`)].title);
    function css(k) {                                   // one colour per model, as on every page
      const key = value(`cell_${"ab"[k]}`), same = value("cell_a") === value("cell_b");
      return `u-train-${key}${k && same ? " is-second" : ""}`;
    }

    function begin() {
      ["a", "b"].forEach((side, k) => { root.querySelector(`[data-ink="${side}"]`).className = css(k); });
      running = false;
      serial += 1;
      history = { done: 0, each: 1, rows: [], rates: [], lags: [[], []], looks: null, recorded: preset && data.presets[preset].of ? data.presets[preset] : null };
      if (["a", "b"].some((side) => !spec(side))) {
        buttons(false);
        return tellOnce("Your cell has a mistake; mend it below, or choose another.");
      }
      try {
        const now = settings();
        tasks.all[now.task].sample(unrolled.use("random")(1, "try"), 1, now);      // a text that is too short says so here
        worker.postMessage({ kind: "begin", serial, settings: now, specs: ["a", "b"].map(spec) });
        buttons(true);
      } catch (error) { buttons(false); tellOnce(error.message); }
    }

    function buttons(able) {
      for (const name of ["run", "once"]) $(root, name).disabled = !able;
      $(root, "run").textContent = running ? "Pause" : history && history.done ? "Train on" : "Train";
    }

    function tellOnce(words) { say.textContent = words; said = Date.now(); }

    function updates(count) { return `${count} update${count === 1 ? "" : "s"}`; }

    function status() {
      const { rows, rates } = history, last = rows.length ? rows[rows.length - 1] : null, rate = rates.length ? rates[rates.length - 1] : null;
      ["a", "b"].forEach((side, k) => {
        root.querySelector(`[data-status="${side}"]`).textContent = `${title(side)}: ` +
          (last ? `loss ${unrolled.number(last[k + 1][0], 3)}, ` : "") + (rate ? `right ${percent(rate[k + 1])}` : "");
      });
      return `After ${updates(history.done)}: ` + ["a", "b"].map((side, k) => `${title(side)} right in ${rate ? percent(rate[k + 1]) : "?"}`).join(", ") + ".";
    }

    // -- drawing -----------------------------------------------------------------------------------
    function draw() {
      waiting = false;
      const { rows, rates, lags, recorded } = history, right = Math.max(history.done, recorded ? recorded.updates : 0, 50);
      const of = (k, j) => rows.map((row) => [row[0], row[k + 1][j]]);
      charts.curves(svgs("loss"), { title: "loss", scale: "log", right, across: "updates", series: [0, 1].map((k) => ({ css: css(k), points: of(k, 0) })) });
      const behind = recorded ? recorded.rates.flatMap((runs, k) => runs.map((run) => ({ css: css(k), faint: true, points: run.map((v, n) => [n * recorded.every, v]) }))) : [];
      charts.curves(svgs("rate"), { title: recorded ? "right answers; faint: recorded seeds" : "right answers", scale: [0, 1], percent: true, right, across: "updates",
        series: [...behind, ...[0, 1].map((k) => ({ css: css(k), points: rates.map((r) => [r[0], r[k + 1]]) }))] });
      const longest = Math.max(2, ...lags.map((l) => l.length)) - 1;
      charts.curves(svgs("lag"), { title: "gradient of the last answer, by lag", scale: "log", right: longest, across: "steps back", series: [0, 1].map((k) => ({ css: css(k), points: lags[k].map((v, n) => [n, v]) })) });
      charts.curves(svgs("norm"), { title: "norm of the gradient; dotted: clipped", scale: "log", right, across: "updates",
        series: [0, 1].flatMap((k) => [{ css: css(k), points: of(k, 1) }, { css: css(k) + " is-clipped", points: of(k, 2) }]) });
      status();
      looks();
      described();
    }
    function described() {                              // the charts in words
      const { rows, lags } = history, last = rows[rows.length - 1], number = unrolled.trainCharts.power;
      const both = (tell) => ["a", "b"].map((side, k) => `${title(side)} ${tell(k)}`).join(", ");
      if (last) {
        svgs("loss").setAttribute("aria-label", `Loss after ${updates(last[0])}: ${both((k) => unrolled.number(last[k + 1][0], 3))}`);
        svgs("norm").setAttribute("aria-label", `Norm of the gradient at update ${last[0]}, before and after clipping: ${both((k) => `${unrolled.number(last[k + 1][1], 3)} and ${unrolled.number(last[k + 1][2], 3)}`)}`);
      }
      svgs("rate").setAttribute("aria-label", status());
      if (lags.every((l) => l.length)) svgs("lag").setAttribute("aria-label", `Norm of the gradient of the last answer: ${both((k) => `${number(lags[k][0])} at lag 0, ${number(lags[k][lags[k].length - 1])} at lag ${lags[k].length - 1}`)}`);
    }
    function redraw() { if (!waiting) { waiting = true; requestAnimationFrame(draw); } }

    function looks() {
      if (!history.looks) return;
      const { task: name, units } = settings(), task = tasks.all[name], text = value("sequence"), unit = Math.min(units, Number(value("unit"))) - 1;
      let batch;
      try { batch = task.read(text, settings()); } catch { return; }
      const letters = task.number ? text.trim().split(/\s+/) : [...(task.letters ? task.letters(text) : text)].slice(0, batch.T);
      history.looks.forEach((found, k) => {
        const answers = found.asked.map((t, p) => {
          const row = Array.from(found.scores.subarray(p * batch.N, (p + 1) * batch.N));
          if (task.number) return { t, text: unrolled.number(row[0]), right: Math.abs(row[0] - batch.target[p]) < task.tolerance };
          const best = row.indexOf(Math.max(...row));
          return { t, text: task.answer(best, settings()), right: batch.allowed[p * batch.N + best] === 1 };
        });
        const svg = svgs(`look_${"ab"[k]}`);
        charts.look(svg, { ...found, letters, answers }, unit, units);
        const last = answers[answers.length - 1];
        svg.setAttribute("aria-label", `${title("ab"[k])}, unit ${unit + 1}, reads ${text}; it says ${last.text} at the end, which is ${last.right ? "right" : "wrong"}`);
        root.querySelector(`[data-name="look_${"ab"[k]}"]`).textContent = title("ab"[k]);
      });
    }

    // -- the worker's reports ----------------------------------------------------------------------
    const hears = {
      begun({ sequence, sizes }) {
        const box_ = box("sequence");
        if (box_.dataset.for !== value("task") + value("length") + value("text")) box_.value = sequence;
        box_.dataset.for = value("task") + value("length") + value("text");
        worker.postMessage({ kind: "look", text: box_.value });
        tellOnce(`Ready: ${title("a")} with ${sizes[0]} numbers, ${title("b")} with ${sizes[1]}.`);
      },
      report({ rows, rates, lags, looks: found, done }) {
        rows.forEach((row, n) => { if ((done - rows.length + n + 1) % history.each === 0) history.rows.push([done - rows.length + n + 1, ...row]); });
        history.rates.push(...rates);
        history.done = done;
        if (history.rows.length > MOST) {                   // however long it trains, the page holds no more
          history.each *= 2;
          history.rows = history.rows.filter(([at]) => at % history.each === 0);
        }
        if (history.rates.length > MOST) history.rates = history.rates.filter((_, n) => n % 2 === 0);
        if (lags) history.lags = lags;
        if (found) history.looks = found;
        redraw();
        if (running ? Date.now() - said > SAY_MS : rows.length) tellOnce(status());   // one update is told too
      },
      stopped() {
        running = false;
        buttons(true);
        const broken = history.rows.length && !history.rows[history.rows.length - 1].slice(1).every(([loss]) => isFinite(loss));
        tellOnce(broken ? "The loss is no number any more: the steps were too large." : status());
      },
      looked({ looks: found }) { history.looks = found; box("sequence").setCustomValidity(""); unread(""); looks(); },
      unread({ message }) { unread(message); },
      failed({ message }) { running = false; buttons(false); tellOnce(message); },
    };
    function unread(message) {
      root.querySelector(".u-train-unread").textContent = message;
      box("sequence").setAttribute("aria-invalid", String(!!message));
    }
    worker.onmessage = ({ data: message }) => { if (message.serial === serial || message.serial == null) hears[message.kind](message); };
    worker.onerror = (error) => tellOnce(`The worker stopped: ${error.message}`);

    // -- the reader --------------------------------------------------------------------------------
    root.querySelectorAll("[data-preset]").forEach((button) => button.addEventListener("click", () => {
      preset = button.dataset.preset;
      put(data.presets[preset].settings);
      pressed();
      code();
      begin();
      root.querySelector(".u-train-finding").textContent = data.presets[preset].finding;
    }));
    function pressed() { root.querySelectorAll("[data-preset]").forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.preset === preset))); }

    root.addEventListener("input", (event) => {
      const { name } = event.target;
      tell();
      if (name === "unit") return looks();
      if (name === "language") return code();
      if (name === "fill") {
        if (!event.target.value) return;
        box("equations").value = data.cells[event.target.value].lines.join("\n");
        check();
        if (value("cell_a") !== TYPED && value("cell_b") !== TYPED) return;
        return begin();
      }
      if (name === "sequence") return worker.postMessage({ kind: "look", text: event.target.value });
      if (name === "equations") { check(); if (value("cell_a") !== TYPED && value("cell_b") !== TYPED) return; }
      if (!unrolled.trainSettings.NAMES.includes(name) && name !== "equations") return;
      if (name === "task") fit();
      if (/^cell/.test(name)) code();
      if (name === "seed" ? false : preset) { preset = null; pressed(); root.querySelector(".u-train-finding").textContent = ""; }
      tell();
      begin();
    });
    root.addEventListener("click", (event) => {
      const { name } = event.target;
      if (name === "run") {
        running = !running;
        worker.postMessage(running ? { kind: "run", updates: data.updates } : { kind: "pause" });
        buttons(true);
        tellOnce(running ? "Training." : status());
      } else if (name === "copy") {
        const text = root.querySelector(".u-train-code").textContent, told = root.querySelector(".u-train-copied");
        if (!navigator.clipboard) told.textContent = "This browser copies nothing for a page; mark the text and copy it.";
        else navigator.clipboard.writeText(text).then(() => { told.textContent = "Copied."; }, () => { told.textContent = "The browser refused; mark the text and copy it."; });
      } else if (name === "once") { running = false; worker.postMessage({ kind: "step" }); buttons(true); } else if (name === "again") begin();
      else if (name === "link") {
        const address = link();
        window.history.replaceState(null, "", address);
        if (navigator.clipboard) navigator.clipboard.writeText(address).catch(() => {});
        tellOnce("The address of this page now holds this setting; it was copied.");
      }
    });

    function check() { typed = unrolled.typedCell(root); code(); }

    function code() {
      const which = value("language"), pre = root.querySelector(".u-train-code"), facts = which === "a" || which === "b" ? spec(which) : typed;
      root.querySelector(".u-train-copied").textContent = "";
      pre.textContent = !facts ? "Your cell has a mistake." : !facts.key && which.length === 1 ? "Your cell is run by an interpreter of its trees, not as code; it never becomes any here." : unrolled.cellText(facts, which);
    }

    unrolled.reveal(root);
    root.querySelector(".u-train-recorded").hidden = true;
    check();
    fit();
    if (!fromLink()) { preset = Object.keys(data.presets)[0]; put(data.presets[preset].settings); root.querySelector(".u-train-finding").textContent = data.presets[preset].finding; }
    pressed();
    fit();
    tell();
    begin();
    buttons(true);
    window.addEventListener("hashchange", () => { if (fromLink()) begin(); });
  }

  unrolled.each(".u-train", start);
})();
