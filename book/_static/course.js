// Names and roles that the theme and its extensions leave wrong (found with axe-core).
(function () {
  "use strict";

  function drop(selector, attribute) {
    document.querySelectorAll(selector).forEach(function (element) {
      element.removeAttribute(attribute);
    });
  }

  function mend() {
    drop("summary[aria-label]", "aria-label");         // a label that hides the visible text
    drop(".citation-list", "role");                    // a list whose items are no list items
    drop("[role=doc-biblioentry]", "role");            // deprecated
    document.querySelectorAll(".sidebar-primary-item:has(> .navbar-brand)").forEach(function (logo) {
      logo.setAttribute("role", "navigation");         // a link outside of every landmark
      logo.setAttribute("aria-label", "Start");
    });
    document.querySelectorAll(".search-button-field, .theme-switch-button").forEach(function (b) {
      if (b.textContent.trim()) b.removeAttribute("aria-label");
    });
    stops();
  }

  // A box is a stop of the Tab key while it scrolls, for the keyboard could not move it otherwise.
  function stops() {
    var boxes = ".bd-article :is(div, pre, p, figure, mjx-container)";
    document.querySelectorAll(boxes).forEach(function (box) {
      if (box.querySelector(".u-sym-stop")) return;  // an arrow key brings its symbols into sight
      var wide = box.scrollWidth > box.clientWidth;
      var scrolls = wide && /auto|scroll/.test(getComputedStyle(box).overflowX);
      if (scrolls && !box.hasAttribute("tabindex")) {
        box.setAttribute("tabindex", "0");
        box.dataset.scrolls = "";
      } else if (!scrolls && ("scrolls" in box.dataset || box.matches("pre, div.highlight"))) {
        box.removeAttribute("tabindex");
        delete box.dataset.scrolls;
      }
    });
  }

  window.addEventListener("load", function () {
    mend();
    setTimeout(mend, 1500);                            // after the theme switch
    window.addEventListener("resize", stops);
    var button = document.querySelector(".theme-switch-button");
    if (button) {                                      // the theme sets its label anew at each switch
      new MutationObserver(mend).observe(button, { attributes: true });
    }
  });
})();
