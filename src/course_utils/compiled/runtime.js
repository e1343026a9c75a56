// Runs a generated cell over time, forwards and backwards.  Flat Float64Arrays; sizes {T, B, D, H}.
//   const run = unroll(cell, params, x, sizes, { state0, inputs, config });   // run.y (T, B, H), run.last
//   const { dx, dstate0, grads } = unrollBackward(run, dy, dlast);

const sigmoid = (a) => 1 / (1 + Math.exp(-a));
const relu = (a) => (0 >= a ? 0 : a);
const logSigmoid = (a) => -Math.max(-a, 0) - Math.log1p(Math.exp(-Math.abs(a)));
const positive = (a) => (a >= 0 ? a + 0.5 : sigmoid(a));

// Products of weights with rows, for flat arrays: what takes the time.  Four sums at once, so that
// each number of a row is read once for four columns.

// result[to..] (rows, height) = operand[from..] (rows, width) @ values.T; `adds`: onto what is there
function product(operand, from, values, height, width, result, to, rows) {
  const whole = height - (height % 4);
  for (let r = 0; r < rows; r++) {
    const a = from + r * width, out = to + r * height;
    let c = 0;
    for (; c < whole; c += 4) {
      const w0 = c * width, w1 = w0 + width, w2 = w1 + width, w3 = w2 + width;
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (let k = 0; k < width; k++) {
        const v = operand[a + k];
        s0 += v * values[w0 + k]; s1 += v * values[w1 + k];
        s2 += v * values[w2 + k]; s3 += v * values[w3 + k];
      }
      result[out + c] = s0; result[out + c + 1] = s1; result[out + c + 2] = s2; result[out + c + 3] = s3;
    }
    for (; c < height; c++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += operand[a + k] * values[c * width + k];
      result[out + c] = sum;
    }
  }
}

// doperand[to..] (rows, width) += dresult[from..] (rows, height) @ values
function productBack(dresult, from, values, height, width, doperand, to, rows) {
  const whole = height - (height % 4);
  for (let r = 0; r < rows; r++) {
    const d = from + r * height, out = to + r * width;
    let c = 0;
    for (; c < whole; c += 4) {
      const d0 = dresult[d + c], d1 = dresult[d + c + 1], d2 = dresult[d + c + 2], d3 = dresult[d + c + 3];
      const w0 = c * width, w1 = w0 + width, w2 = w1 + width, w3 = w2 + width;
      for (let k = 0; k < width; k++) {
        doperand[out + k] += d0 * values[w0 + k] + d1 * values[w1 + k] + d2 * values[w2 + k] + d3 * values[w3 + k];
      }
    }
    for (; c < height; c++) {
      const dc = dresult[d + c];
      for (let k = 0; k < width; k++) doperand[out + k] += dc * values[c * width + k];
    }
  }
}

// dvalues (height, width) += dresult[from..].T @ operand[at..], over rows
function weightBack(dresult, from, operand, at, height, width, dvalues, rows) {
  const whole = rows - (rows % 4);
  let r = 0;
  for (; r < whole; r += 4) {
    const e0 = from + r * height, e1 = e0 + height, e2 = e1 + height, e3 = e2 + height;
    const a0 = at + r * width, a1 = a0 + width, a2 = a1 + width, a3 = a2 + width;
    for (let c = 0; c < height; c++) {
      const d0 = dresult[e0 + c], d1 = dresult[e1 + c], d2 = dresult[e2 + c], d3 = dresult[e3 + c], w = c * width;
      for (let k = 0; k < width; k++) {
        dvalues[w + k] += d0 * operand[a0 + k] + d1 * operand[a1 + k] + d2 * operand[a2 + k] + d3 * operand[a3 + k];
      }
    }
  }
  for (; r < rows; r++) {
    for (let c = 0; c < height; c++) {
      const d = dresult[from + r * height + c], a = at + r * width;
      for (let k = 0; k < width; k++) dvalues[c * width + k] += d * operand[a + k];
    }
  }
}

