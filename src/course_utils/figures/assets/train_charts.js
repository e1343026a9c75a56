// Pictures of a training: curves, and what a network holds while it reads one sequence.
"use strict";
(function () {
  const W = 360, H = 214, LEFT = 52, RIGHT = 12, TOP = 26, BOTTOM = 180;
  const add = (...args) => unrolled.element(...args);

  function power(v) {                                   // 0.01 -> "0.01", 1e-5 -> "10⁻⁵"
    if (!(v > 0)) return String(v);
    const e = Math.round(Math.log10(v));
    return e >= -2 && e <= 3 ? String(Number(v.toPrecision(2))) : "10" + String(e).replace(/./g, (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] || "⁻");
  }

  // Mean points of at most `most` equal stretches: curves that a phone draws fast.
  function thin(points, most = 150) {
    const each = Math.ceil(points.length / most), out = [];
    if (each <= 1) return points;
    for (let k = 0; k < points.length; k += each) {
      const part = points.slice(k, k + each);
      out.push([part[0][0], part.reduce((s, p) => s + p[1], 0) / part.length]);
    }
    return out;
  }

  // series: [{css, points [[x, y]], faint}]; scale: "log" or [low, high]
  function curves(svg, { title, series, scale, right, across, percent }) {
    svg.replaceChildren();
    const ys = series.flatMap((s) => s.points.map((p) => p[1])).filter((v) => isFinite(v) && (scale !== "log" || v > 0));
    let low = 0, high = 1;
    if (scale === "log") {
      low = Math.floor(Math.log10(Math.min(...ys, 1)));
      high = Math.ceil(Math.log10(Math.max(...ys, 0.1)) + 1e-9);
      if (ys.length) { low = Math.max(Math.floor(Math.log10(Math.min(...ys))), high - 12); }
      if (high - low < 1) high = low + 1;
    } else [low, high] = scale;
    const x = (v) => LEFT + (W - LEFT - RIGHT) * v / Math.max(1, right);
    const y = (v) => {
      const u = scale === "log" ? Math.log10(Math.max(v, 1e-300)) : v;
      return BOTTOM - (BOTTOM - TOP) * (Math.min(high, Math.max(low, u)) - low) / (high - low);
    };
    add(svg, "text", { class: "u-train-title", x: 4, y: 14 }, title);
    const steps = scale === "log" ? high - low : 2, every = scale === "log" ? Math.ceil(steps / 4) : 1;
    for (let k = 0; k <= steps; k += every) {
      const v = scale === "log" ? Math.pow(10, low + k) : low + (high - low) * k / steps;
      add(svg, "path", { class: "u-rule", d: `M${LEFT} ${y(v)}H${W - RIGHT}` });
      add(svg, "text", { class: "u-train-tick", x: LEFT - 6, y: y(v) + 4, "text-anchor": "end" }, percent ? Math.round(100 * v) + " %" : scale === "log" ? power(v) : unrolled.number(v, 1));
    }
    for (const share of [0, 0.5, 1]) {
      add(svg, "text", { class: "u-train-tick", x: x(share * right), y: BOTTOM + 16, "text-anchor": share === 1 ? "end" : share ? "middle" : "start" }, String(Math.round(share * right)));
    }
    add(svg, "text", { class: "u-train-tick", x: W - RIGHT, y: BOTTOM + 31, "text-anchor": "end" }, across);
    for (const { css, points, faint } of series) {
      const kept = (faint ? points : thin(points)).filter((p) => isFinite(p[1]) && (scale !== "log" || p[1] > 0));
      if (!kept.length) continue;
      const d = kept.map(([a, b], k) => `${k ? "L" : "M"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");
      add(svg, "path", { class: `${faint ? "u-train-faint" : "u-train-line"} ${css}`, d: kept.length === 1 ? d + "h0.01" : d });
    }
  }

  const MEANING = { f: "forget", i: "input", o: "output", g: "candidate", n: "candidate", z: "forget", r: "output", c: "cell", h: "hidden", x: "x" };
  const ROW = 30, HEAD = 6;

  // One unit of a network along a sequence: a row of bars for each quantity that its equations name.
  function look(svg, { values, T, letters, answers }, unit, units) {
    const longest = Math.max(...letters.map((l) => l.length), ...answers.map((a) => a.text.length));
    const left = 62, wide = Math.max(620, left + 8 + T * (longest * 9 + 3)), column = (wide - left - 8) / T;
    const high = HEAD + ROW * values.length + 40;
    svg.style.minWidth = `${0.78 * wide}px`;               // a long sequence scrolls; letters stay letters
    svg.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    svg.replaceChildren();
    values.forEach(({ name, data }, row) => {
      const [base, ...sub] = name.split("_"), top = HEAD + ROW * row, inner = ROW - 7;
      const group = add(svg, "g", { class: `u-bars u-${MEANING[base] || "neutral"}` });
      const label = add(group, "text", { class: "u-name", x: left - 10, y: top + inner * 0.75, "text-anchor": "end" }, base);
      if (sub.length) { const small = add(label, "tspan", { class: "u-sub", dy: "0.25em" }); small.textContent = sub.join(""); }
      let most = 1, low = 0;
      for (let t = 0; t < T; t++) { const v = data[t * units + unit]; most = Math.max(most, Math.abs(v)); low = Math.min(low, v); }
      const zero = low < 0 ? top + inner / 2 : top + inner, scale = (low < 0 ? inner / 2 : inner) / most;
      for (let t = 0; t < T; t++) {
        const v = data[t * units + unit], at = left + column * t;
        add(group, "rect", { class: "u-cup", x: at + 1, y: top, width: Math.max(1, column - 2), height: inner, rx: Math.min(3, column / 4) });
        if (isFinite(v)) add(group, "rect", { class: "u-fill", x: at + 1, width: Math.max(1, column - 2), y: Math.min(zero, zero - v * scale), height: Math.max(1, Math.abs(v * scale)) });
      }
      if (most > 1) add(svg, "text", { class: "u-train-tick", x: 2, y: top + inner * 0.75 }, `±${unrolled.number(most, 1)}`);
    });
    const foot = HEAD + ROW * values.length + 12;
    letters.forEach((letter, t) => add(svg, "text", { class: "u-train-letter", x: left + column * (t + 0.5), y: foot, "text-anchor": "middle" }, letter));
    answers.forEach(({ t, text, right }) => {
      add(svg, "text", { class: `u-train-letter ${right ? "is-right" : "is-wrong"}`, x: left + column * (t + 0.5), y: foot + 19, "text-anchor": "middle" }, text);
    });
    add(svg, "text", { class: "u-train-tick", x: 2, y: foot }, "reads");
    add(svg, "text", { class: "u-train-tick", x: 2, y: foot + 19 }, "says");
  }

  unrolled.trainCharts = { curves, look, power };
})();
