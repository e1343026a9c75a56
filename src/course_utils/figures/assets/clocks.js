// Clockwork modules: `unrolled.clockwork` is the whole computation; clocks.py has the same.
(function () {
  "use strict";
  if (unrolled.clockwork) return;

  function sum(values) { return values.reduce(function (a, b) { return a + b; }, 0); }

  // periods, units a module, inputs, time step -> {due, heard, now, mean, plain}
  unrolled.clockwork = function (periods, size, inputs, t) {
    var heard = periods.map(function (own) { return periods.map(function (other) { return other >= own; }); });
    var work = heard.map(function (row) { return size * (size * sum(row.map(Number)) + inputs); });
    var due = periods.map(function (period) { return t % period === 0; });
    var units = size * periods.length;
    return {
      due: due, heard: heard,
      now: sum(work.filter(function (_, k) { return due[k]; })),
      mean: sum(work.map(function (w, k) { return w / periods[k]; })),
      plain: units * (units + inputs)
    };
  };

  function who(due) {
    var moving = due.map(function (moves, k) { return moves ? k + 1 : 0; }).filter(Boolean);
    if (!moving.length) return "no module moves";
    if (moving.length === 1) return "module " + moving[0] + " moves";
    return "modules " + moving.slice(0, -1).join(", ") + " and " + moving[moving.length - 1] + " move";
  }

  function mark(cell, name, on) { cell.classList.toggle(name, on); }

  function start(root) {
    var data = unrolled.data(root), say = root.querySelector(".u-say");
    var inputs = Array.from(root.querySelectorAll("input[type=range]")), clock = inputs.pop();

    function rows(table) { return Array.from(root.querySelectorAll(table + " tbody tr")); }

    function show() {
      var periods = inputs.map(function (input) { return Number(input.value); }), t = Number(clock.value);
      var found = unrolled.clockwork(periods, data.size, data.inputs, t);
      root.querySelectorAll(".u-schedule thead th").forEach(function (cell, k) { mark(cell, "is-now", k === t + 1); });
      rows(".u-schedule").forEach(function (row, k) {
        row.querySelectorAll("td").forEach(function (cell, step) {
          var moves = step % periods[k] === 0;
          mark(cell, "is-due", moves);
          mark(cell, "is-now", step === t);
          cell.firstChild.textContent = moves ? "moves" : "rests";
        });
      });
      rows(".u-blocks").forEach(function (row, k) {
        row.querySelectorAll("td").forEach(function (cell, j) {
          var wired = found.heard[k][j], used = wired && found.due[k];
          mark(cell, "is-wired", wired);
          mark(cell, "is-due", used);
          cell.firstChild.textContent = !wired ? "no weights" : used ? "multiplied" : "rests";
        });
      });
      inputs.concat(clock).forEach(function (input) {
        var label = input.closest("label");
        label.querySelector("output").textContent = input.value;
        input.setAttribute("aria-valuetext", label.querySelector(".u-label > span").textContent + " = " + input.value);
      });
      say.textContent = "Step " + t + ": " + who(found.due) + ", " + found.now + " of a plain layer’s " + found.plain +
        " multiplications. In the mean over all steps it is " + Math.round(100 * found.mean / found.plain) + " %.";
    }

    inputs.concat(clock).forEach(function (input) { input.addEventListener("input", show); });
    unrolled.reveal(root);
    show();
  }

  unrolled.each(".u-clocks", start);
})();
