// Random numbers that a seed decides; not those of NumPy.
"use strict";
unrolled.part("random", [], function () {
  // Mulberry32, one 32-bit state; words mix the seed with what the numbers are for.
  return function random(seed, what) {
    let state = (seed >>> 0) ^ 0x9e3779b9;
    for (const letter of String(what)) state = Math.imul(state ^ letter.charCodeAt(0), 0x01000193);
    function uniform() {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    }
    return {
      uniform,
      between: (low, high) => low + (high - low) * uniform(),
      integer: (low, end) => low + Math.floor((end - low) * uniform()),   // end is left out
      normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    };
  };
});
