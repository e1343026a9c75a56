// On paper: the light theme, and everything unfolded but code; afterwards as it was.
(function () {
  "use strict";

  var FOLDS = "details:is(.fold:not(.claim-more), .sd-dropdown):not([open])";  // notes of claims stay folded
  var LINES = 30, printing = false, unfolded = [], root = document.documentElement;

  function markShort() {                               // code that fits on a page stays in one piece
    document.querySelectorAll("div.highlight").forEach(function (block) {
      var short = block.textContent.trim().split("\n").length < LINES;
      block.classList.toggle("short", short);
      var box = block.closest(".cell_input");          // its frame would stay behind, empty
      if (box) box.classList.toggle("short", short);
    });
  }

  function begin() {
    if (printing) return;                              // both events below may tell of one printing
    printing = true;
    markShort();
    root.dataset.theme = "light";
    unfolded = Array.from(document.querySelectorAll(FOLDS));
    unfolded.forEach(function (fold) { fold.open = true; });
  }

  function end() {
    if (!printing) return;
    printing = false;
    var chosen = root.dataset.mode, dark = matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = chosen === "dark" || chosen === "light" ? chosen : dark ? "dark" : "light";
    unfolded.forEach(function (fold) { fold.open = false; });
  }

  window.addEventListener("beforeprint", begin);
  window.addEventListener("afterprint", end);
  matchMedia("print").addEventListener("change", function (event) {
    if (event.matches) begin(); else end();
  });
})();
