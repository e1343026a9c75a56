// The equation language of course_utils.equations, read by hand: a line -> ["=", name, tree], or a
// Mistake that says where and what.  Nothing is ever evaluated as code: a tree is plain lists.
"use strict";
unrolled.part("language", [], function () {
  const ARITY = { sigmoid: 1, tanh: 1, relu: 1, exp: 1, log: 1, sqrt: 1, cos: 1, sin: 1, log_sigmoid: 1, maximum: 2,
    concat: null, positive: 1, due: 2, slower: 2, softmax: 1, total: 1, outer: 2, diag: 2, read: 2 };
  const GREEK = { alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ε", zeta: "ζ", eta: "η", theta: "θ", kappa: "κ", lam: "λ", mu: "μ", nu: "ν", xi: "ξ", rho: "ρ", tau: "τ", phi: "φ", psi: "ψ", omega: "ω" };
  const WORDS = new Set(("False None True and as assert async await break class continue def del elif else except finally for from " +
    "global if import in is lambda nonlocal not or pass raise return try while with yield").split(" "));
  const NUMBER = /(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][+-]?\d(?:_?\d)*)?|\d(?:_?\d)*\.?(?:[eE][+-]?\d(?:_?\d)*)?)/uy;
  const NAME = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;
  const FORBIDDEN = { "**": "there are no powers; write a * a", "//": "division is written /", "%": "there is no remainder here",
    "==": "one = defines a name", "<": "there are no comparisons; relu and maximum choose", ">": "there are no comparisons; relu and maximum choose",
    "[": "there are no brackets but ( )", ".": "a name has no dots", "^": "there are no powers; write a * a", '"': "there is no text here", "'": "there is no text here" };

  class Mistake extends Error {
    constructor(message, at, length) { super(message); this.at = at; this.length = Math.max(1, length || 1); }
  }

  function pieces(line) {
    const found = [];
    let at = 0;
    while (at < line.length) {
      if (line[at] === "#") break;
      if (/[ \t\f]/.test(line[at])) { at += 1; continue; }
      NUMBER.lastIndex = NAME.lastIndex = at;
      const number = NUMBER.exec(line), name = number ? null : NAME.exec(line);
      if (number) {
        const end = at + number[0].length, text = number[0].replace(/_/g, "");
        NAME.lastIndex = end;
        if (NAME.exec(line) || line[end] === "." || /^0\d*[1-9]\d*$/.test(text)) {
          throw new Mistake(/^0\d/.test(text) ? "a number does not begin with 0" : "a number and a name need a sign between them, such as *", at, number[0].length);
        }
        found.push({ kind: "number", text: number[0], value: Number(text), at, end });
        at = end;
      } else if (name) {
        found.push({ kind: "name", text: name[0].normalize("NFKC"), at, end: at + name[0].length });
        at += name[0].length;
      } else {
        const two = line.slice(at, at + 2), sign = two in FORBIDDEN || /^[-+*@/]=$/.test(two) ? two : line[at];
        if (!"+-*/@(),=;".includes(sign)) {
          throw new Mistake(FORBIDDEN[sign] || `“${sign}” is not part of the language, which has + - * / @ ( )`, at, sign.length);
        }
        found.push({ kind: sign, text: sign, at, end: at + 1 });
        at += 1;
      }
    }
    if (found.length && found[found.length - 1].kind === ";") found.pop();
    return found;
  }

  function parse(line) {
    const list = pieces(line);
    let k = 0;
    const end = { kind: "end", text: "", at: line.length, end: line.length };
    const next = () => list[k] || end;
    const found = () => (next().kind === "end" ? "the line ends" : `found “${next().text}”`);
    function fail(message, piece) { const p = piece || next(); throw new Mistake(message, p.at, p.end - p.at); }
    function take(kind, message) { if (next().kind !== kind) fail(`${message}; ${found()}`); return list[k++]; }

    function sum() {
      let left = product();
      while (next().kind === "+" || next().kind === "-") { const sign = list[k++].kind; left = [sign, left, product()]; }
      return left;
    }
    function product() {
      let left = signed();
      while ("*/@".includes(next().kind)) { const sign = list[k++].kind; left = [sign, left, signed()]; }
      return left;
    }
    function signed() {
      if (next().kind === "-") { k += 1; return ["neg", signed()]; }
      if (next().kind === "+") fail("a plus needs a number, a name or a bracket on its left");
      return atom();
    }
    function atom() {
      const piece = next();
      if (piece.kind === "number") { k += 1; return piece.value; }
      if (piece.kind === "(") {
        k += 1;
        const inside = sum();
        take(")", "expected ) for the bracket that was opened");
        return inside;
      }
      if (piece.kind !== "name") fail(`expected a name, a number or a bracket; ${found()}`);
      if (WORDS.has(piece.text)) fail(`“${piece.text}” is a word of Python and can be no name${piece.text === "lambda" ? "; write lam" : ""}`);
      k += 1;
      if (next().kind !== "(") return piece.text;
      if (!(piece.text in ARITY)) fail(`“${piece.text}” is no function of the language; it knows ${Object.keys(ARITY).join(", ")}`, piece);
      k += 1;
      const parts = [];
      while (next().kind !== ")") {
        parts.push(sum());
        if (next().kind !== ",") break;
        k += 1;
      }
      take(")", `expected , or ) after what ${piece.text} takes`);
      return [piece.text, ...parts];
    }

    if (!list.length) fail("expected name = expression");
    const target = take("name", "a line begins with the name that it defines");
    if (WORDS.has(target.text)) fail(`“${target.text}” is a word of Python and can be no name`, target);
    take("=", `expected = after ${target.text}`);
    const tree = sum();
    if (next().kind !== "end") {
      fail(next().kind === "=" ? "a line defines one name" : `expected + - * / or @ before it; ${found()}`);
    }
    return ["=", target.text, tree];
  }

  const isParameter = (name) => /^(b_|p_)/.test(name) || name.split("_")[0] in GREEK || (/^\p{Lu}/u.test(name));
  const walk = (tree, visit) => {
    visit(tree);
    if (Array.isArray(tree)) tree.slice(1).forEach((part) => walk(part, visit));
  };
  const names = (tree) => { const found = []; walk(tree, (t) => { if (typeof t === "string" && !found.includes(t)) found.push(t); }); return found; };

  return { ARITY, GREEK, Mistake, parse, pieces, isParameter, names };
});
