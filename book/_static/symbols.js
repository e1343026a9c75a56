// Symbols that answer.  Each equation with a table of symbols becomes one stop of the Tab key: a
// range input over its symbols, so that arrow keys and screen readers need nothing of ours.
(function () {
  "use strict";
  var RULE = "http://www.w3.org/2000/svg";

  function start(details) {
    var facts = JSON.parse(details.querySelector("script").textContent), box = details.previousElementSibling;
    var marks = box ? Array.from(box.querySelectorAll("g[class*='u-sym-']")) : [];
    if (!marks.length) return;                               // the table stays: nothing can be pointed at
    var stop = document.createElement("input"), note = document.createElement("div"), shown = -1, leaving = 0;
    var which = marks.map(function (g) { return Number(/u-sym-(\d+)/.exec(g.getAttribute("class"))[1]); });

    stop.type = "range";
    stop.className = "u-sym-stop";
    stop.min = 0;
    stop.max = marks.length - 1;
    stop.value = 0;
    stop.setAttribute("aria-label", "Symbols of this equation");
    note.className = "u-sym-note";
    note.hidden = true;
    box.classList.add("u-sym-box");
    box.parentElement.classList.add("u-sym-home");
    box.insertBefore(stop, box.firstChild);
    box.after(note);
    details.hidden = true;

    function words(k) {
      var f = facts[k];
      return f.meaning + "; shape " + f.shape + (f.code ? "; in NumPy " + f.code : "");
    }

    function show(n) {
      window.clearTimeout(leaving);
      if (n === shown) return;
      hide();
      var k = which[n], f = facts[k], frame = box.parentElement.getBoundingClientRect();
      marks.forEach(function (g, m) { if (which[m] === k) g.classList.add(m === n ? "is-on" : "is-twin"); });
      note.className = "u-sym-note u-" + f.css;
      note.replaceChildren();
      [["strong", f.meaning], ["span", "shape " + f.shape], f.code ? ["code", f.code] : null].forEach(function (part) {
        if (!part) return;
        var line = document.createElement("div"), inner = document.createElement(part[0]);
        inner.textContent = part[1];
        line.appendChild(inner);
        note.appendChild(line);
      });
      note.hidden = false;
      var mark = marks[n].getBoundingClientRect(), room = frame.width - note.offsetWidth;
      note.style.left = Math.max(0, Math.min(room, mark.left + mark.width / 2 - frame.left - note.offsetWidth / 2)) + "px";
      note.style.top = box.offsetTop + box.offsetHeight + "px";
      shown = n;
    }

    function hide() {
      window.clearTimeout(leaving);
      if (shown < 0) return;
      marks.forEach(function (g) { g.classList.remove("is-on", "is-twin"); });
      note.hidden = true;
      shown = -1;
    }

    function settle() {                                       // where the pointer left: back to the keyboard's symbol
      if (document.activeElement === stop && stop.matches(":focus-visible")) show(Number(stop.value));
      else hide();
    }

    function leave() {
      window.clearTimeout(leaving);
      leaving = window.setTimeout(settle, 250);               // time to reach the note
    }

    function pick() {
      var n = Number(stop.value);
      stop.setAttribute("aria-valuetext", facts[which[n]].said + ": " + words(which[n]));
      return n;
    }

    marks.forEach(function (g, n) {
      var size = g.getBBox(), pad = document.createElementNS(RULE, "rect");
      pad.setAttribute("x", size.x - 60);
      pad.setAttribute("y", size.y - 120);
      pad.setAttribute("width", size.width + 120);
      pad.setAttribute("height", size.height + 240);
      pad.setAttribute("class", "u-sym-pad");
      g.insertBefore(pad, g.firstChild);
      g.addEventListener("pointerenter", function (event) { if (event.pointerType !== "touch") show(n); });
      g.addEventListener("pointerleave", leave);
      g.addEventListener("click", function () {
        stop.value = n;
        pick();
        stop.focus({ preventScroll: true });
        show(n);
      });
    });
    note.addEventListener("pointerenter", function () { window.clearTimeout(leaving); });
    note.addEventListener("pointerleave", leave);
    stop.addEventListener("input", function () {
      var n = pick();
      show(n);
      marks[n].scrollIntoView({ block: "nearest", inline: "nearest" });
    });
    stop.addEventListener("focus", function () { if (stop.matches(":focus-visible")) show(pick()); });
    stop.addEventListener("blur", hide);
    document.addEventListener("keydown", function (event) { if (event.key === "Escape") hide(); });
    pick();
  }

  function startAll() { document.querySelectorAll("details.u-symbols").forEach(start); }

  window.addEventListener("load", startAll);                 // its boxes are measured, so styles are there
})();
