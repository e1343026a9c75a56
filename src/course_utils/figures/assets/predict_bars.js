// Bars that the reader sets, each with a native range input.
(function () {
  "use strict";
  var STEPS = 100;

  function start(root) {
    var predict = unrolled.predict, data = unrolled.data(root), scale = data.scale;
    var rows = Array.from(root.querySelectorAll(".u-row"));
    var fields = rows.map(function (row, k) {
      var field = document.createElement("input");
      field.type = "range";
      field.min = 0;
      field.max = STEPS;
      field.setAttribute("aria-label", data.names[k]);
      row.appendChild(field);
      return field;
    });
    var bars = rows.map(function (row) {
      return unrolled.element(row.querySelector(".u-mine"), "rect", { x: 0, y: 3, height: 11, rx: 2 });
    });

    function draw(mine) {
      fields.forEach(function (field, k) {
        var set = mine[k] !== null, words = set ? predict.text(mine[k], data.unit) : "not set";
        field.value = Math.round(STEPS * (set ? predict.share(scale, mine[k]) : 0.5));
        field.setAttribute("aria-valuetext", words);
        rows[k].querySelector("output").textContent = set ? words : "–";
        bars[k].setAttribute("width", set ? Math.max(1.5, scale.last * predict.share(scale, mine[k])) : 0);
      });
    }

    var state = predict(root, data, draw, function (k) { return "for " + data.names[k]; });
    fields.forEach(function (field, k) {
      field.addEventListener("input", function () { state.set(k, predict.value(scale, field.value / STEPS)); });
    });
  }

  unrolled.each(".u-predict-bars", start);
})();
