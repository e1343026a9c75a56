// Precomputed frames behind one or two sliders.  Without this file every frame stands in the page.
(function () {
  "use strict";

  function start(root) {
    var texts = unrolled.data(root), frames = Array.from(root.querySelector(".u-stage").children);
    var fields = Array.from(root.querySelector(".u-grid").querySelectorAll("input[type=range]"));

    function show() {
      var index = 0;
      fields.forEach(function (field, k) {
        var text = texts[k][field.value];
        index = index * texts[k].length + Number(field.value);
        field.closest("label").querySelector("output").textContent = text;
        field.setAttribute("aria-valuetext", text);
      });
      frames.forEach(function (frame, k) { frame.hidden = k !== index; });
    }

    fields.forEach(function (field) { field.addEventListener("input", show); });
    root.classList.add("is-live");
    unrolled.reveal(root);
    show();
  }

  unrolled.each(".u-frames", start);
})();
