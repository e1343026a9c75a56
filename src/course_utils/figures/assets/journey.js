// The picture of the gradient's journey, its words and its controls; journey_run.js computes.
(function () {
  "use strict";
  var WIDTH = 640, LEFT = 66, RIGHT = 16, FLAG = 24, CELL = 58, TALL = 60, BELT = 74, LAYERS = 104, TOP = 142, BOTTOM = 306;
  var HIGH = 2, LOW = -6, BARS = 372, BAR = 48, ZERO = 414, HALF = 24, MOST = 3, FOOT = 462, BAND = 14;
  var KEYS = ["rnn", "lstm", "gru"], GATE = { lstm: "f", gru: "z" }, ALONG = { lstm: "along the cell state", gru: "along the state" };

  // -- words --------------------------------------------------------------------------------------

  function amount(value) {
    if (value === 0) return "0";
    return value >= 0.01 && value < 0.0995 ? value.toFixed(3) : unrolled.power(Math.log10(value)).replace(/ /g, "\u00a0");
  }
  function reach(s) { return Math.floor((s.loss - 1) / s.chunk) * s.chunk + 1; }
  function says(s, found, at) {
    var back = s.loss - at, steps = back + " step" + (back > 1 ? "s" : ""), told, k = at - 1;
    if (back === 0 && at > reach(s)) return "The loss at step " + at + " pushes with strength 1; nothing has been sent back yet.";
    if (back === 0) told = "Step " + at + ": the loss pushes with strength 1.";
    else if (s.cell === "rnn") told = "Step " + at + ", " + steps + " back: " + amount(found.arrives[k]) + " arrives, all through the matrix.";
    else told = "Step " + at + ", " + steps + " back: " + amount(found.arrives[k]) + " arrives; " + ALONG[s.cell] + " " + amount(found.belt[k]) +
      ", through the gates " + amount(found.layers[k]) + ".";
    if (at > reach(s)) return told;
    if (at > 1) told += " Here it is cut.";
    return told + " dL/dW has length " + amount(found.length) + (found.clipped < found.length ? ", clipped to " + amount(found.clipped) + "." : ".");
  }

  // -- the picture: journey_chart.py draws the same for pages without script ------------------------

  function height(value) {
    return value <= Math.pow(10, LOW) ? null : TOP + (BOTTOM - TOP) * (HIGH - Math.min(HIGH, Math.log10(value))) / (HIGH - LOW);
  }

  function draw(svg, s, found, at) {
    var add = unrolled.element, T = found.arrives.length, column = (WIDTH - LEFT - RIGHT) / T, t, v;
    function x(t) { return LEFT + column * (t - 0.5); }
    svg.replaceChildren();
    add(svg, "rect", { class: "u-now", x: x(at) - column / 2, y: 44, width: column, height: FOOT - 60, rx: 6 });
    for (v = HIGH; v > LOW; v -= 2) {
      add(svg, "text", { class: "u-tick", x: LEFT - 8, y: height(Math.pow(10, v)), dy: ".33em", "text-anchor": "end" }, v === 2 ? "100" : v ? unrolled.power(v).replace("1.0 × ", "") : "1");
      add(svg, "path", { class: v ? "u-rule" : "u-rule u-one", d: "M" + LEFT + " " + height(Math.pow(10, v)) + "L" + (WIDTH - RIGHT) + " " + height(Math.pow(10, v)) });
    }
    for (t = s.chunk; t < T; t += s.chunk) add(svg, "path", { class: "u-theory u-neutral u-cut", d: "M" + (x(t) + column / 2) + " 44V" + BARS });
    var lanes = [["W", LAYERS]].concat(GATE[s.cell] ? [[GATE[s.cell], BELT]] : []);
    lanes.forEach(function (lane) { add(svg, "path", { class: "u-rule", d: "M" + LEFT + " " + lane[1] + "H" + (x(T) + column / 2) }); });
    lanes.concat([["dW", BARS - 16], ["x", ZERO]]).forEach(function (row) {
      add(svg, "text", { class: "u-name", x: LEFT - 12, y: row[1], dy: ".3em", "text-anchor": "end" }, row[0]);
    });
    for (t = 1; t <= T; t++) {
      if (t === 1 || t % (T <= 8 ? 1 : 4) === 0) add(svg, "text", { class: "u-tick", x: x(t), y: FOOT - 6, "text-anchor": "middle" }, String(t));
    }
    add(svg, "text", { class: "u-name", x: LEFT - 12, y: FOOT - 6, "text-anchor": "end" }, "t");
    add(svg, "path", { class: "u-rule u-one", d: "M" + LEFT + " " + BARS + "L" + (WIDTH - RIGHT) + " " + BARS });
    cells(svg, s, found, x, column);
    bands(svg, s, found, at, x, column);
    var flag = add(svg, "g", { class: "u-flag u-gradient" });
    add(flag, "path", { class: "u-line", d: "M" + x(s.loss) + " " + FLAG + "V" + CELL });
    add(flag, "circle", { cx: x(s.loss), cy: FLAG, r: 15 });
    add(flag, "text", { class: "u-glyph", x: x(s.loss), y: FLAG, dy: ".34em" }, "L");
    lines(svg, s, found, at, x);
    bars(svg, s, found, at, x, column);
    var inputs = add(svg, "g", { class: "u-bars u-x" });
    s.x.forEach(function (value, k) {
      var size = HALF * value / MOST, left = x(k + 1) - 0.35 * column, wide = 0.7 * column;
      add(inputs, "rect", { class: "u-cup", x: left, width: wide, y: ZERO - HALF, height: 2 * HALF, rx: 3 });
      add(inputs, "rect", { class: "u-fill", x: left, width: wide, y: Math.min(ZERO, ZERO - size), height: Math.max(1.5, Math.abs(size)) });
    });
  }

  function cells(svg, s, found, x, column) {
    var add = unrolled.element, wide = 0.5 * column;
    var group = add(svg, "g", { class: "u-bars u-gates " + (s.cell === "rnn" ? "u-hidden" : "u-forget") });
    found.opens.forEach(function (opens, k) {
      var left = x(k + 1) - wide / 2, size = (TALL - 4) * opens;
      add(group, "rect", { class: "u-cup", x: left, width: wide, y: CELL, height: TALL, rx: 4 });
      add(group, "rect", { class: "u-fill", x: left + 2, width: wide - 4, y: CELL + TALL - 2 - size, height: size, rx: 3 });
    });
  }

  function bands(svg, s, found, at, x, column) {
    var add = unrolled.element, most = Math.max.apply(null, [1].concat(found.belt, found.layers));
    [["u-cell", BELT, found.belt], ["u-hidden", LAYERS, found.layers]].forEach(function (lane) {
      var group = add(svg, "g", { class: "u-bands " + lane[0] });
      for (var t = s.loss - 1; t >= at; t--) {
        var value = lane[2][t - 1];
        if (!(value > 0)) continue;
        var thick = Math.max(0.75, BAND * value / most), from = x(t + 1) - column / 4, to = x(t) + column / 4, head = Math.min(7, (from - to) / 2);
        add(group, "path", { class: "u-band", "stroke-width": thick, d: "M" + from + " " + lane[1] + "H" + (to + head) });
        add(group, "path", { class: "u-tip", d: "M" + to + " " + lane[1] + "l" + head + " " + (-thick / 2 - 3) + "v" + (thick + 6) + "z" });
      }
    });
  }

  function lines(svg, s, found, at, x) {
    var add = unrolled.element, t;
    var radius = found.layers.map(function (_, k) {          // it ends where it leaves the chart
      var v = Math.pow(s.scale, Math.max(0, s.loss - k - 1));
      return v <= Math.pow(10, HIGH) ? v : 0;
    });
    (s.cell === "rnn" ? [["u-trace u-hidden", found.layers], ["u-trace u-never u-neutral", radius]]
      : [["u-trace u-cell", found.belt], ["u-trace u-hidden", found.layers], ["u-trace u-never u-cell", found.never]]).forEach(function (line) {
      var points = [];
      for (t = s.loss - 1; t >= at && height(line[1][t - 1]) !== null; t--) points.push(x(t) + " " + height(line[1][t - 1]));
      if (points.length) add(add(svg, "g", { class: line[0] }), "path", { d: "M" + points.join("L") });
    });
    var dots = add(svg, "g", { class: "u-dots u-gradient" });
    for (t = s.loss; t >= at; t--) {
      var y = height(found.arrives[t - 1]);
      if (y !== null) add(dots, "circle", { cx: x(t), cy: y, r: t === at ? 7 : 4.5 });
    }
  }

  function bars(svg, s, found, at, x, column) {
    var add = unrolled.element, most = Math.max.apply(null, found.adds.concat(1e-12)), share = found.clipped / Math.max(found.length, 1e-12);
    var group = add(svg, "g", { class: "u-bars u-shares u-gradient" });
    for (var t = s.loss; t >= at; t--) {
      if (!(found.adds[t - 1] > 0)) continue;
      var size = BAR * found.adds[t - 1] / most, left = x(t) - 0.3 * column, full = Math.max(1.5, size * share);
      if (share < 1) add(group, "rect", { class: "u-cup u-held", x: left, width: 0.6 * column, y: BARS - size, height: size });
      add(group, "rect", { class: "u-fill", x: left, width: 0.6 * column, y: BARS - full, height: full });
    }
  }

  // -- the figure ---------------------------------------------------------------------------------

  function start(root) {
    var data = unrolled.data(root), s, at, sent = !data.question, asking = !sent, timer = null, last = data.steps;
    var svg = root.querySelector("svg"), say = root.querySelector(".u-say"), body = root.querySelector("tbody");
    var presets = Array.from(root.querySelectorAll(".u-presets[aria-label] button"));
    var sliders = {}, cell = root.querySelector("[data-range=cell]"), kind = root.querySelector("[data-range=inputs]");
    root.querySelectorAll("input[type=range]").forEach(function (input) { sliders[input.name] = input; });

    function write(name, value, text) {
      var input = sliders[name];
      input.value = value;
      input.closest("label").querySelector("output").textContent = text;
      input.setAttribute("aria-valuetext", text);
    }
    function pick(field, k) { field.querySelectorAll("input").forEach(function (input, j) { input.checked = j === k; }); }
    function share(bias) { return 1 / (1 + Math.exp(-bias)); }

    function controls() {
      var n = unrolled.number, gated = s.cell !== "rnn", limit = data.clips[s.clip];
      pick(cell, KEYS.indexOf(s.cell));
      pick(kind, Object.keys(data.inputs).findIndex(function (name) { return String(data.inputs[name]) === String(s.x); }));
      write("loss", s.loss, "t = " + s.loss);
      write("at", at, "t = " + at);
      sliders.at.disabled = reach(s) === s.loss;                // cut at once: there is no way to go
      write("scale", s.scale, gated ? "× " + n(s.scale) : "radius " + n(s.scale));
      write("bias", s.bias, n(s.bias) + ": it keeps " + n(share(s.bias), 3));
      sliders.bias.closest("label").hidden = !gated;
      if (gated) sliders.bias.closest("label").querySelector(".u-label span").textContent = "bias of gate " + GATE[s.cell];
      write("loud", s.loud, "× " + n(s.loud, 1));
      write("chunk", s.chunk, s.chunk < last ? "of " + s.chunk : "no cut");
      write("clip", s.clip, limit === null ? "not clipped" : "θ = " + limit);
      s.x.forEach(function (v, k) { write("x" + (k + 1), v, n(v, 1)); });
      root.classList.toggle("u-both", gated);
    }

    function show(quiet) {
      var found = unrolled.journey(data, s);
      if (!sent) at = s.loss;
      controls();
      draw(svg, s, found, at);
      var told = says(s, found, at);
      svg.setAttribute("aria-label", "A chain of " + last + " time steps, " + s.cell.toUpperCase() + ", its loss at step " + s.loss + ". " + told);
      if (!quiet) say.textContent = asking ? data.question : told;
      body.replaceChildren();
      for (var t = s.loss; t >= reach(s); t--) {
        var row = body.insertRow(), head = document.createElement("th");
        head.scope = "row";
        head.textContent = t;
        row.append(head);
        [found.arrives, found.belt, found.layers, found.adds].forEach(function (values) { row.insertCell().textContent = amount(values[t - 1]); });
      }
    }

    function stop() { clearTimeout(timer); timer = null; }

    // what the reader changed shows at once, all the way back if the message had arrived there
    function change(update) {
      var whole = sent && at === reach(s);
      asking = false;
      stop();
      update();
      presets.forEach(function (b) { b.setAttribute("aria-pressed", "false"); });
      at = whole ? reach(s) : Math.max(reach(s), Math.min(s.loss, at));
      show();
    }

    function send() {
      stop();
      sent = true;
      asking = false;
      at = s.loss;
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) at = reach(s);
      (function step() {
        var done = at <= reach(s);
        show(!done);
        if (!done) timer = setTimeout(function () { at -= 1; step(); }, 150);
      })();
    }

    function load(button) {
      stop();
      s = JSON.parse(JSON.stringify(data.presets[button.textContent]));
      at = reach(s);
      show();
      presets.forEach(function (b) { b.setAttribute("aria-pressed", String(b === button)); });
    }

    presets.forEach(function (b) { b.addEventListener("click", function () { asking = false; load(b); }); });
    root.querySelector(".u-send").addEventListener("click", send);
    root.querySelector(".u-draw").addEventListener("click", function () {
      change(function () { s.draw = (s.draw + 1) % data.cells[s.cell].length; });
    });
    cell.addEventListener("input", function () { change(function () { s.cell = KEYS[unrolled.chosen(cell)]; }); });
    kind.addEventListener("input", function () {
      change(function () { s.x = data.inputs[Object.keys(data.inputs)[unrolled.chosen(kind)]].slice(); });
    });
    ["loss", "scale", "bias", "loud", "chunk", "clip"].forEach(function (name) {
      sliders[name].addEventListener("input", function () { change(function () { s[name] = Number(sliders[name].value); }); });
    });
    function follow(t) {
      stop();
      sent = true;
      asking = false;
      at = Math.max(reach(s), Math.min(s.loss, t));
      show();
    }
    window.addEventListener("beforeprint", function () { if (!sent) follow(reach(s)); });
    sliders.at.addEventListener("input", function () { follow(Number(sliders.at.value)); });
    s = data.presets[presets[0].textContent];
    s.x.forEach(function (_, k) {
      sliders["x" + (k + 1)].addEventListener("input", function () { change(function () { s.x[k] = Number(sliders["x" + (k + 1)].value); }); });
    });

    // with the pointer: the loss above, an input below, the message between them
    var part = null;
    function moved(event) {
      var box = svg.getBoundingClientRect(), scale = WIDTH / box.width, y = (event.clientY - box.top) * scale;
      var t = Math.max(1, Math.min(last, Math.ceil(((event.clientX - box.left) * scale - LEFT) / (WIDTH - LEFT - RIGHT) * last)));
      if (part === null) part = y < CELL ? "loss" : y > BARS + 8 ? "x" : "at";
      if (part === "at") return follow(t);
      if (part === "loss") return change(function () { s.loss = t; });
      var value = Math.round(10 * Math.max(-MOST, Math.min(MOST, MOST * (ZERO - y) / HALF))) / 10;
      change(function () { s.x[t - 1] = value; });
    }
    svg.addEventListener("pointerdown", function (event) {
      part = null;
      svg.setPointerCapture(event.pointerId);
      moved(event);
    });
    svg.addEventListener("pointermove", function (event) { if (svg.hasPointerCapture(event.pointerId)) moved(event); });

    unrolled.reveal(root);
    load(presets[0]);
  }

  unrolled.each(".u-journey", start);
})();
