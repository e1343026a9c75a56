// A query to drag among keys: weights, context and gradient.  looking.py draws the same once.
(function () {
  "use strict";
  var LIMIT = 3, SIDE = 340, LEFT = 60, TOP = 14, BARS = 392, ROW = 27, UNIT = SIDE / (2 * LIMIT);

  // scores sharpness · q·k; the gradient is sharpness · Cov_w(v, k)
  function attended(keys, values, query, sharpness) {
    var scores = keys.map(function (k) { return sharpness * (k[0] * query[0] + k[1] * query[1]); });
    var top = Math.max.apply(null, scores), total = 0, context = 0, key = [0, 0], both = [0, 0];
    var weights = scores.map(function (e) { return Math.exp(e - top); });
    weights.forEach(function (w) { total += w; });
    weights = weights.map(function (w) { return w / total; });
    weights.forEach(function (w, s) {
      context += w * values[s];
      [0, 1].forEach(function (d) { key[d] += w * keys[s][d]; both[d] += w * values[s] * keys[s][d]; });
    });
    var gradient = both.map(function (b, d) { return sharpness * (b - context * key[d]); });
    return { weights: weights, context: context, gradient: gradient };
  }

  function at(point) { return [LEFT + SIDE / 2 + UNIT * point[0], TOP + SIDE / 2 - UNIT * point[1]]; }
  function path(points) { return "M" + points.map(function (p) { return p[0].toFixed(2) + " " + p[1].toFixed(2); }).join("L"); }

  function draw(svg, data, query, now) {
    var add = unrolled.element, zero = at([0, 0]), q = at(query);
    svg.replaceChildren();
    add(svg, "rect", { class: "u-cup", x: LEFT, y: TOP, width: SIDE, height: SIDE, rx: 8 });
    add(svg, "path", { class: "u-rule", d: path([[LEFT, zero[1]], [LEFT + SIDE, zero[1]]]) });
    add(svg, "path", { class: "u-rule", d: path([[zero[0], TOP], [zero[0], TOP + SIDE]]) });
    data.keys.forEach(function (key, k) {
      var p = at(key);
      add(svg, "circle", { class: "u-share-of", cx: p[0], cy: p[1], r: 4 + 30 * Math.sqrt(now.weights[k]) });
      add(svg, "circle", { class: "u-place", cx: p[0], cy: p[1], r: 4 });
      add(svg, "text", { class: "u-key", x: p[0] + 9, y: p[1] - 9 }, String(k + 1));
    });
    var to = [q[0] + 60 * now.gradient[0], q[1] - 60 * now.gradient[1]], length = Math.hypot(to[0] - q[0], to[1] - q[1]);
    var slope = add(svg, "g", { class: "u-slope u-gradient" });
    if (length >= 4) {
      var x = (to[0] - q[0]) / length, y = (to[1] - q[1]) / length;
      add(slope, "path", { class: "u-line", d: path([q, to]) });
      add(slope, "path", { class: "u-line", d: path([[to[0] - 9 * x - 5 * y, to[1] - 9 * y + 5 * x], to, [to[0] - 9 * x + 5 * y, to[1] - 9 * y - 5 * x]]) });
    }
    add(svg, "circle", { class: "u-query", cx: q[0], cy: q[1], r: 9 });
    data.values.forEach(function (value, k) {
      var row = BARS + ROW * k, w = now.weights[k];
      add(svg, "text", { class: "u-key", x: 14, y: row }, String(k + 1));
      add(svg, "text", { class: "u-tick", x: 40, y: row }, "value " + unrolled.number(value));
      add(svg, "rect", { class: "u-cup", x: 176, y: row - 12, height: 16, rx: 3, width: 214 });
      add(svg, "rect", { class: "u-weight", x: 176, y: row - 12, height: 16, rx: 3, width: Math.max(1, 214 * w) });
      add(svg, "text", { class: "u-tick", x: 448, y: row, "text-anchor": "end" }, unrolled.number(w));
    });
  }

  function start(root) {
    var data = unrolled.data(root), svg = root.querySelector("svg"), say = root.querySelector(".u-say"), inputs = {};
    root.querySelectorAll("input[type=range]").forEach(function (input) { inputs[input.name] = input; });

    function show() {
      var query = [Number(inputs.q1.value), Number(inputs.q2.value)];
      var now = attended(data.keys, data.values, query, Number(inputs.sharpness.value));
      draw(svg, data, query, now);
      Object.keys(inputs).forEach(function (name) {
        inputs[name].parentElement.querySelector("output").textContent = unrolled.number(Number(inputs[name].value), 1);
      });
      say.textContent = "context " + unrolled.number(now.context) + ", gradient of length " +
        unrolled.number(Math.hypot(now.gradient[0], now.gradient[1]), 3);
      root.dataset.shown = JSON.stringify(now);                // for the test that compares with NumPy
    }

    function move(event) {
      var box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
      var x = ((event.clientX - box.left) * scale - LEFT - SIDE / 2) / UNIT;
      var y = (TOP + SIDE / 2 - (event.clientY - box.top) * scale) / UNIT;
      [["q1", x], ["q2", y]].forEach(function (pair) {
        inputs[pair[0]].value = Math.max(-LIMIT, Math.min(LIMIT, pair[1]));
      });
      show();
    }
    svg.addEventListener("pointerdown", function (event) {
      var box = svg.getBoundingClientRect();
      if ((event.clientY - box.top) * svg.viewBox.baseVal.width / box.width > TOP + SIDE) return;   // below the plane: scroll
      event.preventDefault();
      svg.setPointerCapture(event.pointerId);
      move(event);
    });
    svg.addEventListener("pointermove", function (event) { if (svg.hasPointerCapture(event.pointerId)) move(event); });

    Object.keys(inputs).forEach(function (name) { inputs[name].addEventListener("input", show); });
    unrolled.reveal(root);
    show();
  }

  unrolled.each(".u-looking", start);
})();
