// One LSTM unit whose pre-activations the reader sets.  `unrolled.lstmStep` is the whole computation.
(function () {
  "use strict";
  if (unrolled.lstmStep) return;
  var GATES = ["f", "i", "g", "o"], MEANING = { f: "forget", i: "input", g: "candidate", o: "output" };
  var LEFT = 52, RIGHT = 40, WIDTH = 640, PLOT = { top: 14, height: 150 }, ROW = { top: 190, height: 38 };

  function sigmoid(a) { return 0.5 * (1 + Math.tanh(0.5 * a)); }

  // pre-activations {f, i, g, o} and the old cell state -> {f, i, g, o, c, h}
  unrolled.lstmStep = function (a, c_prev) {
    var f = sigmoid(a.f), i = sigmoid(a.i), g = Math.tanh(a.g), o = sigmoid(a.o);
    var c = f * c_prev + i * g;
    return { f: f, i: i, g: g, o: o, c: c, h: o * Math.tanh(c) };
  };

  unrolled.lstmRun = function (score) {
    var c = 0;
    return score.f.map(function (_, t) {
      var step = unrolled.lstmStep({ f: score.f[t], i: score.i[t], g: score.g[t], o: score.o[t] }, c);
      c = step.c;
      return step;
    });
  };

  // charts.py draws the same for pages without script
  function draw(svg, run, now) {
    var add = unrolled.element, column = (WIDTH - LEFT - RIGHT) / run.length;
    var reach = Math.max(1, Math.ceil(Math.max.apply(null, run.map(function (s) { return Math.abs(s.c); }))));
    function x(t) { return LEFT + column * (t + 0.5); }
    function y(v) { return PLOT.top + PLOT.height * (0.5 - 0.5 * v / reach); }
    svg.replaceChildren();
    add(svg, "rect", { class: "u-now", x: LEFT + column * now, y: 4, width: column, height: 338, rx: 8 });
    [reach, 0, -reach].forEach(function (v) {
      add(svg, "path", { class: "u-rule", d: "M" + LEFT + " " + y(v) + "L" + (WIDTH - RIGHT) + " " + y(v) });
      add(svg, "text", { class: "u-tick", x: LEFT - 10, y: y(v), dy: ".33em", "text-anchor": "end" }, unrolled.number(v, 0));
    });
    [["c", "u-cell"], ["h", "u-hidden"]].forEach(function (line) {
      var group = add(svg, "g", { class: "u-trace " + line[1] });
      add(group, "path", { d: "M" + run.map(function (s, t) { return x(t) + " " + y(s[line[0]]); }).join("L") });
      run.forEach(function (s, t) { add(group, "circle", { cx: x(t), cy: y(s[line[0]]), r: t === now ? 6 : 3.5 }); });
    });
    var end = run[run.length - 1], gap = y(end.h) - y(end.c), push = Math.abs(gap) < 22 ? (22 - Math.abs(gap)) / 2 * (gap < 0 ? -1 : 1) : 0;
    [["c", "u-cell", -push], ["h", "u-hidden", push]].forEach(function (line) {
      add(svg, "text", { class: "u-name " + line[1], x: WIDTH - RIGHT + 6, y: y(end[line[0]]) + line[2], dy: ".3em" }, line[0]);
    });
    GATES.forEach(function (gate, k) {
      var base = ROW.top + ROW.height * k, inner = ROW.height - 8, group = add(svg, "g", { class: "u-bars u-" + MEANING[gate] });
      add(group, "text", { class: "u-name", x: LEFT - 12, y: base + inner / 2, dy: ".3em", "text-anchor": "end" }, gate);
      run.forEach(function (s, t) {
        var zero = gate === "g" ? base + inner / 2 : base + inner, size = s[gate] * (gate === "g" ? inner / 2 : inner);
        add(group, "rect", { class: "u-cup", x: x(t) - column / 2 + 4, y: base, width: column - 8, height: inner, rx: 4 });
        add(group, "rect", { class: "u-fill", x: x(t) - column / 2 + 4, y: Math.min(zero, zero - size), width: column - 8, height: Math.max(1.5, Math.abs(size)), rx: 2 });
      });
    });
    run.forEach(function (_, t) {
      if (t === 0 || (t + 1) % 4 === 0) add(svg, "text", { class: "u-tick", x: x(t), y: 366, "text-anchor": "middle" }, String(t + 1));
    });
    add(svg, "text", { class: "u-name", x: WIDTH - RIGHT + 6, y: 364 }, "t");
  }

  function start(root) {
    var presets = unrolled.data(root);
    var svg = root.querySelector("svg"), say = root.querySelector(".u-say"), body = root.querySelector("tbody");
    var buttons = Array.from(root.querySelectorAll(".u-presets button")), all = root.querySelector("[name=all]");
    var time = root.querySelector("[name=t]"), score;

    function input(gate) { return root.querySelector("[name=" + gate + "]"); }
    function write(field, text) { field.closest("label").querySelector("output").textContent = text; field.setAttribute("aria-valuetext", text); }

    function show() {
      var t = Number(time.value) - 1, run = unrolled.lstmRun(score), s = run[t], n = unrolled.number;
      draw(svg, run, t);
      write(time, "t = " + (t + 1));
      GATES.forEach(function (gate) {
        input(gate).value = score[gate][t];
        write(input(gate), (gate === "g" ? "tanh(" : "σ(") + n(score[gate][t], 1) + ") = " + n(s[gate]));
      });
      say.textContent = "Step " + (t + 1) + ": c = " + n(s.f) + " · " + n(t ? run[t - 1].c : 0) + " + " + n(s.i) + " · " + n(s.g) + " = " + n(s.c) +
        ",  h = " + n(s.h);
      body.querySelectorAll("tr").forEach(function (row, k) {
        row.querySelectorAll("td").forEach(function (cell, j) { cell.textContent = n(run[k][["f", "i", "g", "o", "c", "h"][j]]); });
      });
    }

    function load(name) {
      score = JSON.parse(JSON.stringify(presets[name]));
      buttons.forEach(function (b) { b.setAttribute("aria-pressed", String(b.textContent === name)); });
      show();
    }

    buttons.forEach(function (b) { b.addEventListener("click", function () { load(b.textContent); }); });
    time.addEventListener("input", show);
    GATES.forEach(function (gate) {
      input(gate).addEventListener("input", function () {
        var value = Number(input(gate).value);
        score[gate] = score[gate].map(function (old, t) { return all.checked || t === time.value - 1 ? value : old; });
        buttons.forEach(function (b) { b.setAttribute("aria-pressed", "false"); });
        show();
      });
    });
    svg.addEventListener("click", function (event) {      // a shortcut for the pointer; the time slider does the same
      var box = svg.getBoundingClientRect(), at = (event.clientX - box.left) / box.width * WIDTH;
      var t = Math.floor((at - LEFT) / (WIDTH - LEFT - RIGHT) * score.f.length);
      if (t >= 0 && t < score.f.length) { time.value = t + 1; show(); }
    });
    unrolled.reveal(root);
    load(buttons[0].textContent);
  }

  unrolled.each(".u-lstm", start);
})();
