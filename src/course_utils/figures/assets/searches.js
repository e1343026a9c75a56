// The nets of a recorded random search.  `unrolled.searched` is the whole computation.
(function () {
  "use strict";
  if (unrolled.searched) return;
  var WIDTH = 520, HEIGHT = 380, LEFT = 92, RIGHT = 28, TOP = 40, BOTTOM = 318, PARTS = 6;
  var MARKS = { rate: [0.001, 0.01, 0.1], bias: [0, 1, 2, 3, 4, 5] };

  function median(values) {
    var sorted = values.slice().sort(function (a, b) { return a - b; }), half = Math.floor(sorted.length / 2);
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  function sizes(task) {
    return task.size.filter(function (v, k) { return task.size.indexOf(v) === k; }).sort(function (a, b) { return a - b; });
  }

  function upward(task) {
    var low = Math.log(task.losses[0]), high = Math.log(task.losses[1]);
    return function (loss) {
      var share = (Math.log(Math.max(loss, 1e-300)) - low) / (high - low);
      return BOTTOM + (TOP - BOTTOM) * Math.max(0, Math.min(1, share));
    };
  }

  function scaled(task, axis) {                             // a value of the axis -> its share of it
    var log = axis === "rate" ? Math.log : Number, low = log(task.limits[axis][0]), high = log(task.limits[axis][1]);
    return function (v) { return (log(v) - low) / (high - low); };
  }

  function across(task, axis) {
    if (axis === "size") {
      var room = (WIDTH - LEFT - RIGHT) / sizes(task).length;
      return function (k) { return LEFT + room * (k + 0.5); };
    }
    var share = scaled(task, axis);
    return function (v) { return LEFT + (WIDTH - RIGHT - LEFT) * share(v); };
  }

  // what searches.py's search_view gives
  unrolled.searched = function (task, cell, axis) {
    var losses = task.nets[cell], x = across(task, axis), y = upward(task), nets = losses.length / task[axis].length;
    var values = losses.map(function (_, k) { return task[axis][Math.floor(k / nets)]; }), parts, places, middles;
    if (axis === "size") {
      var known = sizes(task);
      parts = values.map(function (v) { return known.indexOf(v); });
      places = parts.map(function (p, k) { return x(p + (k % 24 - 11.5) / 40); });
      middles = known.map(function (_, p) { return x(p); });
    } else {
      var share = scaled(task, axis), step = (x(task.limits[axis][1]) - x(task.limits[axis][0])) / PARTS;
      parts = values.map(function (v) { return Math.max(0, Math.min(PARTS - 1, Math.floor(PARTS * share(v)))); });
      places = values.map(x);
      middles = [0, 1, 2, 3, 4, 5].map(function (p) { return x(task.limits[axis][0]) + step * (p + 0.5); });
    }
    var line = [];
    middles.forEach(function (middle, p) {
      var inside = losses.filter(function (_, k) { return parts[k] === p; });
      if (inside.length) line.push([middle, y(median(inside))]);
    });
    var best = losses.reduce(function (found, loss, k) { return loss < losses[found] ? k : found; }, 0);
    return {
      points: losses.map(function (loss, k) { return [places[k], y(loss)]; }), line: line, median: median(losses),
      least: losses[best], at: task.rate[Math.floor(best / nets)],
      idle: losses.filter(function (loss) { return loss >= task.chance; }).length
    };
  };

  function plain(value) { return String(Number(value.toPrecision(2))); }

  function route(points) {
    return "M" + points.map(function (p) { return p[0].toFixed(2) + " " + p[1].toFixed(2); }).join("L");
  }

  // searches.py draws the same for pages without script
  function draw(svg, task, cells, axis) {
    var add = unrolled.element, x = across(task, axis.key), y = upward(task), known = sizes(task);
    svg.replaceChildren();
    task.ticks.forEach(function (loss) {
      add(svg, "path", { class: "u-rule", d: route([[LEFT, y(loss)], [WIDTH - RIGHT, y(loss)]]) });
      add(svg, "text", { class: "u-tick", x: LEFT - 8, y: y(loss), dy: ".33em", "text-anchor": "end" }, plain(loss));
    });
    var level = y(task.chance);
    add(svg, "path", { class: "u-rule u-one", "stroke-dasharray": "4 4", d: route([[LEFT, level], [WIDTH - RIGHT, level]]) });
    var marks = axis.key === "size" ? known.map(function (_, k) { return k; }) : MARKS[axis.key].filter(function (v) {
      return task.limits[axis.key][0] <= v && v <= task.limits[axis.key][1];
    });
    marks.forEach(function (v) {
      add(svg, "text", { class: "u-tick", x: x(v), y: BOTTOM + 24, "text-anchor": "middle" }, plain(axis.key === "size" ? known[v] : v));
    });
    add(svg, "text", { class: "u-key", x: 0, y: 18 }, "test loss");
    add(svg, "text", { class: "u-key", x: WIDTH - RIGHT, y: HEIGHT - 8, "text-anchor": "end" }, axis.label);
    cells.forEach(function (cell, k) {
      var view = unrolled.searched(task, cell, axis.key), group = add(svg, "g", { class: k ? "u-second" : "u-first" });
      view.points.forEach(function (p) { add(group, "circle", { cx: p[0], cy: p[1], r: 4 }); });
      add(group, "path", { class: "u-medians", d: route(view.line) });
    });
  }

  function says(task, cell) {
    var view = unrolled.searched(task, cell.key, "rate");
    return task.name + ", " + cell.label + ": median loss " + plain(view.median) + ", lowest " + plain(view.least) +
      " at a learning rate of " + plain(view.at) + "; " + view.idle + " of " + task.nets[cell.key].length +
      " nets are no better than chance.";
  }

  function start(root) {
    var data = unrolled.data(root), svg = root.querySelector("svg"), say = root.querySelector(".u-say");
    function control(name) { return root.querySelector("[data-range=" + name + "]"); }

    function show() {
      var task = data.tasks[unrolled.chosen(control("task"))], cell = data.cells[unrolled.chosen(control("cell"))];
      draw(svg, task, [data.cells[0].key, cell.key], data.axes[unrolled.chosen(control("axis"))]);
      root.style.setProperty("--second", cell.ink);
      root.querySelector(".u-chosen").textContent = cell.label;
      say.textContent = says(task, cell);
      svg.setAttribute("aria-label", say.textContent);
    }

    root.querySelectorAll("input").forEach(function (input) { input.addEventListener("input", show); });
    unrolled.reveal(root);
    show();
  }

  unrolled.each(".u-searches", start);
})();
