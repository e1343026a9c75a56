// The reader's own cell: equations typed, read, set, drawn, differentiated and checked.
"use strict";
(function () {
  const MEANING = { f: "forget", i: "input", o: "output", g: "candidate", n: "candidate", z: "forget", r: "output", c: "cell", h: "hidden", x: "x" };
  const RANK = { "+": 1, "-": 1, neg: 2, "*": 2, "/": 2, "@": 3 };
  const escaped = (s) => s.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }[c]));

  function named(name, facts, greek) {                   // c_prev -> c with t−1 below it
    const [base, ...sub] = name.split("_"), parameter = facts.params.some((p) => p.name === name);
    const below = sub.filter((s) => s !== "prev");
    if (!parameter) below.push(sub.includes("prev") ? "t−1" : "t");
    const css = !parameter && MEANING[base] ? ` class="u-${MEANING[base]}"` : "";
    return `<var${css}>${escaped(greek[base] || base)}</var>` + (below.length ? `<sub>${escaped(parameter ? below.join("") : below.join(","))}</sub>` : "");
  }

  function set(tree, facts, greek, rank = 0) {
    if (typeof tree === "number") return String(tree);
    if (typeof tree === "string") return named(tree, facts, greek);
    const [op, ...parts] = tree, own = RANK[op];
    if (own) {
      const sign = { "+": " + ", "-": " − ", "*": " ⊙ ", "/": " / ", "@": " " }[op];
      const words = op === "neg" ? "−" + set(parts[0], facts, greek, 2)
        : set(parts[0], facts, greek, own) + (op === "*" && typeof parts[0] === "number" ? " " : sign) + set(parts[1], facts, greek, own + (op === "-" || op === "/" ? 0.5 : 0));
      return own < rank ? `(${words})` : words;
    }
    const inside = parts.map((p) => set(p, facts, greek)).join(op === "concat" ? "; " : ", ");
    return op === "concat" ? `[${inside}]` : `${{ sigmoid: "σ", relu: "ReLU", maximum: "max", log_sigmoid: "log σ", total: "Σ", positive: "ĝ" }[op] || op}(${inside})`;
  }

  // Names in columns by how far they are from what a step is given; arrows from what is read.
  function graph(svg, facts, names) {
    const add = unrolled.element, given = ["x", ...facts.states.map((s) => `${s}_prev`)], depth = Object.fromEntries(given.map((n) => [n, 0]));
    const reads = Object.fromEntries(facts.trees.map(([, name, tree]) => [name, names(tree).filter((n) => given.includes(n) || facts.trees.some((t) => t[1] === n))]));
    for (const [, name] of facts.trees) depth[name] = 1 + Math.max(0, ...reads[name].map((n) => depth[n]));
    const columns = [];
    for (const [name, d] of Object.entries(depth)) (columns[d] = columns[d] || []).push(name);
    const rows = Math.max(...columns.map((c) => c.length)), wide = 620, high = Math.max(150, rows * 52 + 10), at = {};
    columns.forEach((column, k) => column.forEach((name, j) => {
      // every other column a little lower: what passes a node does not pass behind it
      at[name] = [50 + (wide - 100) * k / Math.max(1, columns.length - 1), high * (j + 0.5) / column.length + (k % 2 ? 9 : -9)];
    }));
    svg.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    svg.replaceChildren();
    const ink = (name) => `u-${MEANING[name.split("_")[0]] || "neutral"}`;
    for (const [name, from] of Object.entries(reads)) for (const other of from) {
      const [x0, y0] = at[other], [x1, y1] = at[name], bend = (x0 + x1) / 2;
      const group = add(svg, "g", { class: ink(other) });
      add(group, "path", { class: "u-line", d: `M${x0 + 30} ${y0}C${bend} ${y0} ${bend} ${y1} ${x1 - 37} ${y1}` });
      add(group, "path", { class: "u-head", d: `M${x1 - 31} ${y1}l-8 -4v8z` });
    }
    for (const [name, [x, y]] of Object.entries(at)) {
      const group = add(svg, "g", { class: `u-node ${ink(name)}` });
      add(group, "rect", { x: x - 30, y: y - 15, width: 60, height: 30, rx: 8 });
      add(group, "text", { class: "u-train-letter", x, y: y + 5, "text-anchor": "middle", style: name.length > 7 ? `font-size: ${100 / name.length}px` : "" }, name);
    }
    svg.setAttribute("aria-label", Object.entries(reads).map(([n, from]) => `${n} reads ${from.join(", ") || "parameters alone"}`).join("; "));
  }

  // -> the facts of what is typed, or null; shows everything about it.
  unrolled.typedCell = function (root) {
    const area = root.querySelector("[name=equations]");
    if (!area) return null;
    const { facts, mistakes } = unrolled.use("design")(area.value);
    const found = root.querySelector(".u-train-mistake"), show = root.querySelector(".u-train-own");
    area.setAttribute("aria-invalid", String(!facts));
    found.replaceChildren();
    const lines = area.value.split(/\r?\n/);
    mistakes.forEach(({ line, at, length, message }) => {
      const item = document.createElement("li"), text = lines[line] || "";
      item.append(`line ${line + 1}, column ${at + 1}: ${message}`);
      const where = document.createElement("code"), mark = document.createElement("mark");
      mark.textContent = text.slice(at, at + length) || "␣";
      where.append(text.slice(0, at), mark, text.slice(at + length));
      item.append(document.createElement("br"), where);
      found.append(item);
    });
    show.hidden = !facts;
    if (!facts) return null;
    const { GREEK, names } = unrolled.use("language");
    root.querySelector(".u-train-set").innerHTML = facts.trees.map(([, name, tree]) => `<p>${named(name, facts, GREEK)} = ${set(tree, facts, GREEK)}</p>`).join("");
    graph(root.querySelector('[data-chart="graph"]'), facts, names);
    const checks = unrolled.use("complexStep")(facts, unrolled.use("tree").build, 1);
    const body = root.querySelector(".u-train-checks tbody");
    body.replaceChildren(...checks.map(({ name, step, reverse, off }) => {
      const row = document.createElement("tr");
      [name, unrolled.number(step, 8), unrolled.number(reverse, 8), off === 0 ? "equal" : off < 1e-10 ? `equal to ${off.toExponential(0)}` : isNaN(off) ? "not defined here" : `off by ${off.toExponential(1)}`]
        .forEach((text, k) => { const cell = document.createElement(k ? "td" : "th"); if (!k) cell.scope = "row"; cell.textContent = text; row.append(cell); });
      return row;
    }));
    return facts;
  };

  // The text of a cell in one of the languages.
  unrolled.cellText = function (facts, language) {
    if (facts.key) return `${unrolled.use("texts")[facts.key]}`.replace(/^function \(\) \{\n/, "").replace(/return cell;\n\}$/, "");
    return unrolled.use("write")[language](facts);
  };
})();
