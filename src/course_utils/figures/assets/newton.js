// Newton along time on a small tanh network.  newton.py computes and draws the same once.
(function () {
  "use strict";
  var TOLERANCE = 1e-10, SMALLEST = -10, LARGEST = 1;
  var LEFT = 64, RIGHT = 14, TOP = 40, BOTTOM = 52, WIDTH = 460, HEIGHT = 400;

  function times(W, v) { return W.map(function (row) { return row.reduce(function (s, w, k) { return s + w * v[k]; }, 0); }); }
  function zeros(n) { return new Array(n).fill(0); }

  function roundsOf(weights, drive, scale) {
    var W = weights.map(function (row) { return row.map(function (w) { return scale * w; }); });
    var H = W.length, T = drive.length, h = drive.map(function () { return zeros(H); }), changes = [];
    while (changes.length <= T) {
      var move = zeros(H), row = [], next = [];
      for (var t = 0; t < T; t++) {
        var f = times(W, t ? h[t - 1] : zeros(H)).map(function (a, k) { return Math.tanh(a + drive[t][k]); });
        move = times(W, move).map(function (m, k) { return (1 - f[k] * f[k]) * m + f[k] - h[t][k]; });
        if (!move.every(isFinite)) move = h[t].map(function (v) { return -v; });
        next.push(h[t].map(function (v, k) { return v + move[k]; }));
        row.push(Math.max.apply(null, next[t].map(function (v, k) { return Math.abs(v - h[t][k]); })));
      }
      h = next;
      changes.push(row.map(function (c) { return Math.log10(Math.max(c, 1e-10)); }));
      if (Math.max.apply(null, row) <= TOLERANCE) break;
    }
    return { exponent: exponent(W, h), changes: changes };
  }

  function exponent(W, h) {
    var H = W.length, v = zeros(H).map(function () { return 1 / Math.sqrt(H); }), total = 0;
    for (var t = h.length - 1; t >= 0; t--) {
      var d = v.map(function (a, k) { return (1 - h[t][k] * h[t][k]) * a; });
      v = zeros(H).map(function (_, k) { return d.reduce(function (s, a, j) { return s + W[j][k] * a; }, 0); });
      var length = Math.max(Math.sqrt(v.reduce(function (s, a) { return s + a * a; }, 0)), 1e-300);
      v = v.map(function (a) { return a / length; });
      total += Math.log(length);
    }
    return total / h.length;
  }

  function path(points) { return "M" + points.map(function (p) { return p[0].toFixed(2) + " " + p[1].toFixed(2); }).join("L"); }
  function near(v) { return Math.round(v * 100) / 100; }

  function draw(svg, changes) {
    var add = unrolled.element, steps = changes[0].length, right = WIDTH - RIGHT, bottom = HEIGHT - BOTTOM;
    var wide = (right - LEFT) / steps, high = (bottom - TOP) / (steps + 1);
    svg.replaceChildren();
    add(svg, "text", { class: "u-tick", x: LEFT, y: 24 }, "round");
    add(svg, "path", { class: "u-rule", d: path([[LEFT, TOP], [LEFT, bottom], [right, bottom]]) });
    changes.forEach(function (row, k) {
      row.forEach(function (change, t) {
        var depth = (change - SMALLEST) / (LARGEST - SMALLEST);
        if (depth > 0) add(svg, "rect", { class: "u-change", x: near(LEFT + wide * t), y: near(TOP + high * k), width: near(wide), height: near(high), "fill-opacity": near(Math.min(1, Math.max(0.04, depth))) });
      });
    });
    add(svg, "path", { class: "u-exact", d: path([[LEFT, TOP], [right, bottom - high]]) });
    [1, Math.floor(steps / 2), steps].forEach(function (k) {
      add(svg, "text", { class: "u-tick", x: LEFT - 8, y: near(TOP + high * (k - 0.5)), dy: ".33em", "text-anchor": "end" }, String(k));
      add(svg, "text", { class: "u-tick", x: near(LEFT + wide * (k - 0.5)), y: bottom + 20, "text-anchor": "middle" }, String(k));
    });
    add(svg, "text", { class: "u-tick", x: right, y: HEIGHT - 8, "text-anchor": "end" }, "time step");
  }

  function start(root) {
    var data = unrolled.data(root), svg = root.querySelector("svg"), say = root.querySelector(".u-say");
    var input = root.querySelector("input[type=range]");

    function show() {
      var scale = Number(input.value), now = roundsOf(data.weights, data.drive, scale);
      draw(svg, now.changes);
      input.parentElement.querySelector("output").textContent = unrolled.number(scale, 1);
      say.textContent = "largest Lyapunov exponent " + unrolled.number(now.exponent) + ", " + now.changes.length + " rounds for " + data.drive.length + " steps";
      root.dataset.shown = JSON.stringify(now);                // for the test that compares with NumPy
    }
    input.addEventListener("input", show);
    unrolled.reveal(root);
    show();
  }

  unrolled.each(".u-newton", start);
})();
