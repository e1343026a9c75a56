// Precomputed frames behind one or two controls.  Without this file every frame stands in the page.
(function () {
  "use strict";

  function start(root) {
    var texts = unrolled.data(root), frames = Array.from(root.querySelector(".u-stage").children);
    var controls = Array.from(root.querySelectorAll("[data-range]"));

    function show() {
      var index = 0;
      controls.forEach(function (control, k) {
        var slider = control.querySelector("input[type=range]"), text = texts[k][unrolled.chosen(control)];
        index = index * texts[k].length + unrolled.chosen(control);
        if (!slider) return;
        control.querySelector("output").textContent = text;
        slider.setAttribute("aria-valuetext", control.querySelector(".u-label > span").textContent + " = " + text);
      });
      frames.forEach(function (frame, k) {
        frame.hidden = k !== index;
        frame.inert = k !== index;                          // nothing in it is a stop of the Tab key
      });
    }

    controls.forEach(function (control) { control.addEventListener("input", show); });
    root.classList.add("is-live");
    unrolled.reveal(root);
    show();
  }

  unrolled.each(".u-frames", start);
})();
