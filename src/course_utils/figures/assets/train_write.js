// A typed cell as text to take away: a spec of course_utils, NumPy with its backward pass, PyTorch.
"use strict";
unrolled.part("write", [], function () {
  const RANK = { "+": 1, "-": 1, neg: 2, "*": 3, "/": 3, "@": 3 };
  const NUMPY = {
    sigmoid: ["def sigmoid(a):", "    return 0.5 * (1 + np.tanh(0.5 * a))"],
    relu: ["def relu(a):", "    return np.maximum(a, 0)"],
    log_sigmoid: ["def log_sigmoid(a):", "    return np.minimum(a, 0) - np.log1p(np.exp(-abs(a)))"],
    positive: ["def positive(a):", "    return np.where(a >= 0, a + 0.5, sigmoid(a))"],
    softmax: ["def softmax(a):", "    e = np.exp(a - a.max(-1, keepdims=True))", "    return e / e.sum(-1, keepdims=True)"],
    total: ["def total(a):", "    return a.sum(-1, keepdims=True)"],
    concat: ["def concat(*parts):", "    return np.concatenate(parts, -1)"],
    outer: ["def outer(u, v):", "    return u[..., :, None] * v[..., None, :]"],
    diag: ["def diag(f, C):", "    return f[..., :, None] * C"],
    read: ["def read(C, q):", "    return (C @ q[..., None])[..., 0]"],
  };
  const LIBRARY = { tanh: "tanh", exp: "exp", log: "log", sqrt: "sqrt", cos: "cos", sin: "sin", maximum: "maximum" };
  const TORCH = {
    relu: "torch.relu", sigmoid: "torch.sigmoid", log_sigmoid: "nn.functional.logsigmoid",
  };
  const TORCH_HELP = {
    positive: ["def positive(a):", "    return torch.where(a >= 0, a + 0.5, torch.sigmoid(a))"],
    softmax: ["def softmax(a):", "    return a.softmax(-1)"],
    total: ["def total(a):", "    return a.sum(-1, keepdim=True)"],
    concat: ["def concat(*parts):", "    return torch.cat(parts, -1)"],
    outer: NUMPY.outer, diag: NUMPY.diag, read: NUMPY.read,
  };
  const OUTPUT = new Set(["tanh", "sigmoid", "exp", "sqrt", "positive", "softmax"]);   // slopes written by what came out
  const TAKEN = new Set(("np torch nn params prev grads dstate states steps state name x dy to last cache self shape B T step step_backward unroll unroll_backward " + Object.keys(NUMPY).join(" ")).split(" "));

  function calls(facts) {
    const found = new Set();
    const visit = (tree) => { if (Array.isArray(tree)) { found.add(tree[0]); tree.slice(1).forEach(visit); } };
    facts.trees.forEach((t) => visit(t[2]));
    if (found.has("positive")) found.add("sigmoid");
    if (found.has("log_sigmoid")) found.add("sigmoid");
    return found;
  }

  // An expression in Python; name(v) says how a name is written, call(f) how a function is.
  function text(tree, name, call, rank = 0) {
    if (typeof tree === "number") return String(tree);
    if (typeof tree === "boolean") return tree ? "1" : "0";
    if (typeof tree === "string") return name(tree);
    const [op, ...parts] = tree;
    if (!(op in RANK)) return `${call(op)}(${parts.map((p) => text(p, name, call)).join(", ")})`;
    const own = RANK[op];
    let words;
    if (op === "neg") words = "-" + text(parts[0], name, call, 2.5);
    else if (op === "@") words = `${text(parts[1], name, call, 3)} @ ${name(parts[0])}.T`;
    else words = `${text(parts[0], name, call, own)} ${op} ${text(parts[1], name, call, own + 0.5)}`;
    return own < rank ? `(${words})` : words;
  }

  const local = (name) => (TAKEN.has(name) && name !== "x" ? `${name}_` : name);

  function numpy(facts) {
    const parameters = new Set(facts.params.map((p) => p.name)), used = calls(facts);
    const name = (n) => (parameters.has(n) ? `params["${n}"]` : local(n));
    const call = (f) => (f in LIBRARY ? `np.${LIBRARY[f]}` : f);
    const write = (tree, rank) => text(tree, name, call, rank);
    const forward = facts.trees.map(([, target, tree]) => `    ${local(target)} = ${write(tree)}`);
    const targets = facts.trees.map((t) => t[1]), lines = [];
    const inputs = ["x", ...facts.states.map((s) => `${s}_prev`)];
    let count = 0;
    const bind = (words) => { const g = `g${++count}`; lines.push(`    ${g} = ${words}`); return g; };
    const simple = (g) => /^\w+$/.test(g);
    const grad = (n) => (parameters.has(n) ? `grads["${n}"]` : `d${local(n)}`);

    const narrows = new Set();
    const narrow = (tree) => (typeof tree === "string" ? narrows.has(tree)
      : Array.isArray(tree) && (tree[0] === "total" || (!["@", "read", "outer", "diag", "concat", "softmax"].includes(tree[0]) &&
        tree.slice(1).some(narrow) && tree.slice(1).every((part) => typeof part === "number" || narrow(part)))));
    for (const [, target, tree] of facts.trees) if (narrow(tree)) narrows.add(target);

    function back(tree, g) {                             // g: the gradient that arrives, as text
      if (typeof tree === "number" || typeof tree === "boolean") return;
      if (typeof tree === "string") { lines.push(`    ${grad(tree)} = ${grad(tree)} + to(${g}, ${name(tree)})`); return; }
      const [op, a, b, ...more] = tree;
      if (!simple(g)) g = bind(g);
      const A = () => write(a, 4), B = () => write(b, 4);
      if ("+-*/".includes(op) || op === "maximum") {       // one number a sequence is spread over the units: sum it back
        const both = { "+": [g, g], "-": [g, `-${g}`], "*": [`${g} * ${B()}`, `${g} * ${A()}`], "/": [`${g} / ${B()}`, `-${g} * ${A()} / ${B()} ** 2`],
          maximum: [`${g} * (${A()} >= ${B()})`, `${g} * (${A()} < ${B()})`] }[op];
        const fit = (part, other, words) => back(part, narrow(part) && !narrow(other) ? `to(${words}, ${write(part)})` : words);
        fit(a, b, both[0]);
        return fit(b, a, both[1]);
      }
      if (op === "neg") return back(a, `-${g}`);
      if (op === "@") { lines.push(`    ${grad(a)} = ${grad(a)} + ${g}.T @ ${B()}`); return back(b, `${g} @ ${name(a)}`); }
      if (op === "outer") { back(a, `(${g} * ${B()}[..., None, :]).sum(-1)`); return back(b, `(${g} * ${A()}[..., :, None]).sum(-2)`); }
      if (op === "diag") { back(a, `(${g} * ${B()}).sum(-1)`); return back(b, `${A()}[..., :, None] * ${g}`); }
      if (op === "read") { back(a, `${g}[..., :, None] * ${B()}[..., None, :]`); return back(b, `(${A()}.swapaxes(-1, -2) @ ${g}[..., None])[..., 0]`); }
      if (op === "concat") {
        const parts = [a, b, ...more], widths = parts.map((part) => `${write(part, 4)}.shape[-1]`);
        const upTo = (k) => widths.slice(0, k).join(" + ") || "0";
        parts.forEach((part, k) => back(part, `${g}[..., ${upTo(k)} : ${upTo(k + 1)}]`));
        return;
      }
      const slopes = {
        tanh: (y) => `${g} * (1 - ${y} ** 2)`, sigmoid: (y) => `${g} * ${y} * (1 - ${y})`, exp: (y) => `${g} * ${y}`, sqrt: (y) => `0.5 * ${g} / ${y}`,
        log: () => `${g} / ${A()}`, relu: () => `${g} * (${A()} > 0)`, cos: () => `-${g} * np.sin(${write(a)})`, sin: () => `${g} * np.cos(${write(a)})`,
        log_sigmoid: () => `${g} * sigmoid(-${A()})`, positive: (y) => `${g} * np.where(${A()} >= 0, 1, ${y} * (1 - ${y}))`,
        softmax: (y) => `${y} * (${g} - (${g} * ${y}).sum(-1, keepdims=True))`, total: () => `${g} * np.ones_like(${write(a)})`,
      };
      let y = null;
      if (OUTPUT.has(op)) {
        const whole = facts.trees.find((t) => JSON.stringify(t[2]) === JSON.stringify(tree));
        y = whole ? local(whole[1]) : bind(write(tree));
      }
      back(a, slopes[op](y));
    }
    for (const [, target, tree] of [...facts.trees].reverse()) {
      lines.push(`    # ${target} = ${facts.lines[targets.indexOf(target)].split("=").slice(1).join("=").trim()}`);
      back(tree, `d${local(target)}`);
    }
    const keep = (n) => `"${n}": ${local(n)}`;
    const room = (s) => (facts.matrices.includes(s) ? "B, H, H" : "B, H");
    const helpers = Object.keys(NUMPY).filter((f) => used.has(f)).flatMap((f) => [...NUMPY[f], "", ""]);
    return [
      '"""A cell typed in the page: forward, and backward as reverse mode writes it."""', "", "import numpy as np", "", "", ...helpers,
      "def to(g, like):", '    """A gradient summed over what was spread to its shape."""', "    like = np.asarray(like)",
      "    if g.ndim > like.ndim:", "        g = g.sum(tuple(range(g.ndim - like.ndim)))",
      "    axes = tuple(k for k, n in enumerate(like.shape) if n == 1 < g.shape[k])",
      "    return g.sum(axes, keepdims=True) if axes else g", "", "",
      "def step(params, x, prev):", '    """x (B, D), prev {state: (B, H)} -> every quantity of the step by name."""',
      ...facts.states.map((s) => `    ${local(s + "_prev")} = prev["${s}"]`), ...forward,
      `    return {${targets.map(keep).join(", ")}}`, "", "",
      "def step_backward(params, x, prev, now, dnow, grads):",
      '    """dnow {quantity: gradient}; adds to grads in place -> dx, {state: gradient} of the step before."""',
      ...facts.states.map((s) => `    ${local(s + "_prev")} = prev["${s}"]`),
      ...targets.map((n) => `    ${local(n)} = now["${n}"]`),
      ...targets.map((n) => `    d${local(n)} = dnow.get("${n}", np.zeros_like(${local(n)}))`),
      ...inputs.map((n) => `    d${local(n)} = np.zeros_like(${local(n)})`),
      ...lines,
      `    return dx, {${facts.states.map((s) => `"${s}": d${local(s + "_prev")}`).join(", ")}}`, "", "",
      "def unroll(params, x):", `    """x (T, B, D) -> ${facts.output} (T, B, H), and what unroll_backward needs."""`,
      `    B, H = x.shape[1], ${width(facts)}`,
      `    state = {${facts.states.map((s) => `"${s}": np.zeros((${room(s)}))`).join(", ")}}`,
      "    cache = []", "    for now in x:", "        values = step(params, now, state)", "        cache.append((now, state, values))",
      `        state = {name: values[name] for name in (${facts.states.map((s) => `"${s}", `).join("").trim()})}`,
      `    return np.stack([values["${facts.output}"] for _, _, values in cache]), cache`, "", "",
      "def unroll_backward(params, cache, dy):", '    """dy (T, B, H) -> dx (T, B, D), {parameter: gradient}."""',
      "    grads = {name: np.zeros_like(p) for name, p in params.items()}", "    dx, later = [], {}",
      "    for (x, prev, now), d in zip(reversed(cache), reversed(dy), strict=True):",
      "        dnow = dict(later)", `        dnow["${facts.output}"] = dnow.get("${facts.output}", 0) + d`,
      "        d_x, later = step_backward(params, x, prev, now, dnow, grads)", "        dx.append(d_x)",
      "    return np.stack(dx[::-1]), grads", "",
    ].join("\n");
  }

  // An expression for the number of units: the first axis of any parameter.
  const width = (facts) => `len(params["${facts.params[0].name}"])`;

  function torch(facts) {
    const parameters = new Set(facts.params.map((p) => p.name)), used = calls(facts);
    const name = (n) => (parameters.has(n) ? `self.${n}` : local(n));
    const call = (f) => TORCH[f] || (f in LIBRARY ? `torch.${LIBRARY[f]}` : f);
    const room = (s) => (facts.matrices.includes(s) ? "B, H, H" : "B, H");
    const helpers = Object.keys(TORCH_HELP).filter((f) => used.has(f)).flatMap((f) => [...TORCH_HELP[f], "", ""]);
    const sizes = (axes) => axes.map((a) => a.replace(/^(\d+)/, "$1 * ")).join(", ");
    return [
      '"""A cell typed in the page."""', "", "import torch", "from torch import nn", "", "", ...helpers,
      "class Cell(nn.Module):", '    """x (T, B, D) -> outputs (T, B, H) and the last states by name."""', "",
      "    def __init__(self, input_size, hidden_size):", "        super().__init__()", "        D, H = input_size, hidden_size", "        self.hidden_size = H",
      ...facts.params.map((p) => `        self.${p.name} = nn.Parameter(torch.empty(${sizes(p.axes)}).uniform_(-(H**-0.5), H**-0.5))`), "",
      "    def forward(self, x, state=None):", "        B, H = x.shape[1], self.hidden_size", "        if state is None:",
      `            state = {${facts.states.map((s) => `"${s}": x.new_zeros(${room(s)})`).join(", ")}}`,
      "        outputs = []", "        for x in x:",
      ...facts.states.map((s) => `            ${local(s + "_prev")} = state["${s}"]`),
      ...facts.trees.map(([, target, tree]) => `            ${local(target)} = ${text(tree, name, call)}`),
      `            outputs.append(${local(facts.output)})`,
      `            state = {${facts.states.map((s) => `"${s}": ${local(s)}`).join(", ")}}`,
      "        return torch.stack(outputs), state", "",
    ].join("\n");
  }

  function spec(facts) {
    const tuple = (list) => (list.length === 1 ? `(${list[0]},)` : `(${list.join(", ")})`);
    const quoted = (s) => JSON.stringify(s);
    return [
      '"""A cell typed in the page."""', "", "from course_utils.spec import CellSpec, Param, Source", "",
      "SPEC = CellSpec(", '    key="typed",', '    title="A typed cell",', '    summary="A cell typed in the page that trains networks.",',
      "    equations=(", ...facts.lines.map((line) => `        ${quoted(line)},`), "    ),", "    gates=(),",
      `    states=${tuple(facts.states.map(quoted))},`, ...(facts.output === facts.states[0] ? [] : [`    output=${quoted(facts.output)},`]),
      "    params=(", ...facts.params.map((p) => `        Param(${quoted(p.name)}, ${quoted(p.axes.join(" "))}, (${quoted(p.name)},)),`), "    ),",
      ...(facts.matrices.length ? [`    matrices=${tuple(facts.matrices.map(quoted))},`] : []),
      '    source=Source("", "typed by a reader", "none"),', ")", "",
    ].join("\n");
  }

  return { numpy, torch, spec };
});
