// Tasks to learn: random sequences, what is asked of them, and both as text that a reader can edit.
//   batch: T, B, D, N, x (T, B, D), asked (P,) places t * B + b, target (P,), allowed (P, N) or null,
//          counted (P,) which of them decide success, whole: whether all of a sequence must be right
"use strict";
unrolled.part("tasks", [], function () {
  const CUES = "ABCD", FILLERS = "abcdefgh", REBER = "BTPSXVE", LONGEST = 30;
  const NODES = [{ B: 1 }, { T: 2, P: 3 }, { S: 2, X: 4 }, { T: 3, V: 5 }, { X: 3, S: 6 }, { P: 4, V: 6 }, { E: 7 }];

  function places(letters, allowed, what) {
    return [...letters].map((letter, k) => {
      const at = allowed.indexOf(letter);
      if (at < 0) throw new Error(`letter ${k + 1}: “${letter}” is none of ${[...allowed].join(" ")}${what ? ` (${what})` : ""}`);
      return at;
    });
  }

  // Columns of symbols, each a list of {read, next, allowed, counts}: next null where nothing is asked.
  function symbols(columns, D, N, whole) {
    const T = Math.max(...columns.map((c) => c.length)), B = columns.length;
    const x = new Float64Array(T * B * D), asked = [], target = [], allowed = [], counted = [];
    for (let t = 0; t < T; t++) {
      columns.forEach((column, b) => {
        const step = column[t];
        if (!step) return;
        x[(t * B + b) * D + step.read] = 1;
        if (step.next == null) return;
        asked.push(t * B + b);
        target.push(step.next);
        counted.push(step.counts === false ? 0 : 1);
        for (let k = 0; k < N; k++) allowed.push(step.allowed ? +step.allowed.includes(k) : +(k === step.next));
      });
    }
    return { T, B, D, N, x, asked: Int32Array.from(asked), target: Float64Array.from(target),
      allowed: Uint8Array.from(allowed), counted: Uint8Array.from(counted), whole };
  }
  const many = (n, make) => Array.from({ length: n }, make);

  const cue = {
    title: "a cue, a gap, a question", length: ["gap", 1, 60, 20],
    about: "The first word is one of four; after a gap of words that say nothing the network is asked for it.",
    column: (ids) => ids.map((id, t) => ({ read: id, next: t === ids.length - 1 ? ids[0] : null })),
    sample: (random, n, { length }) => symbols(many(n, () => cue.column([random.integer(0, 4),
      ...many(length, () => random.integer(4, 12)), 12])), 13, 4, true),
    read(text) {
      const ids = places(text, CUES + FILLERS + "?", "A to D are cues, a to h say nothing, ? asks");
      if (ids.length < 2 || ids[0] > 3) throw new Error("a sequence begins with one of A B C D and has more than one letter");
      return symbols([cue.column(ids)], 13, 4, true);
    },
    show: (ids) => ids.map((id) => (CUES + FILLERS + "?")[id]).join(""), answer: (k) => CUES[k],
  };

  const adding = {
    title: "adding two marked numbers", length: ["steps", 22, 100, 40], number: true, tolerance: 0.04,
    about: "Two of many numbers are marked; half a unit and a quarter of their sum is asked at the end.",
    batch(columns) {
      const T = columns[0].length, B = columns.length, x = new Float64Array(T * B * 2);
      const target = new Float64Array(B);
      columns.forEach((column, b) => {
        let sum = 0;
        column.forEach(([value, mark], t) => { x[(t * B + b) * 2] = value; x[(t * B + b) * 2 + 1] = mark; sum += mark * value; });
        target[b] = 0.5 + sum / 4;
      });
      return { T, B, D: 2, N: 1, x, asked: Int32Array.from(target, (_, b) => (T - 1) * B + b), target,
        allowed: null, counted: new Uint8Array(B).fill(1), whole: true };
    },
    sample: (random, n, { length }) => adding.batch(many(n, () => {
      const column = many(length, () => [random.between(-1, 1), 0]);
      column[random.integer(0, 10)][1] = column[random.integer(10, length >> 1)][1] = 1;
      return column;
    })),
    read(text) {
      const words = text.trim().split(/\s+/), column = words.map((word, k) => {
        const found = /^([-−]?\d*\.?\d+)(\*?)$/.exec(word);
        if (!found) throw new Error(`number ${k + 1}: “${word}” is no number, or number*`);
        return [Number(found[1].replace("−", "-")), found[2] ? 1 : 0];
      });
      if (column.filter(([, mark]) => mark).length !== 2) throw new Error("mark exactly two numbers by a *");
      return adding.batch([column]);
    },
    show: (column) => column.map(([value, mark]) => value.toFixed(1) + (mark ? "*" : "")).join(" "),
  };

  const parity = {
    title: "parity, bit by bit", length: ["bits", 2, 40, 10],
    about: "After each bit: was the number of ones so far odd? Success counts the last answer.",
    column(bits) {
      let odd = 0;
      return bits.map((bit, t) => ({ read: bit, next: (odd ^= bit), counts: t === bits.length - 1 }));
    },
    sample: (random, n, { length }) => symbols(many(n, () => parity.column(many(length, () => random.integer(0, 2)))), 2, 2, true),
    read(text) {
      if (!text) throw new Error("write some bits, such as 0110");
      return symbols([parity.column(places(text, "01"))], 2, 2, true);
    },
    show: (ids) => ids.join(""), answer: (k) => ["even", "odd"][k],
  };

  const ITEMS = 3, KINDS = 4;
  const copy = {
    title: "copy three symbols", length: ["delay", 2, 40, 10],
    about: "Three symbols, a delay, a go sign: then the three again, and nothing before that.",
    column: (ids) => {
      const go = ids.indexOf(KINDS + 1);
      return ids.map((id, t) => ({ read: id, next: go >= 0 && t > go && t - go <= ITEMS ? ids[t - go - 1] : KINDS, counts: go >= 0 && t > go }));
    },
    sample: (random, n, { length }) => symbols(many(n, () => copy.column([...many(ITEMS, () => random.integer(0, KINDS)),
      ...Array(length - 1).fill(KINDS), KINDS + 1, ...Array(ITEMS).fill(KINDS)])), KINDS + 2, KINDS + 1, false),
    read(text) {
      const ids = places(text, CUES + ".!", ". is blank, ! says go");
      if (ids.slice(0, ITEMS).some((k) => k >= KINDS) || !/^[A-D.]*!\.{3}$/.test(text)) throw new Error("write three of A B C D, blanks, ! and three blanks: ABC....!...");
      return symbols([copy.column(ids)], KINDS + 2, KINDS + 1, false);
    },
    show: (ids) => ids.map((id) => (CUES + ".!")[id]).join(""), answer: (k) => (CUES + ".")[k],
  };

  const counting = {
    title: "counting: aⁿbⁿ", length: ["largest n", 2, 15, 6],
    about: "As many b as a, then the end: at each letter, which may come next? Success: a whole string without a mistake.",
    column(a, b) {
      const steps = [{ read: 0, next: 0, allowed: [0] }];
      for (let k = 0; k < a; k++) steps.push({ read: 1, next: k < a - 1 ? 0 : 1, allowed: [0, 1] });
      for (let k = 1; k <= b; k++) steps.push({ read: 2, next: k < a ? 1 : 2, allowed: [k < a ? 1 : 2] });
      return steps;
    },
    sample: (random, n, { length }) => symbols(many(n, () => {
      const count = random.integer(1, length + 1), column = counting.column(count, count);
      while (column.length < 2 * length + 1) column.push(null);    // one T for all batches
      return column;
    }), 3, 3, true),
    read(text) {
      const found = /^(a+)(b*)$/.exec(text);
      if (!found || found[2].length > found[1].length) throw new Error("write some a, then at most as many b: aaabbb");
      return symbols([counting.column(found[1].length, found[2].length)], 3, 3, true);
    },
    show: (ids) => ids.slice(1).map((id) => "^ab"[id]).join(""), answer: (k) => ["a", "b", "end"][k],
    letters: (text) => "^" + text,
  };

  const reber = {
    title: "the embedded Reber grammar", length: null,
    about: `Strings of a grammar whose last letter but one repeats the second, of ${LONGEST} letters at most. Success: a whole string without a mistake.`,
    walk(choose) {                                  // choose(options) -> letter
      let text = "B", node = 0;
      const steps = [], step = (options) => { const next = choose(options); steps.push({ read: REBER.indexOf(text[text.length - 1]),
        next: REBER.indexOf(next), allowed: options.map((o) => REBER.indexOf(o)) }); text += next; return next; };
      const outer = step(["T", "P"]);
      while (node < 7) node = NODES[node][step(Object.keys(NODES[node]))];
      step([outer]);
      step(["E"]);
      return { text, steps };
    },
    sample: (random, n) => symbols(many(n, () => {
      for (;;) {
        const { steps } = reber.walk((options) => options[random.integer(0, options.length)]);
        if (steps.length < LONGEST) return [...steps, ...Array(LONGEST - 1 - steps.length).fill(null)];
      }
    }), 7, 7, true),
    read(text) {
      places(text, REBER);
      let at = 0;
      if (text[0] !== "B") throw new Error("letter 1: a string begins with B");
      const { steps, text: walked } = reber.walk((options) => {
        at += 1;
        if (at >= text.length) throw new Error(`the string stops after letter ${at}; next may come ${options.join(" or ")}`);
        if (!options.includes(text[at])) throw new Error(`letter ${at + 1}: expected ${options.join(" or ")}, found ${text[at]}`);
        return text[at];
      });
      if (walked.length < text.length) throw new Error(`letter ${walked.length + 1}: the string ends before it`);
      return symbols([steps], 7, 7, true);
    },
    show: (ids) => ids.map((id) => REBER[id]).join("") + "E", answer: (k) => REBER[k],
  };

  const text = {
    title: "a few lines of text", length: ["characters at a time", 5, 40, 20],
    about: "Which character comes next? Success: the share of the text's own characters that are foretold.",
    vocabulary(settings) {
      const letters = [...new Set(settings.text)].sort().join("");
      if (settings.text.length < settings.length + 2 || letters.length < 2) throw new Error(`write a text of more than ${settings.length + 1} characters, and of two kinds at least`);
      return letters;
    },
    column: (ids) => ids.slice(0, -1).map((id, t) => ({ read: id, next: ids[t + 1] })),
    sample(random, n, settings) {
      const letters = text.vocabulary(settings), size = letters.length;
      return symbols(many(n, () => {
        const start = random.integer(0, settings.text.length - settings.length);
        return text.column(places(settings.text.slice(start, start + settings.length + 1), letters));
      }), size, size, false);
    },
    read(line, settings) {
      const letters = text.vocabulary(settings);
      if (line.length < 2) throw new Error("write two characters at least");
      return symbols([text.column(places(line, letters, "the characters of the text"))], letters.length, letters.length, false);
    },
    show: (ids, settings) => ids.map((id) => text.vocabulary(settings)[id]).join(""),
    answer: (k, settings) => text.vocabulary(settings)[k].replace(" ", "␣").replace("\n", "⏎"),
  };

  const all = { cue, adding, parity, copy, counting, reber, text };

  // What column b of a batch reads, as the text that `read` takes.
  function shown(name, batch, b, settings) {
    const task = all[name], rows = [];
    for (let t = 0; t < batch.T; t++) {
      const row = batch.x.subarray((t * batch.B + b) * batch.D, (t * batch.B + b + 1) * batch.D);
      if (task.number) rows.push([row[0], row[1]]);
      else if (row.includes(1)) rows.push(row.indexOf(1));
    }
    return task.show(rows, settings);
  }

  // The share of successes: answers (P, N) -> 0 to 1.
  function right(batch, answers, tolerance) {
    const { N, B, asked, target, allowed, counted, whole } = batch;
    const wrong = new Uint8Array(B), seen = new Uint8Array(B);
    let good = 0, all = 0;
    for (let p = 0; p < asked.length; p++) {
      if (!counted[p]) continue;
      let fits = true;
      if (!allowed) fits = Math.abs(answers[p] - target[p]) < tolerance;
      else {
        let least = Infinity, most = -Infinity;
        for (let k = 0; k < N; k++) {
          const score = answers[p * N + k];
          if (allowed[p * N + k]) least = Math.min(least, score); else most = Math.max(most, score);
        }
        fits = least > most;
      }
      all += 1;
      good += fits;
      seen[asked[p] % B] = 1;
      if (!fits) wrong[asked[p] % B] = 1;
    }
    if (!whole) return good / all;
    const columns = seen.reduce((n, s) => n + s, 0);
    return seen.reduce((n, s, b) => n + (s && !wrong[b]), 0) / columns;
  }

  return { all, shown, right };
});
