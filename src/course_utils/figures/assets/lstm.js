// One LSTM unit that the reader plays.  `unrolled.lstmStep` and `unrolled.lstmRun` are the whole computation.
(function () {
  "use strict";
  if (unrolled.lstmStep) return;
  var GATES = ["f", "i", "g", "o"], MEANING = { f: "forget", i: "input", g: "candidate", o: "output" };
  var LEFT = 52, RIGHT = 40, WIDTH = 640, PLOT = { top: 14, height: 130 }, ROW = { top: 166, height: 31 };

  function sigmoid(a) { return 0.5 * (1 + Math.tanh(0.5 * a)); }

  // pre-activations {f, i, g, o} and the old cell state -> {f, i, g, o, kept, written, c, h}
  unrolled.lstmStep = function (a, c_prev) {
    var f = sigmoid(a.f), i = sigmoid(a.i), g = Math.tanh(a.g), o = sigmoid(a.o);
    var kept = f * c_prev, written = i * g, c = kept + written;
    return { f: f, i: i, g: g, o: o, kept: kept, written: written, c: c, h: o * Math.tanh(c) };
  };

  // A preset -> its steps.  Without weights every pre-activation is given; with them one that is null is computed.
  unrolled.lstmRun = function (unit) {
    var w = unit.weights, c = unit.c_0 || 0, h = unit.h_0 || 0;
    return unit.f.map(function (_, t) {
      var a = {}, x = w ? unit.x[t] : null;
      GATES.forEach(function (k) {
        var given = unit[k][t];
        a[k] = w && given === null ? w["W_x" + k] * x + w["W_h" + k] * h + w["b_" + k] : given;
      });
      var step = unrolled.lstmStep(a, c);
      step.x = x;
      step.c_prev = c;
      step.h_prev = h;
      GATES.forEach(function (k) { step["a_" + k] = a[k]; });
      c = step.c;
      h = step.h;
      return step;
    });
  };

  function isHeld(unit, gate, t) { return Boolean(unit.weights) && unit[gate][t] !== null; }

  // gauges.py draws the circuit; here its parts move
  function gauge(svg, step, full, t) {
    var n = unrolled.number;
    svg.querySelectorAll("[data-show]").forEach(function (plate) {
      var value = step[plate.dataset.show];
      if (value === null) plate.setAttribute("visibility", "hidden"); else plate.removeAttribute("visibility");
      plate.querySelector("text").textContent = value === null ? "" : n(value);
    });
    svg.querySelectorAll("[data-open]").forEach(function (arc) {
      arc.setAttribute("stroke-dasharray", step[arc.dataset.open].toFixed(4) + " 1");
    });
    svg.querySelectorAll("[data-level]").forEach(function (level) {
      var value = step[level.dataset.level];
      level.setAttribute("stroke-width", 12 * Math.min(1, Math.abs(value) / full));
      level.classList.toggle("is-negative", value < 0);
    });
    svg.setAttribute("aria-label", "The LSTM cell at step " + t + ": " +
      GATES.map(function (k) { return k + " = " + n(step[k]); }).join(", ") + "; of c = " + n(step.c_prev) + " it keeps " + n(step.kept) +
      " and writes " + n(step.written) + ", so c = " + n(step.c) + " and h = " + n(step.h));
  }

  // charts.py draws the same for pages without script
  function chart(svg, run, now, reach, unit) {
    var add = unrolled.element, column = (WIDTH - LEFT - RIGHT) / run.length, n = unrolled.number;
    var rows = run[0].x === null ? GATES : ["x"].concat(GATES), height = ROW.top + ROW.height * rows.length + 30, end = run[run.length - 1];
    function x(t) { return LEFT + column * (t + 0.5); }
    function y(v) { return PLOT.top + PLOT.height * (0.5 - 0.5 * v / reach); }
    svg.replaceChildren();
    svg.setAttribute("viewBox", "0 0 " + WIDTH + " " + height);
    svg.setAttribute("aria-label", "Cell state and hidden state over " + run.length + " steps, above a bar for each gate at each step; at the end c is " +
      n(end.c) + " and h is " + n(end.h));
    add(svg, "rect", { class: "u-now", x: LEFT + column * now, y: 4, width: column, height: height - 34, rx: 8 });
    [reach, 0, -reach].forEach(function (v) {
      add(svg, "path", { class: "u-rule", d: "M" + LEFT + " " + y(v) + "L" + (WIDTH - RIGHT) + " " + y(v) });
      add(svg, "text", { class: "u-tick", x: LEFT - 10, y: y(v), dy: ".33em", "text-anchor": "end" }, n(v, 0));
    });
    [["c", "u-cell"], ["h", "u-hidden"]].forEach(function (line) {
      var group = add(svg, "g", { class: "u-trace " + line[1] }), points = [LEFT + " " + y(run[0][line[0] + "_prev"])];
      run.forEach(function (s, t) { points.push(x(t) + " " + y(s[line[0]])); });
      add(group, "path", { d: "M" + points.join("L") });
      run.forEach(function (s, t) { add(group, "circle", { cx: x(t), cy: y(s[line[0]]), r: t === now ? 6 : 3.5 }); });
    });
    var gap = y(end.h) - y(end.c), push = Math.max(0, (28 - Math.abs(gap)) / 2) * (gap < 0 ? -1 : 1);
    [["c", "u-cell", -push], ["h", "u-hidden", push]].forEach(function (line) {
      add(svg, "text", { class: "u-name " + line[1], x: WIDTH - RIGHT + 6, y: y(end[line[0]]) + line[2], dy: ".3em" }, line[0]);
    });
    var most = Math.max.apply(null, [1].concat(run.map(function (s) { return Math.abs(s.x); })));
    rows.forEach(function (name, k) {
      var base = ROW.top + ROW.height * k, inner = ROW.height - 7, signed = name === "g" || name === "x";
      var zero = signed ? base + inner / 2 : base + inner, room = (signed ? inner / 2 : inner) / (name === "x" ? most : 1);
      var group = add(svg, "g", { class: "u-bars u-" + (MEANING[name] || name) });
      add(group, "text", { class: "u-name", x: LEFT - 12, y: base + inner / 2, dy: ".3em", "text-anchor": "end" }, name);
      run.forEach(function (s, t) {
        var size = s[name] * room, at = x(t) - column / 2 + 4;
        add(group, "rect", { class: name !== "x" && isHeld(unit, name, t) ? "u-cup u-held" : "u-cup", x: at, width: column - 8, y: base, height: inner, rx: 4 });
        add(group, "rect", { class: "u-fill", x: at, width: column - 8, y: Math.min(zero, zero - size), rx: 2, height: Math.max(1.5, Math.abs(size)) });
      });
    });
    run.forEach(function (_, t) {
      if (t === 0 || (t + 1) % 4 === 0) add(svg, "text", { class: "u-tick", x: x(t), y: height - 8, "text-anchor": "middle" }, String(t + 1));
    });
    add(svg, "text", { class: "u-name", x: WIDTH - RIGHT + 6, y: height - 8 }, "t");
  }

  function start(root) {
    var presets = unrolled.data(root), unit;
    var board = root.querySelector(".u-circuit"), plot = root.querySelector(".u-chart"), say = root.querySelector(".u-say");
    var body = root.querySelector("tbody"), buttons = Array.from(root.querySelectorAll(".u-presets button"));
    var all = input("all"), time = input("t"), free = root.querySelector(".u-free");
    var columns = Array.from(root.querySelectorAll("thead th")).length === 8 ? ["x"] : [];
    columns = columns.concat(GATES, ["c", "h"]);

    function input(name) { return root.querySelector("[name=" + name + "]"); }
    function write(field, text) { field.closest("label").querySelector("output").textContent = text; field.setAttribute("aria-valuetext", text); }

    function show() {
      var t = Number(time.value) - 1, run = unrolled.lstmRun(unit), s = run[t], n = unrolled.number;
      var full = Math.max(1, Math.ceil(Math.max.apply(null, [Math.abs(unit.c_0)].concat(run.map(function (s) { return Math.abs(s.c); })))));
      gauge(board, s, full, t + 1);
      chart(plot, run, t, full, unit);
      write(time, "t = " + (t + 1));
      GATES.forEach(function (gate) {
        input(gate).value = s["a_" + gate];
        write(input(gate), (gate === "g" ? "tanh(" : "σ(") + n(s["a_" + gate], 1) + ") = " + n(s[gate]) + (isHeld(unit, gate, t) ? ", held" : ""));
      });
      ["c_0", "h_0"].concat(unit.weights ? ["x"] : []).forEach(function (name) {
        if (!input(name)) return;
        input(name).value = name === "x" ? s.x : unit[name];
        write(input(name), n(name === "x" ? s.x : unit[name], 1));
      });
      if (free) free.setAttribute("aria-disabled", String(!GATES.some(function (k) { return unit[k].some(function (_, t) { return isHeld(unit, k, t); }); })));
      say.textContent = "Step " + (t + 1) + ": c = " + n(s.f) + " · " + n(s.c_prev) + " + " + n(s.i) + " · " + n(s.g) + " = " + n(s.c) +
        ",  h = " + n(s.o) + " · tanh(c) = " + n(s.h);
      body.querySelectorAll("tr").forEach(function (row, k) {
        row.querySelectorAll("td").forEach(function (cell, j) { var v = run[k][columns[j]]; cell.textContent = v === null ? "–" : n(v); });
      });
    }

    function load(name) {
      unit = JSON.parse(JSON.stringify(presets[name]));
      buttons.forEach(function (b) { b.setAttribute("aria-pressed", String(b.textContent === name)); });
      root.querySelectorAll(".u-read").forEach(function (part) { part.hidden = !unit.weights; });
      root.querySelectorAll(".u-weights").forEach(function (part) { part.hidden = part.dataset.preset !== name; });
      show();
    }

    function changed() {
      buttons.forEach(function (b) { b.setAttribute("aria-pressed", "false"); });
      show();
    }

    buttons.forEach(function (b) { b.addEventListener("click", function () { load(b.textContent); }); });
    time.addEventListener("input", show);
    GATES.concat(["x"]).filter(input).forEach(function (name) {
      input(name).addEventListener("input", function () {
        var value = Number(input(name).value), now = time.value - 1;
        unit[name] = unit[name].map(function (old, t) { return all.checked || t === now ? value : old; });
        changed();
      });
    });
    ["c_0", "h_0"].filter(input).forEach(function (name) {
      input(name).addEventListener("input", function () { unit[name] = Number(input(name).value); changed(); });
    });
    if (free) free.addEventListener("click", function () {
      if (free.getAttribute("aria-disabled") === "true") return;
      GATES.forEach(function (k) { unit[k] = unit[k].map(function () { return null; }); });
      show();
    });
    plot.addEventListener("click", function (event) {      // a shortcut for the pointer; the time slider does the same
      var box = plot.getBoundingClientRect(), at = (event.clientX - box.left) / box.width * WIDTH;
      var t = Math.floor((at - LEFT) / (WIDTH - LEFT - RIGHT) * unit.f.length);
      if (t >= 0 && t < unit.f.length) { time.value = t + 1; show(); }
    });
    unrolled.reveal(root);
    load(buttons[0].textContent);
  }

  unrolled.each(".u-lstm", start);
})();
