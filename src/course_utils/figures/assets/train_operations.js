// What the functions of the equation language do to flat arrays, forwards and backwards.
"use strict";
unrolled.part("operations", [], function () {
  const sigmoid = (a) => 0.5 + 0.5 * Math.tanh(0.5 * a);
  // One operand: f(a) and its slope from a and y = f(a).
  const UNARY = {
    neg: [(a) => -a, () => -1],
    copy: [(a) => a, () => 1],
    sigmoid: [sigmoid, (a, y) => y * (1 - y)],
    tanh: [Math.tanh, (a, y) => 1 - y * y],
    relu: [(a) => (0 >= a ? 0 : a), (a) => (a > 0 ? 1 : 0)],
    exp: [Math.exp, (a, y) => y],
    log: [Math.log, (a) => 1 / a],
    sqrt: [Math.sqrt, (a, y) => 0.5 / y],
    cos: [Math.cos, (a) => -Math.sin(a)],
    sin: [Math.sin, Math.cos],
    log_sigmoid: [(a) => Math.min(a, 0) - Math.log1p(Math.exp(-Math.abs(a))), (a) => sigmoid(-a)],
    positive: [(a) => (a >= 0 ? a + 0.5 : sigmoid(a)), (a, y) => (a >= 0 ? 1 : y * (1 - y))],
  };

  // The functions that most cells spend their time in have loops of their own.
  const FORWARD = {
    tanh(a, ia, y, iy, n) { for (let k = 0; k < n; k++) y[iy + k] = Math.tanh(a[ia + k]); },
    sigmoid(a, ia, y, iy, n) { for (let k = 0; k < n; k++) y[iy + k] = 0.5 + 0.5 * Math.tanh(0.5 * a[ia + k]); },
    copy(a, ia, y, iy, n) { for (let k = 0; k < n; k++) y[iy + k] = a[ia + k]; },
    neg(a, ia, y, iy, n) { for (let k = 0; k < n; k++) y[iy + k] = -a[ia + k]; },
  };
  const BACKWARD = {
    tanh(a, y, g, iy, ga, ia, n) { for (let k = 0; k < n; k++) ga[ia + k] += g[iy + k] * (1 - y[iy + k] * y[iy + k]); },
    sigmoid(a, y, g, iy, ga, ia, n) { for (let k = 0; k < n; k++) ga[ia + k] += g[iy + k] * y[iy + k] * (1 - y[iy + k]); },
    copy(a, y, g, iy, ga, ia, n) { for (let k = 0; k < n; k++) ga[ia + k] += g[iy + k]; },
    neg(a, y, g, iy, ga, ia, n) { for (let k = 0; k < n; k++) ga[ia + k] -= g[iy + k]; },
  };
  function unary(op) {
    const [f, slope] = UNARY[op];
    return {
      forward: FORWARD[op] || ((a, ia, y, iy, n) => { for (let k = 0; k < n; k++) y[iy + k] = f(a[ia + k]); }),
      backward: BACKWARD[op] || ((a, y, g, iy, ga, ia, n) => {
        for (let k = 0; k < n; k++) ga[ia + k] += g[iy + k] * slope(a[ia + k], y[iy + k]);
      }),
    };
  }

  // Two operands, by strides: sr from row to row, sk from number to number (0 where it is spread).
  const PAIR = {
    "+": [(y, iy, a, ia, ar, ak, b, ib, br, bk, R, n) => { for (let r = 0; r < R; r++) for (let k = 0; k < n; k++) y[iy + r * n + k] = a[ia + r * ar + k * ak] + b[ib + r * br + k * bk]; },
      (g, iy, a, ga, ia, ar, ak, b, gb, ib, br, bk, R, n) => { for (let r = 0; r < R; r++) for (let k = 0; k < n; k++) { const e = g[iy + r * n + k]; ga[ia + r * ar + k * ak] += e; gb[ib + r * br + k * bk] += e; } }],
    "-": [(y, iy, a, ia, ar, ak, b, ib, br, bk, R, n) => { for (let r = 0; r < R; r++) for (let k = 0; k < n; k++) y[iy + r * n + k] = a[ia + r * ar + k * ak] - b[ib + r * br + k * bk]; },
      (g, iy, a, ga, ia, ar, ak, b, gb, ib, br, bk, R, n) => { for (let r = 0; r < R; r++) for (let k = 0; k < n; k++) { const e = g[iy + r * n + k]; ga[ia + r * ar + k * ak] += e; gb[ib + r * br + k * bk] -= e; } }],
    "*": [(y, iy, a, ia, ar, ak, b, ib, br, bk, R, n) => { for (let r = 0; r < R; r++) for (let k = 0; k < n; k++) y[iy + r * n + k] = a[ia + r * ar + k * ak] * b[ib + r * br + k * bk]; },
      (g, iy, a, ga, ia, ar, ak, b, gb, ib, br, bk, R, n) => { for (let r = 0; r < R; r++) for (let k = 0; k < n; k++) { const e = g[iy + r * n + k], p = ia + r * ar + k * ak, q = ib + r * br + k * bk; ga[p] += e * b[q]; gb[q] += e * a[p]; } }],
    "/": [(y, iy, a, ia, ar, ak, b, ib, br, bk, R, n) => { for (let r = 0; r < R; r++) for (let k = 0; k < n; k++) y[iy + r * n + k] = a[ia + r * ar + k * ak] / b[ib + r * br + k * bk]; },
      (g, iy, a, ga, ia, ar, ak, b, gb, ib, br, bk, R, n) => { for (let r = 0; r < R; r++) for (let k = 0; k < n; k++) { const e = g[iy + r * n + k], p = ia + r * ar + k * ak, q = ib + r * br + k * bk; ga[p] += e / b[q]; gb[q] -= e * a[p] / (b[q] * b[q]); } }],
    maximum: [(y, iy, a, ia, ar, ak, b, ib, br, bk, R, n) => { for (let r = 0; r < R; r++) for (let k = 0; k < n; k++) y[iy + r * n + k] = Math.max(a[ia + r * ar + k * ak], b[ib + r * br + k * bk]); },
      (g, iy, a, ga, ia, ar, ak, b, gb, ib, br, bk, R, n) => { for (let r = 0; r < R; r++) for (let k = 0; k < n; k++) { const e = g[iy + r * n + k], p = ia + r * ar + k * ak, q = ib + r * br + k * bk; if (a[p] >= b[q]) ga[p] += e; else gb[q] += e; } }],
  };

  // Over the last axis, and matrices: a row at a time.
  const ROWS = {
    softmax: (m, own, before) => ({
      forward(t, R) {
        const { args: [a], data } = m, n = m.dims[m.dims.length - 1];
        for (let r = 0; r < R * m.size / n; r++) {
          const i = before(a, t) + r * n, o = own(t) + r * n;
          let most = -Infinity, all = 0;
          for (let k = 0; k < n; k++) most = Math.max(most, a.data[i + k]);
          for (let k = 0; k < n; k++) all += data[o + k] = Math.exp(a.data[i + k] - most);
          for (let k = 0; k < n; k++) data[o + k] /= all;
        }
      },
      backward(t, R) {
        const { args: [a], data, grad } = m, n = m.dims[m.dims.length - 1];
        for (let r = 0; r < R * m.size / n; r++) {
          const i = before(a, t) + r * n, o = own(t) + r * n;
          let mean = 0;
          for (let k = 0; k < n; k++) mean += data[o + k] * grad[o + k];
          for (let k = 0; k < n; k++) a.grad[i + k] += data[o + k] * (grad[o + k] - mean);
        }
      },
    }),
    total: (m, own, before) => ({
      forward(t, R) {
        const { args: [a], data } = m, n = a.size;
        for (let r = 0; r < R; r++) { let sum = 0; for (let k = 0; k < n; k++) sum += a.data[before(a, t) + r * n + k]; data[own(t) + r] = sum; }
      },
      backward(t, R) {
        const { args: [a], grad } = m, n = a.size;
        for (let r = 0; r < R; r++) for (let k = 0; k < n; k++) a.grad[before(a, t) + r * n + k] += grad[own(t) + r];
      },
    }),
    outer: (m, own, before) => ({
      forward(t, R) { eachOuter(m, own, before, t, R, (o, i, j, [u, v]) => { m.data[o] = u.data[i] * v.data[j]; }); },
      backward(t, R) { eachOuter(m, own, before, t, R, (o, i, j, [u, v]) => { u.grad[i] += m.grad[o] * v.data[j]; v.grad[j] += m.grad[o] * u.data[i]; }); },
    }),
    diag: (m, own, before) => ({
      forward(t, R) { eachDiag(m, own, before, t, R, (o, i, j, [f, C]) => { m.data[o] = f.data[i] * C.data[j]; }); },
      backward(t, R) { eachDiag(m, own, before, t, R, (o, i, j, [f, C]) => { f.grad[i] += m.grad[o] * C.data[j]; C.grad[j] += m.grad[o] * f.data[i]; }); },
    }),
    read: (m, own, before) => ({
      forward(t, R) {
        m.data.fill(0, own(t), own(t) + R * m.size);
        eachRead(m, own, before, t, R, (o, i, j, [C, q]) => { m.data[o] += C.data[i] * q.data[j]; });
      },
      backward(t, R) { eachRead(m, own, before, t, R, (o, i, j, [C, q]) => { C.grad[i] += m.grad[o] * q.data[j]; q.grad[j] += m.grad[o] * C.data[i]; }); },
    }),
  };
  const at = (a, before, t, r) => before(a, t) + (a.stage ? r * a.size : 0);
  function eachOuter(m, own, before, t, R, visit) {
    const [u, v] = m.args;
    for (let r = 0; r < R; r++) for (let i = 0; i < u.size; i++) for (let j = 0; j < v.size; j++) visit(own(t) + r * m.size + i * v.size + j, at(u, before, t, r) + i, at(v, before, t, r) + j, m.args);
  }
  function eachDiag(m, own, before, t, R, visit) {
    const [f, C] = m.args, n = C.dims[1];
    for (let r = 0; r < R; r++) for (let k = 0; k < m.size; k++) visit(own(t) + r * m.size + k, at(f, before, t, r) + (f.size === 1 ? 0 : Math.floor(k / n)), at(C, before, t, r) + k, m.args);
  }
  function eachRead(m, own, before, t, R, visit) {
    const [C, q] = m.args, n = q.size;
    for (let r = 0; r < R; r++) for (let i = 0; i < m.size; i++) for (let j = 0; j < n; j++) visit(own(t) + r * m.size + i, at(C, before, t, r) + i * n + j, at(q, before, t, r) + j, m.args);
  }

  return { UNARY, PAIR, ROWS, unary };
});
