// Tells a cell diagram one equation at a time.  The page is complete without this file.
(function () {
  "use strict";

  function start(root) {
    var steps = unrolled.data(root);
    var svg = root.querySelector("svg"), range = root.querySelector("input[type=range]");
    var say = root.querySelector(".u-say"), lines = root.querySelectorAll(".u-equation > div");
    var buttons = root.querySelectorAll("button[data-go]");
    var computed = steps[steps.length - 1].known;

    function show(index) {
      var step = steps[index], all = index === 0;
      svg.classList.toggle("is-stepping", !all);
      svg.classList.toggle("is-asking", Boolean(step.asks));       // what the walk will find is not shown before it
      if (step.alt) svg.setAttribute("aria-label", step.alt);
      svg.querySelectorAll("[data-node]").forEach(function (node) {
        node.classList.toggle("is-on", step.nodes.includes(node.dataset.node));
      });
      svg.querySelectorAll("[data-from]").forEach(function (wire) {
        wire.classList.toggle("is-on", step.wires.includes(wire.dataset.from + ">" + wire.dataset.to));
      });
      root.querySelectorAll("[data-value]").forEach(function (cell) {
        var name = cell.dataset.value, now = step.known[step.known.length - 1];
        cell.parentNode.classList.toggle("is-unknown", (!all || Boolean(step.asks)) && computed.includes(name) && !step.known.includes(name));
        cell.parentNode.classList.toggle("is-now", name === now);
      });
      say.textContent = step.say;
      lines[0].innerHTML = step.symbols;
      lines[1].innerHTML = step.numbers;
      range.value = index;
      range.setAttribute("aria-valuetext", "step " + index + " of " + (steps.length - 1) + ", " + step.title);
      buttons.forEach(function (button) {                // not `disabled`: that would drop the focus of a keyboard reader
        var goes = index + Number(button.dataset.go);
        button.setAttribute("aria-disabled", String(goes < 0 || goes >= steps.length));
      });
    }

    function go(to) { show(Math.max(0, Math.min(steps.length - 1, to))); }

    range.addEventListener("input", function () { go(Number(range.value)); });
    buttons.forEach(function (button) {
      button.addEventListener("click", function () { go(Number(range.value) + Number(button.dataset.go)); });
    });
    root.addEventListener("keydown", function (event) {
      if (!event.target.closest("button[data-go]")) return;       // the range has its own arrow keys
      var to = { ArrowRight: Number(range.value) + 1, ArrowLeft: Number(range.value) - 1, Home: 0, End: steps.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      go(to);
    });
    unrolled.reveal(root);
    show(0);
  }

  unrolled.each(".u-stepper", start);
})();
