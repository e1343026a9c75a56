// A recurrent layer with a linear readout that learns: loss, backward, clipping, one update.
// As course_utils.lab.numpy_models.Net in float64; optimisers as course_utils.numpy_nn.optim.
"use strict";
unrolled.part("nets", ["runtime", "cells", "tree", "random"], function (runtime, cells, tree, random) {
  // spec: facts of a cell (params, retention, initial, …); spec.key names a printed cell where there is one
  function shapes(spec, sizes) {
    return spec.params.map(({ name, axes, symbols }) => ({ name, symbols, n: axes.reduce((n, axis) =>
      n * (parseInt(axis, 10) || 1) * (axis.endsWith("D") ? sizes.D : sizes.H), 1) }));
  }

  // {symbol: its part of the arrays}, views
  function blocks(spec, arrays) {
    const found = {};
    for (const { name, symbols } of spec.params) {
      const n = arrays[name].length / symbols.length;
      symbols.forEach((symbol, k) => { found[symbol] = arrays[name].subarray(k * n, (k + 1) * n); });
    }
    return found;
  }

  function setBias(symbols, gate, value) {
    const own = symbols[`b_x${gate}`] || symbols[`b_${gate}`];
    if (!own) return false;
    own.fill(value);
    if (symbols[`b_h${gate}`]) symbols[`b_h${gate}`].fill(0);
    return true;
  }

  // Uniform in ±1/√H, as PyTorch draws; then what the cell's definition wants, then what the reader wants.
  function draw(spec, sizes, N, seed, start) {
    const { H } = sizes, bound = 1 / Math.sqrt(H), { between } = random(seed, "weights"), params = {};
    for (const { name, n } of shapes(spec, sizes)) params[name] = Float64Array.from({ length: n }, () => between(-bound, bound));
    const symbols = blocks(spec, params), { retention, input } = start || {};
    for (const [symbol, [low, high]] of Object.entries(spec.start || {})) {
      symbols[symbol].forEach((_, k, all) => { all[k] = between(low, high); });
    }
    if (spec.own === "lru") {
      for (let k = 0; k < H; k++) {
        params.nu[k] = retention ? Math.log(-Math.log(retention)) : Math.log(-0.5 * Math.log(between(0.25, 0.9801)));
        params.gamma_log[k] = 0.5 * Math.log(-Math.expm1(-2 * Math.exp(params.nu[k])));
      }
    } else if (retention) {
      const logit = Math.log(retention / (1 - retention));
      for (const [gate, sign] of spec.retention) setBias(symbols, gate, sign * logit);
      for (const [symbol, kind] of Object.entries(spec.keeps || {})) symbols[symbol].fill(kind === "logit" ? logit : retention);
    }
    if (input != null) setBias(symbols, "i", input);
    if (spec.config && Array.isArray(spec.config.periods)) {
      const { periods } = spec.config, period = (k) => periods[Math.floor(k / (H / periods.length))];
      params.weight_hh.forEach((_, k, all) => { if (period(k % H) < period(Math.floor(k / H))) all[k] = 0; });
    }
    params.out_weight = Float64Array.from({ length: N * H }, () => between(-bound, bound));
    params.out_bias = new Float64Array(N);
    return params;
  }

  // Both kinds of layer: forward(x) -> y (T, B, H); backward(dy) adds to grads and returns dx.
  function layer(spec, params, grads, sizes) {
    if (!spec.key) return tree.build(spec, params, grads, sizes);
    const cell = cells[spec.key];
    let run = null;
    return {
      forward(x, options) { run = runtime.unroll(cell, params, x, sizes, options); return run.y; },
      backward(dy, dlast) {
        const found = runtime.unrollBackward(run, dy, dlast);
        for (const [name, g] of Object.entries(found.grads)) {
          if (!(name in grads)) continue;                      // of an input that the layer reads besides x
          const to = grads[name];
          for (let k = 0; k < g.length; k++) to[k] += g[k];
        }
        this.found = found;
        return found.dx;
      },
      last: () => run.last, dstate0() { return this.found.dstate0; },
    };
  }

  // Scores (P, N) at the places that are asked, and their way back.
  function readout(params, y, asked, N, H) {
    const rows = new Float64Array(asked.length * H), scores = new Float64Array(asked.length * N);
    for (let p = 0; p < asked.length; p++) rows.set(y.subarray(asked[p] * H, (asked[p] + 1) * H), p * H);
    runtime.product(rows, 0, params.out_weight, N, H, scores, 0, asked.length);
    for (let k = 0; k < scores.length; k++) scores[k] += params.out_bias[k % N];
    return { rows, scores };
  }

  // Cross-entropy in nats, or the mean squared error; gradient (P, N).
  function loss(batch, scores) {
    const { N, target } = batch, P = target.length, d = new Float64Array(P * N);
    let sum = 0;
    for (let p = 0; p < P; p++) {
      if (!batch.allowed) {
        const error = scores[p] - target[p];
        sum += error * error;
        d[p] = 2 * error / P;
        continue;
      }
      let most = -Infinity, all = 0;
      for (let k = 0; k < N; k++) most = Math.max(most, scores[p * N + k]);
      for (let k = 0; k < N; k++) all += Math.exp(scores[p * N + k] - most);
      sum += Math.log(all) + most - scores[p * N + target[p]];
      for (let k = 0; k < N; k++) d[p * N + k] = (Math.exp(scores[p * N + k] - most) / all - (k === target[p])) / P;
    }
    return { value: sum / P, d };
  }

  function net(spec, { H, N, D, seed, start, params }) {
    const sizes = { D, H };
    params = params || draw(spec, sizes, N, seed, start);
    const grads = {}, moments = { n: 0, mean: {}, square: {} }, layers = new Map();
    for (const [name, p] of Object.entries(params)) {
      grads[name] = new Float64Array(p.length);
      moments.mean[name] = new Float64Array(p.length);
      moments.square[name] = new Float64Array(p.length);
    }
    const names = Object.keys(params);

    function of(T, B) {                                  // the layer for one size of batch; buffers are reused
      const key = `${T} ${B}`;
      if (!layers.has(key)) layers.set(key, layer(spec, params, grads, { T, B, D, H }));
      return layers.get(key);
    }

    function answers({ x, T, B, asked }) {
      const y = of(T, B).forward(x), { rows, scores } = readout(params, y, asked, N, H);
      return { y, rows, scores };
    }

    // Gradients of the mean loss, in `grads`; weights of the asked places, or all alike.
    function gradients(batch, only) {
      const { T, B, asked } = batch, { y, rows, scores } = answers(batch), { value, d } = loss(batch, scores);
      if (only) d.forEach((_, k) => { d[k] *= only[Math.floor(k / N)] * asked.length; });
      for (const name of names) grads[name].fill(0);
      const dy = new Float64Array(y.length), drows = new Float64Array(rows.length);
      runtime.productBack(d, 0, params.out_weight, N, H, drows, 0, asked.length);
      runtime.weightBack(d, 0, rows, 0, N, H, grads.out_weight, asked.length);
      for (let k = 0; k < d.length; k++) grads.out_bias[k % N] += d[k];
      for (let p = 0; p < asked.length; p++) for (let k = 0; k < H; k++) dy[asked[p] * H + k] += drows[p * H + k];
      const dx = of(T, B).backward(dy);
      return { loss: value, scores, dx, dy };
    }

    function norm() {
      let sum = 0;
      for (const name of names) for (const g of grads[name]) sum += g * g;
      return Math.sqrt(sum);
    }

    // One update; clip: the largest joint norm, or null.
    function update(batch, { optimiser, rate, clip }) {
      const found = gradients(batch), before = norm(), factor = clip && before > clip ? clip / before : 1;
      moments.n += 1;
      for (const name of names) {
        const p = params[name], g = grads[name], m = moments.mean[name], v = moments.square[name];
        if (optimiser === "sgd") for (let k = 0; k < p.length; k++) p[k] -= rate * (g[k] * factor);
        else {
          const b1 = 1 - Math.pow(0.9, moments.n), b2 = 1 - Math.pow(0.999, moments.n);
          for (let k = 0; k < p.length; k++) {
            const e = g[k] * factor;
            m[k] = 0.9 * m[k] + (1 - 0.9) * e;
            v[k] = 0.999 * v[k] + (1 - 0.999) * e * e;
            p[k] -= rate * (m[k] / b1) / (Math.sqrt(v[k] / b2) + 1e-8);
          }
        }
      }
      return { loss: found.loss, before, after: before * factor };
    }

    return { spec, params, grads, gradients, answers, update, norm };
  }

  return { net, draw, layer, blocks, shapes };
});