// What the printed cells call: `rows` rows, the first of them `first`; where the operand has one row
// for each row of a step and the result has room for all, they lie alike.
function multiply(operand, first, { values, height, width }, result, rows) {
  product(operand, first * width, values, height, width, result, 0, rows);
}

function back(dresult, first, { values, height, width }, doperand, rows) {
  doperand.fill(0, 0, rows * width);
  productBack(dresult, first * height, values, height, width, doperand, 0, rows);
}

const size = (axes, sizes, n) => axes.reduce((product, axis) => product *
  (axis === "n" ? n : axis === "T+1" ? sizes.T + 1 : axis === "W" ? sizes.H : sizes[axis]), 1);
// How many numbers a state is: (B, H), or (B, H, H).
const room = ({ matrix }, { B, H }) => B * H * (matrix ? H : 1);
const span = (axis, sizes) => {
  const [, times, letter] = /^(\d*)([DH])$/.exec(axis);
  return (times ? Number(times) : 1) * sizes[letter];
};

// {symbol: part of the arrays by parameter name}; parts are views.
function symbolsOf(facts, arrays) {
  const found = {};
  for (const { name, symbols } of facts.params) {
    const n = arrays[name].length / symbols.length;
    symbols.forEach((symbol, k) => { found[symbol] = arrays[name].subarray(k * n, (k + 1) * n); });
  }
  return found;
}

// A bias b_i is the sum of b_xi and b_hi where it is no parameter itself.
const summands = (symbols, name) =>
  name in symbols ? [name] : [`b_x${name.slice(2)}`, `b_h${name.slice(2)}`];

// A weight, or its gradient, without what `slower` keeps from the units of faster modules.
function masked(block, mask, shared, H) {
  const period = mask && shared[`clock_${mask}`];
  return period ? block.map((w, k) => (period[k % H] >= period[Math.floor(k / H)] ? w : 0)) : block;
}

function prepare(cell, params, sizes, config) {
  const { facts } = cell, { H } = sizes, symbols = symbolsOf(facts, params), shared = {};
  const options = { ...facts.config, ...config };
  for (const name of facts.leaves.config) shared[name] = options[name];
  for (const name of facts.leaves.clock) {
    const periods = options[name];
    shared[`clock_${name}`] = Float64Array.from({ length: H }, (_, k) =>
      periods[Math.floor(k / (H / periods.length))]);
  }
  for (const name of facts.leaves.vector) {
    const parts = summands(symbols, name).map((symbol) => symbols[symbol]);
    shared[`vector_${name}`] = Float64Array.from({ length: H }, (_, k) =>
      parts.reduce((sum, part) => sum + part[k], 0));
  }
  for (const { name, weights } of facts.products) {
    const blocks = weights.map(([symbol, mask]) => masked(symbols[symbol], mask, shared, H));
    const values = new Float64Array(blocks.reduce((sum, block) => sum + block.length, 0));
    let at = 0;
    for (const block of blocks) { values.set(block, at); at += block.length; }
    const height = blocks.length * H;
    shared[`weights_${name}`] = { values, height, width: values.length / height };
  }
  if (cell.prelude) call(cell, "prelude", shared, shared, sizes);
  return shared;
}

// Call a generated function; what is not there yet is made, and stays in `arrays`.
function call(cell, name, arrays, shared, sizes) {
  const given = { steps: sizes.T, rows: sizes.B, units: sizes.H };
  for (const [, array, axes, n] of cell.facts.arrays[name]) {
    if (!(array in shared) && !(array in arrays)) {
      arrays[array] = new Float64Array(size(axes, sizes, n));
    }
    given[array] = array in shared ? shared[array] : arrays[array];
  }
  cell[name](given);
}

