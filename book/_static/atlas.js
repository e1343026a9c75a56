// Sorting and filtering of the atlas: native controls above a table that is complete without a script.
(function () {
  "use strict";
  var ORDERS = [["", "as listed"], ["name", "name"], ["year", "year"], ["parameters", "parameters"],
    ["operations", "operations"], ["distance", "distance to its elder"]];

  function start(table) {
    var body = table.tBodies[0], rows = Array.from(body.rows);
    var form = document.createElement("form"), count = document.createElement("output");
    form.className = "atlas-filter";
    form.setAttribute("role", "search");
    var facts = table.classList.contains("atlas-facts");
    form.setAttribute("aria-label", "Sort and filter the " + (facts ? "measured facts" : "cells"));
    form.addEventListener("submit", function (event) { event.preventDefault(); });

    function labelled(text, control, after) {
      var label = document.createElement("label");
      label.append(after ? control : text, after ? text : control);
      form.append(label);
      return control;
    }

    function box(text) {
      var input = document.createElement("input");
      input.type = "checkbox";
      return labelled(text, input, true);
    }

    var words = document.createElement("input");
    words.type = "search";
    labelled("words", words);
    var order = document.createElement("select");
    var recorded = Object.keys(rows[0].dataset).filter(function (name) { return name.indexOf("fact") === 0; });
    ORDERS.filter(function (entry) { return entry[0] in rows[0].dataset || !entry[0]; }).concat(recorded.map(function (name) {
      return [name, table.tHead.rows[0].cells[Number(rows[0].dataset[name].split(":")[0])].textContent.trim()];
    })).forEach(function (entry) {
      var option = document.createElement("option");
      option.value = entry[0];
      option.textContent = entry[1];
      order.append(option);
    });
    labelled("sort by", order);
    var gated = box("gated"), linear = box("linear along time"), one = box("one state");
    form.append(count);

    function wanted(row) {
      var text = row.textContent.toLowerCase();
      return words.value.toLowerCase().split(/\s+/).every(function (word) { return text.indexOf(word) >= 0; }) &&
        (!gated.checked || row.dataset.gated === "yes") && (!linear.checked || row.dataset.linear === "yes") &&
        (!one.checked || row.dataset.states === "1");
    }

    function value(row) {
      var text = (row.dataset[order.value] || "").split(":").pop(), number = Number(text);
      return text === "" ? Infinity : isNaN(number) ? text.toLowerCase() : number;
    }

    function update() {
      var seen = 0, sorted = rows.slice();
      if (order.value) sorted.sort(function (a, b) { var one = value(a), other = value(b); return one < other ? -1 : one > other ? 1 : 0; });
      sorted.forEach(function (row) {
        row.hidden = !wanted(row);
        seen += !row.hidden;
        body.append(row);
      });
      count.textContent = seen + " of " + rows.length + " cells";
    }

    form.addEventListener("input", update);
    table.before(form);
    update();
  }

  document.querySelectorAll("table.atlas-table").forEach(start);
})();
