// A text read by a character model.  `unrolled.glass` is the whole computation: the LSTM is the one of cells.js, printed
// from its equations; the weights come in 8 bits a number (lab/packing.py says how).
(function () {
  "use strict";
  if (unrolled.glass) return;

  function bytes(text) { return Uint8Array.from(atob(text), function (c) { return c.charCodeAt(0); }).buffer; }

  function unpacked(entry) {
    if (!entry.scales) return Float64Array.from(new Float32Array(bytes(entry.values)));
    var scales = new Float32Array(bytes(entry.scales)), width = entry.shape[1];
    return Float64Array.from(new Int8Array(bytes(entry.values)), function (v, k) { return v * scales[Math.floor(k / width)]; });
  }

  // packed weights -> a network
  function network(weights) {
    var shape = weights.embedding.shape, params = {};
    ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].forEach(function (name) { params[name] = unpacked(weights[name]); });
    return { V: shape[0], E: shape[1], H: weights.readout.shape[1], params: params, embedding: unpacked(weights.embedding),
      readout: unpacked(weights.readout), bias: unpacked(weights.readout_bias) };
  }

  // ids: T lists of B, one after the other; states: {h, c} of B rows
  function run(net, ids, rows, states) {
    var x = new Float64Array(ids.length * net.E);
    ids.forEach(function (id, k) { x.set(net.embedding.subarray(id * net.E, (id + 1) * net.E), k * net.E); });
    return unrolled.run(unrolled.cells.lstm, net.params, x, { T: ids.length / rows, B: rows, D: net.E, H: net.H }, { state0: states });
  }

  function logits(net, h) {
    return net.bias.map(function (b, v) {
      var sum = b;
      for (var k = 0; k < net.H; k++) sum += net.readout[v * net.H + k] * h[k];
      return sum;
    });
  }

  function softmax(scores, temperature) {
    var most = Math.max.apply(null, scores), e = Array.from(scores, function (a) { return Math.exp((a - most) / temperature); });
    var all = e.reduce(function (a, b) { return a + b; }, 0);
    return e.map(function (v) { return v / all; });
  }

  function bits(scores, id) {
    var most = Math.max.apply(null, scores), all = 0;
    scores.forEach(function (a) { all += Math.exp(a - most); });
    return (Math.log(all) - scores[id] + most) / Math.LN2;
  }

  // What the network makes of a text: states after each character, prices, and what a price depends on.
  function Reader(net, ids) {
    this.net = net;
    this.ids = [];
    this.h = [new Float64Array(net.H)];                      // after k characters
    this.c = [new Float64Array(net.H)];
    this.extend(ids);
  }
  Reader.prototype.extend = function (ids) {
    if (!ids.length) return;
    var H = this.net.H, n = this.ids.length, read = run(this.net, ids, 1, { h: this.h[n], c: this.c[n] });
    for (var t = 1; t <= ids.length; t++) {
      this.h.push(read.arrays.states_h.slice(t * H, (t + 1) * H));
      this.c.push(read.arrays.states_c.slice(t * H, (t + 1) * H));
    }
    this.ids = this.ids.concat(ids);
  };
  Reader.prototype.cut = function (n) {
    this.ids.length = n;
    this.h.length = this.c.length = n + 1;
  };
  Reader.prototype.scores = function (k) { return logits(this.net, this.h[k]); };
  Reader.prototype.price = function (k) { return bits(this.scores(k), this.ids[k]); };
  // length of d(bits of character k)/d(embedding of j), for the `before` characters j before it, in their order
  Reader.prototype.derivative = function (k, before) {
    var net = this.net, from = Math.max(0, k - before), read = run(net, this.ids.slice(from, k), 1, { h: this.h[from], c: this.c[from] });
    var p = softmax(this.scores(k), 1), dy = new Float64Array((k - from) * net.H), last = (k - from - 1) * net.H, id = this.ids[k];
    p.forEach(function (share, v) {
      var push = (share - (v === id ? 1 : 0)) / Math.LN2;
      for (var u = 0; u < net.H; u++) dy[last + u] += push * net.readout[v * net.H + u];
    });
    var dx = unrolled.runBackward(read, dy).dx, lengths = [];
    for (var j = 0; j < k - from; j++) lengths.push(Math.hypot.apply(null, dx.subarray(j * net.E, (j + 1) * net.E)));
    return lengths;
  };
  // by how many bits the price of character k moves, up or down, when j is one of `others`: the mean over those that differ
  Reader.prototype.replacement = function (k, j, others) {
    var net = this.net, own = this.ids[j], tried = others.filter(function (id) { return id !== own; }), rows = tried.length, ids = tried.slice();
    for (var t = j + 1; t < k; t++) for (var r = 0; r < rows; r++) ids.push(this.ids[t]);
    function repeated(state) {
      var all = new Float64Array(rows * net.H);
      for (var r = 0; r < rows; r++) all.set(state, r * net.H);
      return all;
    }
    var h = run(net, ids, rows, { h: repeated(this.h[j]), c: repeated(this.c[j]) }).last.h, price = this.price(k), id = this.ids[k];
    return tried.reduce(function (sum, _, r) {
      return sum + Math.abs(bits(logits(net, h.subarray(r * net.H, (r + 1) * net.H)), id) - price);
    }, 0) / rows;
  };

  function entropy(p) { return p.reduce(function (sum, share) { return share > 0 ? sum - share * Math.log2(share) : sum; }, 0); }

  function drawn(p, chance) {
    var sum = 0, k = p.findIndex(function (share) { return (sum += share) > chance; });
    return k < 0 ? p.length - 1 : k;
  }

  unrolled.glass = { network: network, Reader: Reader, softmax: softmax, entropy: entropy, drawn: drawn };
})();
