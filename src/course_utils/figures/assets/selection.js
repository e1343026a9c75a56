// One selection step of the Neural Programmer.  `unrolled.selection` is the whole computation.
(function () {
  "use strict";
  if (unrolled.selection) return;
  var OPERATIONS = ["sum", "count", "others"], TIMES = [1, 1, 7], LIMIT = 8;
  var ROWS = [48, 82, 116, 166, 200], NAME = 118, BAR = 130, LONG = 190, GIVES = 402, PUSH = 532, HALF = 48;
  var LINE = 276, ENDS = [40, 600];

  function softmax(logits, times) {
    var most = Math.max.apply(null, logits), all = 0;
    var e = logits.map(function (z) { return Math.exp(z - most); });
    e.forEach(function (v, k) { all += v * times[k]; });
    return e.map(function (v) { return v / all; });
  }

  function first(values, better) {                          // the first of equals, as NumPy takes it
    return values.reduce(function (best, v, k) { return better(v, values[best]) ? k : best; }, 0);
  }
  function more(a, b) { return a > b; }
  function less(a, b) { return a < b; }

  // logits of sum, count and each other operation, then of the columns -> what selection.py gives
  unrolled.selection = function (data, logits, asked) {
    var sums = data.sums, op = softmax(logits.slice(0, 3), TIMES);
    var col = softmax(logits.slice(3), sums.map(function () { return 1; })), column_sum = 0;
    col.forEach(function (c, j) { column_sum += c * sums[j]; });
    var results = [column_sum, data.count, 0], soft = op[0] * column_sum + op[1] * data.count, slope = soft - asked;
    var best = first(logits.slice(0, 3), more);
    return {
      weights: op.concat(col), results: results.concat(sums),
      gradients: op.map(function (p, k) { return slope * p * (results[k] - soft); })
        .concat(col.map(function (c, j) { return slope * op[0] * c * (sums[j] - column_sum); })),
      soft: soft, hard: [sums[first(logits.slice(3), more)], data.count, 0][best], loss: slope * slope / 2, best: best
    };
  };

  // selection.py draws the same for pages without script
  function draw(svg, data, step, asked) {
    var add = unrolled.element, n = unrolled.number, names = OPERATIONS.concat(data.names);
    function text(x, y, words, anchor, css) { add(svg, "text", { class: css || "u-tick", x: x, y: y, "text-anchor": anchor }, words); }
    svg.replaceChildren();
    text(BAR, 18, "weight", "start");
    text(GIVES, 18, "gives", "end");
    text(PUSH, 18, "push", "middle");
    var most = Math.max.apply(null, step.gradients.map(Math.abs).concat(0.05));
    names.forEach(function (name, k) {
      var y = ROWS[k], gradient = step.gradients[k], size = -HALF * gradient / most;
      text(NAME, y + 5, name, "end", "u-key");
      var bars = add(svg, "g", { class: "u-bars u-neutral" });
      add(bars, "rect", { class: "u-cup", x: BAR, y: y - 11, width: LONG, height: 22, rx: 4 });
      add(bars, "rect", { class: "u-fill", x: BAR, y: y - 11, height: 22, rx: 2, width: LONG * step.weights[k] });
      text(GIVES, y + 5, n(step.results[k], 1), "end", "u-key");
      add(svg, "path", { class: "u-rule u-one", d: "M" + PUSH + " " + (y - 13) + "L" + PUSH + " " + (y + 13) });
      var push = add(svg, "g", { class: "u-bars u-gradient" });
      add(push, "rect", { class: "u-fill", x: PUSH + Math.min(0, size), y: y - 9, height: 18, width: Math.abs(size) });
      text(PUSH + (gradient <= 0 ? HALF + 6 : -HALF - 6), y + 5, n(-gradient), gradient <= 0 ? "start" : "end");
    });
    var values = data.sums.concat(data.count, 0), low = Math.min.apply(null, values), high = Math.max.apply(null, values);
    function at(value) { return ENDS[0] + (ENDS[1] - ENDS[0]) * (value - low) / (high - low); }
    add(svg, "path", { class: "u-rule u-one", d: "M" + ENDS[0] + " " + LINE + "L" + ENDS[1] + " " + LINE });
    add(svg, "path", { class: "u-line u-asked", d: "M" + at(asked).toFixed(2) + " " + (LINE - 22) + "v44" });
    text(at(asked), LINE - 28, "asked " + asked, "middle", "u-key");
    add(svg, "circle", { class: "u-soft", cx: at(step.soft), cy: LINE, r: 9 });
    add(svg, "rect", { class: "u-hard", x: at(step.hard) - 7, y: LINE - 7, width: 14, height: 14 });
    text(ENDS[0], LINE + 44, String(low).replace("-", "−"), "middle");
    text(ENDS[1], LINE + 44, String(high).replace("-", "−"), "middle");
  }

  function says(data, step, asked) {
    var names = OPERATIONS.concat(data.names), n = unrolled.number;
    var best = ["sum of " + data.names[first(step.weights.slice(3), more)], "count", "nothing"][step.best];
    var pushed = first(step.gradients, less);
    return "Soft answer " + n(step.soft) + ", hard answer " + String(step.hard).replace("-", "−") + " (" + best + "), asked " + asked + ". " +
      (-step.gradients[pushed] >= 0.005 ? "Descent raises " + names[pushed] + " most." : "Descent hardly moves anything.");
  }

  function start(root) {
    var data = unrolled.data(root), logits = data.logits.slice();
    var svg = root.querySelector("svg"), say = root.querySelector(".u-say"), asked = root.querySelector("[data-range=asked]");
    var sliders = logits.map(function (_, k) { return root.querySelector("[name=logit" + k + "]"); });

    function show() {
      var wanted = data.asked[unrolled.chosen(asked)], step = unrolled.selection(data, logits, wanted);
      draw(svg, data, step, wanted);
      say.textContent = says(data, step, wanted);
      svg.setAttribute("aria-label", say.textContent);
      sliders.forEach(function (slider, k) {
        var told = unrolled.number(logits[k], 1);
        slider.value = logits[k];
        slider.closest("label").querySelector("output").textContent = told;
        slider.setAttribute("aria-valuetext", told);
      });
    }

    sliders.forEach(function (slider, k) {
      slider.addEventListener("input", function () { logits[k] = Number(slider.value); show(); });
    });
    asked.addEventListener("input", show);
    root.querySelectorAll("[data-steps]").forEach(function (button) {
      button.addEventListener("click", function () {
        var steps = Number(button.dataset.steps);
        if (!steps) logits = data.logits.slice();
        for (var k = 0; k < steps; k++) {
          var g = unrolled.selection(data, logits, data.asked[unrolled.chosen(asked)]).gradients;
          logits = logits.map(function (z, j) { return Math.max(-LIMIT, Math.min(LIMIT, z - data.rate * g[j])); });
        }
        show();
      });
    });
    unrolled.reveal(root);
    show();
  }

  unrolled.each(".u-selection", start);
})();
