// Products of weights with rows, for flat arrays: what takes the time.  Four sums at once, so that
// each number of a row is read once for four columns.
"use strict";
unrolled.part("kernels", [], function () {
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

  // What the printed cells call.
  function multiply(operand, first, { values, height, width }, result, rows) {
    product(operand, first * width, values, height, width, result, 0, rows);
  }
  function back(dresult, first, { values, height, width }, doperand, rows) {
    doperand.fill(0, 0, rows * width);
    productBack(dresult, first * height, values, height, width, doperand, 0, rows);
  }
  return { product, productBack, weightBack, multiply, back };
});
