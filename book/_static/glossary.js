// What a word means, beside the word: on hover and on focus, gone with Escape (WCAG 1.4.13).
(function () {
  "use strict";
  var notes = window.unrolledGlossary || {}, note = document.createElement("div"), now = null, leaving = 0;
  note.className = "u-term-note";
  note.id = "u-term-note";
  note.setAttribute("role", "tooltip");
  note.hidden = true;

  function hide() {
    window.clearTimeout(leaving);
    if (now) now.removeAttribute("aria-describedby");
    now = null;
    note.hidden = true;
  }

  function leave() {
    window.clearTimeout(leaving);
    leaving = window.setTimeout(function () { if (now !== document.activeElement) hide(); }, 250);  // time to reach the note
  }

  function show(link, told) {
    window.clearTimeout(leaving);
    if (now === link) return;
    hide();
    now = link;
    note.innerHTML = "<strong></strong> " + told[1];         // written by our own build
    note.firstChild.textContent = told[0];
    note.hidden = false;
    link.setAttribute("aria-describedby", note.id);
    var boxes = link.getClientRects(), box = boxes[0], page = document.documentElement, wide = note.offsetWidth;
    var left = Math.max(8, Math.min(page.clientWidth - wide - 8, box.left)), last = boxes[boxes.length - 1];
    var below = last.bottom + note.offsetHeight + 8 < page.clientHeight || box.top < note.offsetHeight + 8;
    note.style.left = left + window.scrollX + "px";
    note.style.top = (below ? last.bottom + 2 : box.top - note.offsetHeight - 2) + window.scrollY + "px";
  }

  function start() {
    (document.querySelector("main") || document.body).appendChild(note);
    document.querySelectorAll(".bd-article a[href*='#term-']").forEach(function (link) {
      var told = notes[decodeURIComponent(link.hash.slice(1)).toLowerCase()];
      if (!told || link.closest("dt")) return;
      link.addEventListener("pointerenter", function (event) { if (event.pointerType !== "touch") show(link, told); });
      link.addEventListener("pointerleave", leave);
      link.addEventListener("focus", function () { show(link, told); });
      link.addEventListener("blur", hide);
    });
    note.addEventListener("pointerenter", function () { window.clearTimeout(leaving); });
    note.addEventListener("pointerleave", leave);
    document.addEventListener("keydown", function (event) { if (event.key === "Escape") hide(); });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