function unroll(cell, params, x, sizes, { state0 = {}, inputs = {}, config = {} } = {}) {
  const { facts } = cell;
  const shared = prepare(cell, params, sizes, config), arrays = { all_x: x };
  for (const name of facts.inputs) {
    arrays[`input_${name}`] = inputs[name] || new Float64Array(sizes.T * sizes.B * sizes.H);
  }
  for (const [name, state] of Object.entries(facts.states)) {
    const n = room(state, sizes);
    arrays[`states_${name}`] = new Float64Array((sizes.T + 1) * n);
    arrays[`states_${name}`].set(state0[name] || new Float64Array(n).fill(state.initial));
  }
  call(cell, "forward", arrays, shared, sizes);
  const last = {};
  for (const [name, state] of Object.entries(facts.states)) {
    last[name] = arrays[`states_${name}`].slice(sizes.T * room(state, sizes));
  }
  return { y: arrays.all_y, last, cell, params, arrays, shared, sizes };
}

function unrollBackward({ cell, params, arrays: kept, shared, sizes }, dy, dlast = {}) {
  const { facts } = cell, { T, B, D, H } = sizes, arrays = { ...kept, all_dy: dy };
  const moving = Object.keys(facts.states).filter((name) => !facts.states[name].counts);
  for (const name of moving) {
    arrays[`carried_${name}`] = Float64Array.from(dlast[name] || new Float64Array(room(facts.states[name], sizes)));
  }
  for (const name of [...facts.leaves.vector, ...facts.prelude]) {
    arrays[`dvector_${name}`] = new Float64Array(H);
  }
  call(cell, "backward", arrays, shared, sizes);
  const grads = {};
  for (const { name, axes } of facts.params) {
    grads[name] = new Float64Array(axes.reduce((n, axis) => n * span(axis, sizes), 1));
  }
  const symbols = symbolsOf(facts, grads), dstate0 = {};
  for (const name of moving) dstate0[name] = arrays[`carried_${name}`];
  arrays.all_dx = arrays.all_dx || new Float64Array(T * B * D);
  for (const product of facts.products) {
    const weights = shared[`weights_${product.name}`], { height, width } = weights;
    const dproduct = arrays[product.dproduct], operand = arrays[product.operand];
    const first = product.later ? B : 0, dweights = new Float64Array(height * width);
    const columns = new Float64Array(height);
    weightBack(dproduct, 0, operand, first * width, height, width, dweights, T * B);
    for (let k = 0; k < T * B * height; k += height) {
      for (let c = 0; c < height; c++) columns[c] += dproduct[k + c];
    }
    product.weights.forEach(([symbol, mask], j) => {
      const block = dweights.subarray(j * H * width, (j + 1) * H * width);
      masked(block, mask, shared, H).forEach((g, k) => { symbols[symbol][k] += g; });
    });
    for (const [name, [of, block]] of Object.entries(facts.sums)) {
      if (of !== product.name) continue;
      for (let k = 0; k < H; k++) arrays[`dvector_${name}`][k] += columns[block * H + k];
    }
    if (product.into) {
      const more = new Float64Array(T * B * width);
      back(dproduct, 0, weights, more, T * B);
      const into = arrays[product.into] || new Float64Array(more.length);
      arrays[product.into] = into.map((d, k) => d + more[k]);
    }
    if (product.state) {
      const rest = arrays[`back_${product.name}`];
      dstate0[product.state].forEach((_, k, all) => { all[k] += rest[k]; });
    }
  }
  if (cell.prelude_backward) call(cell, "prelude_backward", arrays, shared, sizes);
  for (const name of facts.leaves.vector) {
    for (const symbol of summands(symbols, name)) {
      arrays[`dvector_${name}`].forEach((g, k) => { symbols[symbol][k] += g; });
    }
  }
  for (const name of facts.inputs) {
    grads[name] = arrays[`dinput_${name}`] || new Float64Array(T * B * H);
  }
  return { dx: arrays.all_dx, dstate0, grads };
}
