// The interpreter: runs the trees of a cell's equations over time, forwards and backwards.
//   facts: trees [["=", name, tree]], states [name], params [{name, axes, symbols}], config, initial,
//          inputs, matrices, output.  All buffers are made once for a size; every update reuses them.
// A node is {op, args, dims, stage, data, grad}: stage 0 reads parameters alone, 1 whole sequences,
// 2 belongs to a step.  Sums run backwards by the same strides, so what was spread is gathered.
"use strict";
unrolled.part("tree", ["runtime", "operations"], function ({ product, productBack, weightBack }, { UNARY, PAIR, ROWS, unary }) {
  const size = (dims) => dims.reduce((n, d) => n * d, 1);

  function build(facts, params, grads, sizes) {
    const { T, B, D, H } = sizes, nodes = [], known = new Map(), names = {}, options = facts.config || {};
    const matrices = facts.matrices || [];

    function node(op, args, dims, more) {
      const key = more && more.own ? null : `${op}(${args.map((a) => a.id)})${more && more.key ? more.key : ""}`;
      if (key && known.has(key)) return known.get(key);
      const stage = more && more.stage != null ? more.stage : Math.max(0, ...args.map((a) => a.stage));
      const made = { id: nodes.length, op, args, dims, stage, size: size(dims), ...more };
      const count = made.size * (stage ? T * B : 1);
      if (!made.data) { made.data = new Float64Array(count); made.grad = new Float64Array(count); }
      nodes.push(made);
      if (key) known.set(key, made);
      return made;
    }
    const copy = (a) => node("copy", [a], a.dims, { stage: 2, own: true });

    // -- leaves: what carries no time, the input, the states of the step before
    for (const { name, axes, symbols } of facts.params) {
      const n = params[name].length / symbols.length;
      const widths = axes.map((axis) => (parseInt(axis, 10) || 1) * (axis.endsWith("D") ? D : H));
      widths[0] /= symbols.length;
      symbols.forEach((symbol, k) => {
        names[symbol] = node("leaf", [], widths, { stage: 0, own: true, data: params[name].subarray(k * n, (k + 1) * n), grad: grads[name].subarray(k * n, (k + 1) * n) });
      });
    }
    for (const symbol of Object.keys(names)) {
      const sum = `b_${symbol.slice(3)}`, other = `b_h${symbol.slice(3)}`;
      if (symbol.startsWith("b_x") && other in names && !(sum in names)) names[sum] = node("+", [names[symbol], names[other]], names[symbol].dims);
    }
    for (const [name, value] of Object.entries(options)) {
      names[name] = typeof value === "number" ? constant(value) : { periods: value };
    }
    function constant(value) {
      return node("leaf", [], [], { stage: 0, key: `constant ${value}`, data: Float64Array.of(value), grad: new Float64Array(1) });
    }
    names.x = node("leaf", [], [D], { stage: 1, own: true });
    for (const name of facts.inputs || []) names[name] = node("leaf", [], [H], { stage: 1, own: true });
    const states = {};
    for (const name of facts.states) {
      const dims = matrices.includes(name) ? [H, H] : [H], n = size(dims) * B;
      states[name] = { n, data: new Float64Array((T + 1) * n), grad: new Float64Array((T + 1) * n) };
      names[`${name}_prev`] = node("leaf", [], dims, { stage: 2, own: true, data: states[name].data, grad: states[name].grad });
    }

    // -- the equations
    function value(tree) {
      if (typeof tree === "string") return names[tree];
      if (typeof tree === "number") return constant(tree);
      const [op, ...parts] = tree, args = parts.map(value);
      if (op in UNARY) return node(op, args, args[0].dims);
      if (op === "@") return node("@", args, [args[0].dims[0]]);
      if (op in PAIR) {
        const [a, b] = args, wide = a.dims.length !== b.dims.length ? (a.dims.length > b.dims.length ? a : b) : a.size >= b.size ? a : b;
        return node(op, args, wide.dims);
      }
      if (op === "concat") return node(op, args, [args.reduce((n, a) => n + a.size, 0)]);
      if (op === "softmax") return node(op, args, args[0].dims);
      if (op === "total") return node(op, args, [1]);
      if (op === "outer") return node(op, args, [args[0].size, args[1].size]);
      if (op === "diag") return node(op, args, args[1].dims);
      if (op === "read") return node(op, args, [args[0].dims[0]]);
      const { periods } = args[1], period = (k) => periods[Math.floor(k / (H / periods.length))];
      return node(op, [args[0]], args[0].dims, { period, key: String(periods) });         // due, slower
    }
    for (const [, name, tree] of facts.trees) {
      let result = value(tree);
      if (name in states) {
        // the state of a step is kept one block later than the step: a copy there
        names[name] = result = result.stage === 2 && result.op !== "leaf" ? result : copy(result);
        const kept = node("copy", [result], result.dims, { stage: 2, own: true, state: true, data: states[name].data, grad: states[name].grad });
        if (kept.size * B !== states[name].n) throw new Error(`${name}: its equation gives ${kept.size} numbers, the state has ${states[name].n / B}`);
      } else names[name] = result;
    }
    let output = names[facts.output];
    if (output.stage < 2 || output.op === "leaf") output = copy(output);

    // -- running one node
    const before = (a, t) => (a.stage ? t * B * a.size : 0);
    function strides(a, n) { return !a.stage ? [0, a.size === 1 && n > 1 ? 0 : 1] : a.size === n ? [n, 1] : [a.size, 0]; }

    function runner(m) {
      const { op, args: [a, b], size: n } = m, own = (t) => (m.state ? (t + 1) * B * n : before(m, t));
      if (op in UNARY) {
        const { forward, backward } = unary(op);
        const spread = m.stage && !a.stage;                    // a copy of what has no rows
        return {
          forward(t, R) {
            if (!spread) return forward(a.data, before(a, t), m.data, own(t), R * n);
            for (let r = 0; r < R; r++) forward(a.data, 0, m.data, own(t) + r * n, n);
          },
          backward(t, R) {
            if (!spread) return backward(a.data, m.data, m.grad, own(t), a.grad, before(a, t), R * n);
            for (let r = 0; r < R; r++) backward(a.data, m.data, m.grad, own(t) + r * n, a.grad, 0, n);
          },
        };
      }
      if (op in PAIR) {
        const [forward, backward] = PAIR[op], [ar, ak] = strides(a, n), [br, bk] = strides(b, n);
        return {
          forward(t, R) { forward(m.data, own(t), a.data, before(a, t), ar, ak, b.data, before(b, t), br, bk, R, n); },
          backward(t, R) { backward(m.grad, own(t), a.data, a.grad, before(a, t), ar, ak, b.data, b.grad, before(b, t), br, bk, R, n); },
        };
      }
      if (op === "@") {
        const height = n, width = b.size;
        return {
          forward(t, R) { product(b.data, before(b, t), a.data, height, width, m.data, own(t), R); },
          backward(t, R) {
            productBack(m.grad, own(t), a.data, height, width, b.grad, before(b, t), R);
            if (m.stage < 2) weightBack(m.grad, own(t), b.data, before(b, t), height, width, a.grad, R);
          },
          // the weight's gradient of all steps at once
          whole() { if (m.stage === 2) weightBack(m.grad, 0, b.data, 0, height, width, a.grad, T * B); },
        };
      }
      if (op === "concat") {
        return {
          forward(t, R) {
            let at = own(t);
            for (let r = 0; r < R; r++) for (const p of m.args) { const from = before(p, t) + (p.stage ? r * p.size : 0); for (let k = 0; k < p.size; k++) m.data[at++] = p.data[from + k]; }
          },
          backward(t, R) {
            let at = own(t);
            for (let r = 0; r < R; r++) for (const p of m.args) { const from = before(p, t) + (p.stage ? r * p.size : 0); for (let k = 0; k < p.size; k++) p.grad[from + k] += m.grad[at++]; }
          },
        };
      }
      if (op === "due") {
        return { forward(t, R) { for (let r = 0; r < R; r++) for (let k = 0; k < n; k++) m.data[own(t) + r * n + k] = a.data[before(a, t) + r * n + k] % m.period(k) === 0 ? 1 : 0; }, backward() {} };
      }
      if (op === "slower") {
        const hears = (k) => m.period(k % H) >= m.period(Math.floor(k / H));
        return {
          forward() { for (let k = 0; k < n; k++) m.data[k] = hears(k) ? a.data[k] : 0; },
          backward() { for (let k = 0; k < n; k++) if (hears(k)) a.grad[k] += m.grad[k]; },
        };
      }
      return ROWS[op](m, own, before);
    }

    const run = nodes.map((m) => (m.op === "leaf" ? null : runner(m)));
    const of = (stage) => nodes.filter((m) => m.stage === stage && run[m.id]);
    const constants = of(0), sequences = of(1), steps = of(2);
    const fresh = nodes.filter((m) => !(m.op === "leaf" && m.stage === 0));   // the caller's gradients are the caller's
    const wholes = steps.filter((m) => run[m.id].whole);

    function forward(x, { state0 = {}, inputs = {} } = {}) {
      names.x.data.set(x);
      for (const name of facts.inputs || []) inputs[name] ? names[name].data.set(inputs[name]) : names[name].data.fill(0);
      for (const name of facts.states) {
        const first = states[name].data.subarray(0, states[name].n);
        state0[name] ? first.set(state0[name]) : first.fill((facts.initial || {})[name] || 0);
      }
      for (const m of constants) run[m.id].forward(0, 1);
      for (const m of sequences) run[m.id].forward(0, T * B);
      for (let t = 0; t < T; t++) for (const m of steps) run[m.id].forward(t, B);
      return output.data;
    }

    // Adds to the gradients of the parameters.
    function backward(dy, dlast = {}) {
      for (const m of fresh) m.grad.fill(0);
      for (const [name, d] of Object.entries(dlast)) states[name].grad.set(d, T * states[name].n);
      for (let k = 0; k < dy.length; k++) output.grad[k] += dy[k];
      for (let t = T - 1; t >= 0; t--) for (let k = steps.length - 1; k >= 0; k--) run[steps[k].id].backward(t, B);
      for (const m of wholes) run[m.id].whole();
      for (let k = sequences.length - 1; k >= 0; k--) run[sequences[k].id].backward(0, T * B);
      for (let k = constants.length - 1; k >= 0; k--) run[constants[k].id].backward(0, 1);
      return names.x.grad;
    }

    const last = () => Object.fromEntries(facts.states.map((s) => [s, states[s].data.slice(T * states[s].n)]));
    const dstate0 = () => Object.fromEntries(facts.states.map((s) => [s, states[s].grad.slice(0, states[s].n)]));
    // {name: {data (T, B, n), n}} of every equation that has a value for each step
    const values = () => Object.fromEntries(facts.trees.map(([, name]) => [name, names[name]]).filter(([, m]) => m.stage > 0)
      .map(([name, m]) => [name, { data: m.data, n: m.size }]));
    return { forward, backward, last, dstate0, values, dinputs: () => Object.fromEntries((facts.inputs || []).map((s) => [s, names[s].grad])) };
  }

  return { build };
});
