// Code that scrolls sideways is a stop of the Tab key; folded code can be measured once it is open.
document.addEventListener("toggle", function (event) {
  "use strict";
  event.target.querySelectorAll("div.highlight pre").forEach(function (box) {
    if (box.scrollWidth > box.clientWidth) box.setAttribute("tabindex", "0");
  });
}, true);
