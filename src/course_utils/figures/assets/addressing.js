// Where a head of a Turing machine looks.  `unrolled.address` is the whole computation; addressing.py has the same.
(function () {
  "use strict";
  if (unrolled.address) return;

  function scaled(values) {                                 // to sum 1
    var sum = values.reduce(function (a, b) { return a + b; }, 0);
    return values.map(function (v) { return v / sum; });
  }

  function largest(values) { return Math.max.apply(null, values); }

  // cosines and last weights, {beta, g, move, gamma} -> {u, w_c, w_prev, w_g, w_s, w}, a list each
  unrolled.address = function (u, w_prev, told) {
    var n = u.length, best = largest(u), on = told.move > 0 ? 1 : -1, share = Math.abs(told.move);
    var w_c = scaled(u.map(function (v) { return Math.exp(told.beta * (v - best)); }));
    var w_g = w_c.map(function (v, i) { return told.g * v + (1 - told.g) * w_prev[i]; });
    var w_s = w_g.map(function (v, i) { return (1 - share) * v + share * w_g[(i - on + n) % n]; });
    var most = largest(w_s);
    var w = scaled(w_s.map(function (v) { return Math.pow(v / most, told.gamma); }));
    return { u: u, w_c: w_c, w_prev: w_prev, w_g: w_g, w_s: w_s, w: w };
  };

  function start(root) {
    var data = unrolled.data(root), before = data.w_prev, steps = 1;
    var say = root.querySelector(".u-say"), inputs = Array.from(root.querySelectorAll("input[type=range]"));

    function told() {
      var values = {};
      inputs.forEach(function (input) { values[input.name] = Number(input.value); });
      return values;
    }

    function shown(name, value) {
      if (name !== "move" || value === 0) return unrolled.number(value);
      return unrolled.number(Math.abs(value)) + (value > 0 ? " on" : " back");
    }

    function show() {
      var rows = unrolled.address(data.u, before, told()), w = rows.w, k = w.indexOf(largest(w));
      root.querySelectorAll("tr[data-row]").forEach(function (row) {
        Array.from(row.querySelectorAll("td")).forEach(function (cell, i) {
          var value = rows[row.dataset.row][i];
          cell.style.setProperty("--share", Math.abs(value).toFixed(3));
          cell.classList.toggle("is-negative", value < 0);
          cell.querySelector("b").textContent = unrolled.number(value);
        });
      });
      inputs.forEach(function (input) {
        var text = shown(input.name, Number(input.value)), label = input.closest("label");
        label.querySelector("output").textContent = text;
        input.setAttribute("aria-valuetext", label.querySelector(".u-label > span").textContent + " = " + text);
      });
      say.textContent = "After step " + steps + " the head has " + unrolled.number(w[k]) + " of its weight on slot " + k + ".";
      return w;
    }

    root.querySelector("[data-do=step]").addEventListener("click", function () {
      before = unrolled.address(data.u, before, told()).w;
      steps += 1;
      show();
    });
    root.querySelector("[data-do=reset]").addEventListener("click", function () {
      before = data.w_prev;
      steps = 1;
      show();
    });
    inputs.forEach(function (input) { input.addEventListener("input", show); });
    unrolled.reveal(root);
    show();
  }

  unrolled.each(".u-addressing", start);
})();
