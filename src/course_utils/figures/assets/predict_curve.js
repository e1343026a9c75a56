// A curve that the reader draws: by pointer over the grid, or one point after the other by keyboard.
(function () {
  "use strict";

  function start(root) {
    var predict = unrolled.predict, data = unrolled.data(root), scale = data.scale, count = data.at.length;
    var svg = root.querySelector("svg"), layer = root.querySelector(".u-yours"), now = 0, dragging = -1, before = null, waiting = false;
    var span = scale.last - scale.first, fine = 0.02, coarse = 0.1;

    function y(value) { return scale.first + span * predict.share(scale, value); }

    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", root.querySelector(".u-question").textContent);
    var line = unrolled.element(layer, "path", { class: "u-line" });
    var pad = unrolled.element(layer, "rect", { class: "u-pad", x: data.at[0] - 14, width: data.at[count - 1] - data.at[0] + 28,
      y: Math.min(scale.first, scale.last) - 10, height: Math.abs(span) + 20 });
    var knobs = data.at.map(function (at, k) {
      var knob = unrolled.element(layer, "g", { class: "u-knob", role: "slider", tabindex: k ? -1 : 0, "aria-orientation": "vertical",
        "aria-label": data.xlabel + " " + predict.text(data.x[k]), "aria-valuemin": 0, "aria-valuemax": 100 });
      unrolled.element(knob, "circle", { class: "u-target", cx: at, r: 20 });
      unrolled.element(knob, "circle", { cx: at, r: 8 });
      return knob;
    });

    function draw(mine) {
      var points = [];
      knobs.forEach(function (knob, k) {
        var value = mine[k] === null ? predict.value(scale, 0.5) : mine[k], at = y(value);
        knob.querySelectorAll("circle").forEach(function (circle) { circle.setAttribute("cy", at.toFixed(2)); });
        knob.classList.toggle("is-set", mine[k] !== null);
        knob.setAttribute("aria-valuenow", Math.round(100 * predict.share(scale, value)));
        knob.setAttribute("aria-valuetext", mine[k] === null ? "not set" : predict.text(value, data.unit));
        if (mine[k] !== null) points.push(data.at[k] + " " + at.toFixed(2));
      });
      line.setAttribute("d", points.length ? "M" + points.join("L") : "");
    }

    var state = predict(root, data, draw, function (k) { return "at " + data.xlabel + " " + predict.text(data.x[k]); });

    function go(k, focus) {
      knobs[now].setAttribute("tabindex", -1);
      now = Math.min(count - 1, Math.max(0, k));
      knobs[now].setAttribute("tabindex", 0);
      if (focus) knobs[now].focus();
    }

    // not on the layer: Chromium makes a stop of the Tab key of an SVG element that listens to focus
    root.addEventListener("focusin", function (event) {
      var k = knobs.indexOf(event.target.closest(".u-knob"));
      if (k >= 0) go(k);
    });
    layer.addEventListener("keydown", function (event) {
      var moves = { ArrowUp: fine, ArrowDown: -fine, PageUp: coarse, PageDown: -coarse };
      var steps = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: count - 1 };
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key in steps) go(steps[event.key], true);
      else if (event.key in moves) {
        var value = state.get(now), part = value === null ? 0.5 : predict.share(scale, value);
        state.set(now, predict.value(scale, Math.round((part + moves[event.key]) / fine) * fine));
      } else return;
      event.preventDefault();
    });

    // A drag sets the point nearest to the pointer, and, where it was fast, those that it passed.
    function place(event) {
      var point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      var part = Math.min(1, Math.max(0, (point.y - scale.first) / span)), near = 0;
      data.at.forEach(function (at, k) { if (Math.abs(at - point.x) < Math.abs(data.at[near] - point.x)) near = k; });
      return { k: near, part: part };
    }

    function drag(event) {
      var here = place(event), from = before || here, steps = Math.max(1, Math.abs(here.k - from.k));
      for (var j = before ? 0 : 1; j <= steps; j++) {
        var k = from.k + (here.k - from.k) * j / steps;
        state.set(Math.round(k), predict.value(scale, from.part + (here.part - from.part) * j / steps));
      }
      before = here;
      go(here.k);
    }

    // A finger on the grid may mean to scroll: it draws once it has moved sideways, or has tapped.
    layer.addEventListener("pointerdown", function (event) {
      if (event.button || dragging >= 0) return;
      dragging = event.pointerId;
      before = null;
      waiting = event.pointerType === "touch" && { x: event.clientX, y: event.clientY };
      pad.setPointerCapture(dragging);
      if (waiting) return;
      event.preventDefault();
      drag(event);
      knobs[now].focus({ preventScroll: true });
    });
    pad.addEventListener("pointermove", function (event) {
      if (event.pointerId !== dragging) return;
      if (waiting && Math.abs(event.clientX - waiting.x) < Math.max(6, Math.abs(event.clientY - waiting.y))) return;
      if (waiting) before = place({ clientX: waiting.x, clientY: waiting.y });
      waiting = false;
      drag(event);
    });
    pad.addEventListener("pointerup", function (event) {
      if (event.pointerId !== dragging) return;
      if (waiting) drag(event);
      dragging = -1;
    });
    pad.addEventListener("pointercancel", function (event) { if (event.pointerId === dragging) dragging = -1; });
  }

  unrolled.each(".u-predict-curve", start);
})();
