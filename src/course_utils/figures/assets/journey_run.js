// The gradient's journey through a chain of time steps.  `unrolled.journey` is the whole computation: it runs the cells
// of cells.js, which are printed from their equations.  journey.py has the same from numpy_nn.
(function () {
  "use strict";
  if (unrolled.journey) return;
  var GATE = { lstm: "f", gru: "z" };

  function every(object, change) {
    var made = {};
    Object.keys(object).forEach(function (key) { made[key] = change(object[key], key); });
    return made;
  }
  function copy(values) { return Float64Array.from(values); }
  function norm(arrays) {
    var sum = 0;
    Object.keys(arrays).forEach(function (key) { arrays[key].forEach(function (v) { sum += v * v; }); });
    return Math.sqrt(sum);
  }
  function mean(values) { return values.reduce(function (a, b) { return a + b; }, 0) / values.length; }

  function parameters(data, settings) {
    var params = every(data.cells[settings.cell][settings.draw], copy), block = data.blocks[settings.cell], H = data.units;
    params.weight_hh = params.weight_hh.map(function (w) { return w * settings.scale; });
    if (block !== null) {
      params.bias_ih.fill(settings.bias, block * H, (block + 1) * H);
      params.bias_hh.fill(0, block * H, (block + 1) * H);
    }
    return params;
  }

  // settings -> lists by time step: arrives, belt, layers, never, opens, adds; and length, clipped (journey.py says what)
  unrolled.journey = function (data, settings) {
    var cell = unrolled.cells[settings.cell], params = parameters(data, settings), T = data.steps, H = data.units;
    var sizes = { T: 1, B: 1, D: 1, H: H }, names = Object.keys(cell.facts.states), found = { opens: [] }, runs = [];
    ["arrives", "belt", "layers", "never", "adds"].forEach(function (name) { found[name] = new Array(T).fill(0); });
    var state = {}, nothing = new Float64Array(H);
    names.forEach(function (name) { state[name] = nothing; });
    settings.x.forEach(function (x) {
      var run = unrolled.run(cell, params, Float64Array.of(settings.loud * x), sizes, { state0: state });
      runs.push(run);
      state = run.last;
      found.opens.push(mean(GATE[settings.cell] ? run.arrays["kept_" + GATE[settings.cell]]
        : state.h.map(function (h) { return 1 - h * h; })));
    });
    // the part of a backward step that goes past the recurrent matrices
    function straight(run, message) {
      var arrays = Object.assign({}, run.arrays, { all_dy: nothing });
      names.forEach(function (name) { arrays["carried_" + name] = copy(message[name]); });
      unrolled.callCell(cell, "backward", arrays, run.shared, sizes);
      var part = {};
      names.forEach(function (name) { part[name] = arrays["carried_" + name]; });
      return part;
    }
    var message = every(state, function () { return nothing; }), never = null, total = every(params, function (p) { return p.map(function () { return 0; }); });
    message.h = copy(data.push);
    found.arrives[settings.loss - 1] = norm(message);
    for (var t = settings.loss; t >= 1; t--) {
      var run = runs[t - 1], step = unrolled.runBackward(run, nothing, message), along = straight(run, message);
      never = never === null ? along : straight(run, never);
      found.adds[t - 1] = norm(step.grads);
      total = every(total, function (sum, name) { return sum.map(function (v, k) { return v + step.grads[name][k]; }); });
      if (t === 1 || (t - 1) % settings.chunk === 0) break;
      message = step.dstate0;
      found.arrives[t - 2] = norm(message);
      found.belt[t - 2] = norm(along);
      found.layers[t - 2] = norm(every(message, function (whole, name) { return whole.map(function (v, k) { return v - along[name][k]; }); }));
      found.never[t - 2] = norm(never);
    }
    var limit = data.clips[settings.clip];
    found.length = norm(total);
    found.clipped = limit === null ? found.length : Math.min(found.length, limit);
    return found;
  };
})();
