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
    document.querySelectorAll(".search-button-field, .theme-switch-button").forEach(function (b) {
      if (b.textContent.trim()) b.removeAttribute("aria-label");
    });
    var scrolls = "div.highlight pre, div.math, mjx-container, .pst-scrollable-table-container";
    document.querySelectorAll(scrolls).forEach(function (box) {
      if (box.querySelector(".u-sym-stop")) return;     // an arrow key brings its symbols into sight
      if (box.scrollWidth > box.clientWidth) box.setAttribute("tabindex", "0");  // for the keyboard
    });
  }

  window.addEventListener("load", function () {
    mend();
    setTimeout(mend, 1500);                            // after MathJax and the theme switch
    var button = document.querySelector(".theme-switch-button");
    if (button) {                                      // the theme sets its label anew at each switch
      new MutationObserver(mend).observe(button, { attributes: true });
    }
  });
})();
