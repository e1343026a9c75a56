// How fast a gradient fades: the prediction radius^lag against norms measured in NumPy.
(function () {
  "use strict";
  var LEFT = 72, RIGHT = 20, WIDTH = 640, TOP = 40, BOTTOM = 296, HIGH = 9, LOW = -15;

  var power = unrolled.power;

  // charts.py draws the same for pages without script
  function draw(svg, data, radius, log) {
    var add = unrolled.element, last = data.lag[data.lag.length - 1];
    function x(lag) { return LEFT + (WIDTH - LEFT - RIGHT) * lag / last; }
    function y(v) { return TOP + (BOTTOM - TOP) * (HIGH - v) / (HIGH - LOW); }
    svg.replaceChildren();
    [9, 3, 0, -3, -9, -15].forEach(function (v) {
      add(svg, "text", { class: "u-tick", x: LEFT - 10, y: y(v), dy: ".33em", "text-anchor": "end" }, v ? power(v).replace("1.0 × ", "") : "1");
      add(svg, "path", { class: v ? "u-rule" : "u-rule u-one", d: "M" + LEFT + " " + y(v) + "L" + (WIDTH - RIGHT) + " " + y(v) });
    });
    for (var k = 0; k < 6; k++) add(svg, "text", { class: "u-tick", x: x(last * k / 5), y: 321, "text-anchor": "middle" }, String(Math.round(last * k / 5)));
    var slope = Math.log10(radius), stop = Math.min(last, slope > 0 ? HIGH / slope : slope < 0 ? LOW / slope : last);
    add(svg, "path", { class: "u-theory u-neutral", d: "M" + x(0) + " " + y(0) + "L" + x(stop) + " " + y(stop * slope) });
    if (stop < last) {                                       // it leaves the picture: say so
      var down = slope < 0 ? 1 : -1;
      add(svg, "path", { class: "u-exit u-neutral", d: "M" + (x(stop) - 7) + " " + (y(stop * slope) - 11 * down) + "l14 0l-7 " + 11 * down + "z" });
    }
    var dots = add(svg, "g", { class: "u-dots u-gradient" });
    log.forEach(function (value, k) { if (value >= LOW && value <= HIGH) add(dots, "circle", { cx: x(data.lag[k]), cy: y(value), r: 5 }); });
    add(svg, "text", { class: "u-tick", x: LEFT, y: 18 }, "norm of the gradient");
    add(svg, "text", { class: "u-tick", x: WIDTH - RIGHT, y: 346, "text-anchor": "end" }, "steps back in time");
  }

  function start(root) {
    var data = unrolled.data(root);
    var svg = root.querySelector("svg"), say = root.querySelector(".u-say");
    var controls = ["radius", "gain"].map(function (name) { return root.querySelector("[data-range=" + name + "]"); });

    function show() {
      var r = unrolled.chosen(controls[0]), g = unrolled.chosen(controls[1]), radius = data.radius[r], log = data.log10[r][g];
      var texts = ["ρ = " + unrolled.number(radius), "gain " + unrolled.number(data.gain[g])];
      draw(svg, data, radius, log);
      controls.forEach(function (control, k) {
        var slider = control.querySelector("input[type=range]");
        if (!slider) return;
        control.querySelector("output").textContent = texts[k];
        slider.setAttribute("aria-valuetext", texts[k]);
      });
      var lag = data.lag[data.told];
      say.textContent = "After " + lag + " steps: by the radius alone " + power(lag * Math.log10(radius)) + ", measured " + power(log[data.told]) +
        (data.slope ? " (mean slope of tanh " + unrolled.number(data.slope[r][g]) + ")" : "");
    }

    controls.forEach(function (control) { control.addEventListener("input", show); });
    unrolled.reveal(root);
    show();
  }

  unrolled.each(".u-decay", start);
})();
