// A cell from typed lines: what each name is, how wide it is, and every mistake at its place, in words.
"use strict";
unrolled.part("design", ["language"], function ({ parse, pieces, isParameter, names, ARITY, Mistake }) {
  const vector = (D, H) => ({ D, H });                   // as wide as D inputs and H units
  const SCALAR = { scalar: true }, ONE = { one: true }, MATRIX = { matrix: true };
  const H1 = vector(0, 1);
  const same = (a, b) => ["scalar", "one", "matrix", "D", "H"].every((k) => (a[k] || 0) === (b[k] || 0));
  function said(s) {
    if (s.scalar) return "one number";
    if (s.one) return "one number a sequence";
    if (s.matrix) return "a matrix, units by units";
    const parts = [s.D && `${s.D > 1 ? s.D + " times " : ""}the inputs`, s.H && `${s.H > 1 ? s.H + " times " : ""}the units`].filter(Boolean);
    return `as wide as ${parts.join(" and ")}`;
  }

  // The first function of clocks in a tree.
  const clock = (tree) => (!Array.isArray(tree) ? undefined : ["due", "slower"].includes(tree[0]) ? tree[0] : tree.slice(1).map(clock).find(Boolean));

  function place(line, name) {
    const piece = pieces(line).find((p, k) => k > 0 && p.text === name) || pieces(line).find((p) => p.text === name);
    return piece ? [piece.at, piece.end - piece.at] : [0, line.length];
  }

  // text -> {facts, mistakes: [{line, at, length, message}]}; facts is null where there is a mistake.
  function design(text) {
    const mistakes = [], parsed = [];
    text.split(/\r?\n/).forEach((line, number) => {
      if (!pieced(line, number)) return;
      try { parsed.push({ line, number, tree: parse(line) }); } catch (error) { report(error, number); }
    });
    function pieced(line, number) {
      try { return pieces(line).length > 0; } catch (error) { report(error, number); return false; }
    }
    function report(error, number) {
      if (!(error instanceof Mistake)) throw error;
      mistakes.push({ line: number, at: error.at, length: error.length, message: error.message });
    }
    if (!parsed.length && !mistakes.length) mistakes.push({ line: 0, at: 0, length: 1, message: "write an equation, such as h = tanh(W_x @ x + W_h @ h_prev + b_h)" });
    if (mistakes.length) return { facts: null, mistakes };

    const targets = parsed.map((p) => p.tree[1]);
    const wrong = ({ line, number }, name, message) => { const [at, length] = place(line, name); mistakes.push({ line: number, at, length, message }); };
    const read = [...new Set(parsed.flatMap((p) => names(p.tree[2])))];
    const states = [...new Set(read.filter((n) => n.endsWith("_prev")).map((n) => n.slice(0, -5)))];
    states.sort((a, b) => (a === "h" ? -1 : b === "h" ? 1 : targets.indexOf(a) - targets.indexOf(b)));

    parsed.forEach((p, k) => {
      const name = p.tree[1], timed = clock(p.tree[2]);
      if (timed) { wrong(p, timed, `${timed} needs the periods of clocks, which a typed cell has not; choose the Clockwork RNN instead`); return; }
      if (name in ARITY) wrong(p, name, `${name} is a function and cannot be defined`);
      else if (name === "x") wrong(p, name, "x is the input and cannot be defined");
      else if (name.endsWith("_prev")) wrong(p, name, `${name} is ${name.slice(0, -5)} of the step before; define ${name.slice(0, -5)}`);
      else if (targets.indexOf(name) < k) wrong(p, name, `${name} was defined above`);
      for (const other of names(p.tree[2])) {
        if (other in ARITY) wrong(p, other, `${other} is a function: write ${other}(…)`);
        else if (other.endsWith("_prev")) { if (!targets.includes(other.slice(0, -5))) wrong(p, other, `${other} is read, but no line defines ${other.slice(0, -5)}`); }
        else if (other !== "x" && targets.includes(other) && targets.indexOf(other) >= k) wrong(p, other, `${other} is defined ${targets.indexOf(other) === k ? "by this very line" : "below"}; write ${other}_prev for the step before`);
        else if (other !== "x" && !targets.includes(other) && !isParameter(other)) wrong(p, other, `nothing defines ${other}; parameters begin with a capital letter, b_ or p_, or are Greek`);
      }
    });
    if (!states.length && !mistakes.length) wrong(parsed[0], targets[0], "no line reads anything of the step before, such as h_prev: this is no recurrent cell");
    const output = targets.includes("y") ? "y" : targets.includes("h") ? "h" : states[0];
    if (mistakes.length) return { facts: null, mistakes };

    // -- widths: a state is as wide as the units, or a matrix where it is used as one or made as one
    const matrices = new Set();
    const made = (tree) => (typeof tree === "string" ? tree.endsWith("_prev") && matrices.has(tree.slice(0, -5))
      : Array.isArray(tree) && (["outer", "diag"].includes(tree[0]) || (!["read", "@", "total", "concat"].includes(tree[0]) && tree.slice(1).some(made))));
    const used = (tree) => {
      if (!Array.isArray(tree)) return;
      const matrix = tree[0] === "diag" ? tree[2] : tree[0] === "read" ? tree[1] : null;
      if (typeof matrix === "string") matrices.add(matrix.replace(/_prev$/, ""));
      tree.slice(1).forEach(used);
    };
    parsed.forEach((p) => used(p.tree[2]));
    for (let size = -1; size !== matrices.size;) {
      size = matrices.size;
      parsed.forEach((p) => { if (made(p.tree[2])) matrices.add(p.tree[1]); });
    }
    const shapes = { x: vector(1, 0) }, params = {};
    for (const s of states) shapes[`${s}_prev`] = matrices.has(s) ? MATRIX : H1;
    for (const p of parsed) {
      const name = p.tree[1];
      let found = matrices.has(name) ? MATRIX : H1;
      try {
        found = shape(p.tree[2], p);
        if (states.includes(name) && !same(found, matrices.has(name) ? MATRIX : H1)) fail(p, `the state ${name} must be as wide as the units, and it is ${said(found)}`, name);
      } catch (error) {
        if (!(error instanceof Mistake)) throw error;
        mistakes.push({ line: p.number, at: error.at, length: error.length, message: error.message });
      }
      shapes[name] = found;
    }
    if (!mistakes.length && !same(shapes[output], H1)) wrong(parsed[targets.indexOf(output)], output, `the output ${output} must be as wide as the units, and it is ${said(shapes[output])}`);

    function fail(p, message, name) { const [at, length] = name ? place(p.line, name) : [p.line.indexOf("=") + 1, p.line.length]; throw new Mistake(message, at, length); }
    function param(name, wanted, p) {
      if (!(name in params)) params[name] = wanted;
      if (JSON.stringify(params[name]) !== JSON.stringify(wanted)) {
        const words = (s) => (s.columns ? `a matrix for what is ${said(s.columns)}` : "a vector, one number a unit");
        fail(p, `${name} is ${words(params[name])} and ${words(wanted)} at once; use two names`, name);
      }
    }
    function shape(tree, p) {
      if (typeof tree === "number" || typeof tree === "boolean") return SCALAR;
      if (typeof tree === "string") {
        if (tree in shapes) return shapes[tree];
        param(tree, { vector: true }, p);
        return H1;
      }
      const [op, ...parts] = tree;
      if (op in ARITY && ARITY[op] !== null && parts.length !== ARITY[op]) fail(p, `${op} takes ${ARITY[op] === 1 ? "one quantity" : "two quantities"}, not ${parts.length}`, op);
      if (op === "@") {
        const right = shape(parts[1], p);
        if (typeof parts[0] !== "string" || parts[0] in shapes) fail(p, "on the left of @ stands a weight alone, such as W_x @ x");
        if (right.scalar || right.one || right.matrix) fail(p, `${parts[0]} @ … needs a vector on its right, and it is ${said(right)}`, parts[0]);
        if (right.D && right.H || right.D > 1) fail(p, `${parts[0]} @ concat(…) of inputs and units: write W_x @ x + W_h @ h_prev`, parts[0]);
        param(parts[0], { columns: right }, p);
        return H1;
      }
      const found = parts.map((part) => shape(part, p));
      if (op === "neg") return found[0];
      if (op === "concat") {
        if (found.length < 2) fail(p, "concat takes two vectors or more", op);
        found.forEach((s) => { if (s.scalar || s.one || s.matrix) fail(p, `concat takes vectors, and one is ${said(s)}`, op); });
        return vector(found.reduce((n, s) => n + s.D, 0), found.reduce((n, s) => n + s.H, 0));
      }
      if (op === "softmax") { if (found[0].scalar || found[0].matrix) fail(p, `softmax takes a vector, and this is ${said(found[0])}`, op); return found[0]; }
      if (op === "total") { if (found[0].scalar || found[0].matrix) fail(p, `total takes a vector, and this is ${said(found[0])}`, op); return ONE; }
      if (op === "outer") { if (!same(found[0], H1) || !same(found[1], H1)) fail(p, "outer takes two vectors as wide as the units", op); return MATRIX; }
      if (op === "diag" || op === "read") {
        const [v, m] = op === "diag" ? found : [found[1], found[0]];
        if (!same(v, H1) || !m.matrix) fail(p, op === "diag" ? "diag takes a vector and a matrix, in this order" : "read takes a matrix and a vector, in this order", op);
        return op === "diag" ? MATRIX : H1;
      }
      if (found.length === 1) return found[0];
      const [a, b] = found;                                // + - * / maximum
      if (same(a, b) || b.scalar) return a;
      if (a.scalar) return b;
      if (a.one && !b.matrix) return b;
      if (b.one && !a.matrix) return a;
      const hint = [a, b].some((s) => s.D) ? "; bring the input to the units first: W_x @ x" : "";
      fail(p, `the two sides of ${op} do not fit: one is ${said(a)}, the other ${said(b)}${hint}`, op === "maximum" ? op : null);
    }

    const text_ = (s) => (s.columns ? ["H", s.columns.D ? "D" : s.columns.H > 1 ? `${s.columns.H}H` : "H"] : ["H"]);
    const facts = {
      title: "your cell", lines: parsed.map((p) => p.line.replace(/#.*/, "").trim().replace(/\s*;$/, "")), trees: parsed.map((p) => p.tree), states, output,
      params: Object.entries(params).map(([name, s]) => ({ name, axes: text_(s), symbols: [name] })),
      config: {}, initial: {}, inputs: [], matrices: states.filter((s) => matrices.has(s)),
      retention: "b_f" in params || "b_xf" in params ? [["f", 1]] : [],
    };
    return { facts: mistakes.length ? null : facts, mistakes };
  }
  return design;
});
