// A second, plain way to run a cell: one sample after another, in complex numbers.  What the complex
// step gives is the derivative to rounding; it shares no line with the interpreter that it checks.
"use strict";
unrolled.part("complexStep", ["random"], function (random) {
  const STEP = 1e-30;
  const c = (re, im) => ({ re, im });
  const mul = (a, b) => c(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re);
  const plus = (a, b) => c(a.re + b.re, a.im + b.im), minus = (a, b) => c(a.re - b.re, a.im - b.im);
  const over = (a, b) => { const n = b.re * b.re + b.im * b.im; return c((a.re * b.re + a.im * b.im) / n, (a.im * b.re - a.re * b.im) / n); };
  const exp = (a) => { const e = Math.exp(a.re); return c(e * Math.cos(a.im), e * Math.sin(a.im)); };
  const log = (a) => c(Math.log(Math.hypot(a.re, a.im)), Math.atan2(a.im, a.re));
  // sinh(2a) / (cosh(2a) + cos(2b)), by e^(-2|a|) so that nothing overflows
  function tanh({ re, im }) {
    const e = Math.exp(-2 * Math.abs(re)), down = 1 + 2 * e * Math.cos(2 * im) + e * e;
    return c(Math.sign(re) * (1 - e * e) / down, 2 * e * Math.sin(2 * im) / down);
  }
  const half = (a) => c(0.5 * a.re, 0.5 * a.im);
  const sigmoid = (a) => { const t = tanh(half(a)); return c(0.5 + 0.5 * t.re, 0.5 * t.im); };
  const neg = (a) => c(-a.re, -a.im);
  const ONE = {
    neg, tanh, sigmoid, exp, log,
    relu: (a) => (a.re <= 0 ? c(0, 0) : a),
    sqrt: (a) => { const r = Math.sqrt(Math.hypot(a.re, a.im)), angle = Math.atan2(a.im, a.re) / 2; return c(r * Math.cos(angle), r * Math.sin(angle)); },
    cos: (a) => c(Math.cos(a.re) * Math.cosh(a.im), -Math.sin(a.re) * Math.sinh(a.im)),
    sin: (a) => c(Math.sin(a.re) * Math.cosh(a.im), Math.cos(a.re) * Math.sinh(a.im)),
    log_sigmoid: (a) => { const s = a.re > 0 ? 1 : -1, e = exp(c(-s * a.re, -s * a.im)), l = log(c(1 + e.re, e.im)); return minus(a.re > 0 ? c(0, 0) : a, l); },
    positive: (a) => (a.re >= 0 ? c(a.re + 0.5, a.im) : sigmoid(a)),
  };
  const TWO = { "+": plus, "-": minus, "*": mul, "/": over, maximum: (a, b) => (a.re >= b.re ? a : b) };
  const sum = (list) => list.reduce(plus, c(0, 0));

  // A value is a list of complex numbers, {list, wide} where it is a matrix.
  function value(tree, env, H) {
    if (typeof tree === "number" || typeof tree === "boolean") return [c(Number(tree), 0)];
    if (typeof tree === "string") return env[tree];
    const [op, ...parts] = tree, args = parts.map((part) => value(part, env, H));
    if (op in ONE) return args[0].map(ONE[op]);
    if (op === "@") {
      const n = args[1].length;
      return Array.from({ length: args[0].length / n }, (_, j) => sum(args[1].map((v, k) => mul(args[0][j * n + k], v))));
    }
    if (op in TWO) {
      const n = Math.max(args[0].length, args[1].length), at = (list, k) => list[list.length === 1 ? 0 : k];
      return Array.from({ length: n }, (_, k) => TWO[op](at(args[0], k), at(args[1], k)));
    }
    if (op === "concat") return args.flat();
    if (op === "total") return [sum(args[0])];
    if (op === "softmax") {
      const most = Math.max(...args[0].map((a) => a.re)), e = args[0].map((a) => exp(c(a.re - most, a.im))), all = sum(e);
      return e.map((v) => over(v, all));
    }
    if (op === "outer") return args[0].flatMap((u) => args[1].map((v) => mul(u, v)));
    if (op === "diag") return args[1].map((v, k) => mul(args[0][Math.floor(k / H)], v));
    return Array.from({ length: H }, (_, j) => sum(args[1].map((q, k) => mul(args[0][j * H + k], q))));       // read
  }

  // Σ y dy over a sequence, as a complex number
  function loss(facts, params, x, dy, { T, B, D, H }) {
    let all = c(0, 0);
    for (let b = 0; b < B; b++) {
      let state = Object.fromEntries(facts.states.map((s) => [`${s}_prev`, Array.from({ length: facts.matrices.includes(s) ? H * H : H }, () => c((facts.initial || {})[s] || 0, 0))]));
      for (let t = 0; t < T; t++) {
        const env = { ...params, ...state, x: x.slice((t * B + b) * D, (t * B + b + 1) * D) };
        for (const [, name, tree] of facts.trees) env[name] = value(tree, env, H);
        all = plus(all, sum(env[facts.output].map((v, k) => mul(v, c(dy[(t * B + b) * H + k], 0)))));
        state = Object.fromEntries(facts.states.map((s) => [`${s}_prev`, env[s]]));
      }
    }
    return all;
  }

  // For every parameter: the derivative along a random direction, by complex step and by `layer`.
  return function complexStep(facts, build, seed) {
    const sizes = { T: 4, B: 2, D: 3, H: 4 }, { normal, between } = random(seed, "check");
    const size = { D: sizes.D, H: sizes.H }, params = {}, grads = {};
    for (const { name, axes } of facts.params) {
      const n = axes.reduce((m, axis) => m * (parseInt(axis, 10) || 1) * size[axis.slice(-1)], 1);
      params[name] = Float64Array.from({ length: n }, () => between(0.1, 0.9) * (normal() < 0 ? -1 : 1));
      grads[name] = new Float64Array(n);
    }
    const x = Float64Array.from({ length: sizes.T * sizes.B * sizes.D }, normal), dy = Float64Array.from({ length: sizes.T * sizes.B * sizes.H }, normal);
    const layer = build(facts, params, grads, sizes);
    layer.forward(x);
    const dx = layer.backward(dy);
    const plain = (list) => Array.from(list, (v) => c(v, 0)), base = Object.fromEntries(Object.entries(params).map(([n, p]) => [n, plain(p)]));
    const found = [...facts.params.map((p) => p.name), "x"].map((name) => {
      const at = name === "x" ? x : params[name], g = name === "x" ? dx : grads[name], way = Float64Array.from(at, normal);
      const moved = Array.from(at, (v, k) => c(v, STEP * way[k]));
      const step = (name === "x" ? loss(facts, base, moved, dy, sizes) : loss(facts, { ...base, [name]: moved }, plain(x), dy, sizes)).im / STEP;
      const reverse = g.reduce((s, v, k) => s + v * way[k], 0);
      return { name, step, reverse };
    });
    // a derivative that is nothing but rounding is measured by the others
    const most = Math.max(...found.map(({ step }) => Math.abs(step)));
    for (const row of found) row.off = Math.abs(row.step - row.reverse) / Math.max(Math.abs(row.step), Math.abs(row.reverse), 1e-4 * most, 1e-300);
    return found;
  };
});
