// What the worker does: it holds the networks, trains them in short stretches and reports.
"use strict";
unrolled.part("serve", ["tasks", "nets", "random", "tree"], function (tasks, nets, random, tree) {
  const STRETCH = 60, PROBE = 300, TESTS = 100;          // milliseconds between reports, and between looks inside; test sequences

  // The gradient of the last answer's loss with respect to what was read so many steps before it,
  // as the mean over sequences of its norm.
  function byLag(net, batch) {
    const { asked, B, T, D } = batch, last = new Array(B).fill(-1);
    asked.forEach((place, p) => { last[place % B] = p; });
    const only = new Float64Array(asked.length);
    last.forEach((p) => { if (p >= 0) only[p] = 1; });
    const { dx } = net.gradients(batch, only), sums = new Float64Array(T), counts = new Float64Array(T);
    last.forEach((p, b) => {
      if (p < 0) return;
      const end = (asked[p] - b) / B;
      for (let t = 0; t <= end; t++) {
        let sum = 0;
        for (let k = 0; k < D; k++) sum += dx[(t * B + b) * D + k] ** 2;
        sums[end - t] += Math.sqrt(sum);
        counts[end - t] += 1;
      }
    });
    return Array.from(sums, (sum, lag) => (counts[lag] ? sum / counts[lag] : null)).filter((v) => v != null);
  }

  // Every named quantity while a net reads one sequence: the interpreter keeps them all.
  function looked(net, batch, H) {
    const { T, D, x } = batch;
    if (!net.looker || net.looker.T !== T) {
      const grads = Object.fromEntries(Object.entries(net.params).map(([name, p]) => [name, new Float64Array(p.length)]));
      net.looker = { T, run: tree.build(net.spec, net.params, grads, { T, B: 1, D, H }) };
    }
    const { run } = net.looker;
    run.forward(x);
    const { scores } = net.answers(batch);
    return {
      values: Object.entries(run.values()).filter(([, v]) => v.n === H).map(([name, v]) => ({ name, data: v.data })),
      scores, T, asked: Array.from(batch.asked),
    };
  }

  return function serve(scope) {
    let state = null, running = false, timer = false;

    function begin({ settings, specs, serial }) {
      const task = tasks.all[settings.task], draw = () => random(settings.seed, "batches");
      const probe = task.sample(random(settings.seed, "probe"), 16, settings);
      state = {
        settings, task, serial, streams: specs.map(draw), done: 0, look: null, probed: 0,
        tests: task.sample(random(settings.seed, "tests"), TESTS, settings), probe,
        nets: specs.map((spec, k) => nets.net(spec, { H: settings.units, N: probe.N, D: probe.D, seed: settings.seed, start: settings.starts[k] })),
      };
      scope.postMessage({ kind: "begun", serial, sizes: state.nets.map((n) => Object.values(n.params).reduce((s, p) => s + p.length, 0)),
        sequence: tasks.shown(settings.task, probe, 0, settings) });
      report([]);
    }

    function step(rows) {
      const { settings, task, streams } = state;
      rows.push(state.nets.map((net, k) => {
        const { loss, before, after } = net.update(task.sample(streams[k], settings.batch, settings), settings);
        return [loss, before, after];
      }));
      state.done += 1;
      if (state.done % settings.every === 0) measure();
    }

    function measure() {
      const { tests, task, done } = state;
      state.rates.push([done, ...state.nets.map((net) => tasks.right(tests, net.answers(tests).scores, task.tolerance))]);
    }

    function report(rows) {
      if (!state.rates) { state.rates = []; measure(); }
      const { settings, look, serial, done } = state, message = { kind: "report", serial, done, rows, rates: state.rates };
      state.rates = [];
      const now = performance.now();
      if (running && now - state.probed < PROBE) return scope.postMessage(message);
      state.probed = now;
      message.lags = state.nets.map((net) => byLag(net, state.probe));
      if (look) message.looks = state.nets.map((net) => looked(net, look, settings.units));
      scope.postMessage(message);
    }

    function stretch() {
      timer = false;
      if (!running || !state) return;
      const rows = [], end = performance.now() + STRETCH;
      while (state.done < state.until && performance.now() < end) step(rows);
      const over = state.done >= state.until || !rows.every((row) => row.every(([loss]) => isFinite(loss)));
      if (over) running = false;
      report(rows);
      if (over) scope.postMessage({ kind: "stopped", serial: state.serial, done: state.done });
      else wait();
    }
    function wait() { if (!timer) { timer = true; setTimeout(stretch, 0); } }

    const does = {
      begin(message) { running = false; begin(message); },
      run({ updates }) { state.until = state.done + updates; running = true; wait(); },
      pause() { running = false; },
      step() { const rows = []; running = false; step(rows); report(rows); },
      look({ text }) {
        try {
          state.look = state.task.read(text, state.settings);
          scope.postMessage({ kind: "looked", serial: state.serial, looks: state.nets.map((net) => looked(net, state.look, state.settings.units)) });
        } catch (error) { scope.postMessage({ kind: "unread", serial: state.serial, message: error.message }); }
      },
    };
    scope.onmessage = ({ data }) => {
      if (data.kind !== "begin" && !state) return;
      try { does[data.kind](data); } catch (error) {
        running = false;
        scope.postMessage({ kind: "failed", serial: data.serial, message: error.message });
      }
    };
  };
});
