// Text that is read with a network: the views, the frame, the writing; glass_run.js computes.
(function () {
  "use strict";
  var DEEPEST = 34, LEVELS = 16, BEFORE = 100, REPLACED = 40, WRITTEN = 120, MOST = 900, SHOWN = { "\n": "↵", " ": "␣" };

  var VIEWS = [
    { name: "surprise", ink: "u-surprise", ends: ["0 bits", "8 bits"] },
    { name: "derivative", ink: "u-gradient", ends: ["no effect", "most"] },
    { name: "replacement", ink: "u-gradient", ends: ["no effect", "most"] },
    { name: "cell", ink: "u-cell", ends: ["least", "most"] }
  ];

  function start(root) {
    var data = unrolled.data(root), n = unrolled.number, first = data.before.length, find = function (css) { return root.querySelector(css); };
    var surface = find(".u-shaded"), say = find(".u-say"), next = find(".u-next"), ends = root.querySelectorAll(".u-scale > b"), scale = find(".u-scale span");
    var view = find("[data-range=view]"), cells = find(".u-cells"), chosen = find("[name=cell]"), heat = find("[name=temperature]"), own = find("[name=own]");
    var known = Array.from(cells.querySelectorAll("button")), reader, letters, values = [], at = data.at, cell = data.cells[0], timer = null, chance = data.seed;

    function ids(text) { return Array.from(text).map(function (c) { return data.vocabulary.indexOf(c); }).filter(function (id) { return id >= 0; }); }
    function letter(k) { return data.vocabulary[reader.ids[first + k]]; }
    function quoted(c) { return SHOWN[c] || c; }
    function length() { return reader.ids.length - first; }
    function temperature() { return Number(heat.value); }
    function random() {                                      // mulberry32
      var a = chance = (chance + 0x6D2B79F5) | 0;
      a = Math.imul(a ^ (a >>> 15), a | 1);
      a ^= a + Math.imul(a ^ (a >>> 7), a | 61);
      return ((a ^ (a >>> 14)) >>> 0) / 4294967296;
    }

    function spell() {                                       // an element for each character
      surface.replaceChildren();
      letters = [];
      for (var k = 0; k < length(); k++) {
        var span = document.createElement("span");
        span.textContent = letter(k);
        if (k >= data.kept) span.className = "u-written";
        letters.push(surface.appendChild(span));
      }
    }

    function paint(shares, ink) {                            // shares by character, from 0 to 1
      surface.parentNode.className = "u-reading " + ink;
      letters.forEach(function (span, k) {
        var level = Math.round(LEVELS * Math.max(0, Math.min(1, shares[k] || 0)));
        span.style.background = level ? "color-mix(in srgb, var(--ink) " + DEEPEST * level / LEVELS + "%, transparent)" : "";
        span.classList.toggle("u-framed", k === at);
      });
    }

    // values of the view: for each character of the passage, and words for the framed one
    function measure() {
      var kind = VIEWS[unrolled.chosen(view)], k = first + at, told = "", most;
      clearTimeout(timer);
      values = new Array(length()).fill(0);
      if (kind.name === "surprise") {
        values = values.map(function (_, j) { return prices[j] / 8; });
      } else if (kind.name === "cell") {
        var held = values.map(function (_, j) { return cell.sign * reader.c[first + j + 1][cell.cell]; });
        var sorted = held.slice().sort(function (a, b) { return a - b; }), low = sorted[Math.floor(0.02 * sorted.length)], high = sorted[Math.ceil(0.98 * (sorted.length - 1))];
        values = held.map(function (v) { return (v - low) / (high - low || 1); });
        told = "Cell " + cell.cell + " stands at " + n(reader.c[k + 1][cell.cell]) + " after it. ";
      } else if (kind.name === "derivative") {
        var lengths = reader.derivative(k, BEFORE);
        most = Math.max.apply(null, lengths.concat(1e-12));
        lengths.forEach(function (v, j) { values[at - lengths.length + j] = v / most; });
        told = farther(at - lengths.length, values);
      } else {
        return replace(kind, k);
      }
      show(kind, told);
    }

    function farther(from, shares) {
      var best = -1;
      for (var j = Math.max(0, from); j < at; j++) if (best < 0 || shares[j] > shares[best]) best = j;
      return best < 0 ? "" : "It depends most on “" + quoted(letter(best)) + "”, " + (at - best) + " back. ";
    }

    // one character after the other is replaced, so that the page answers meanwhile
    function replace(kind, k) {
      var raw = [], j = k - 1, stop = Math.max(0, k - REPLACED);
      function shares() {
        var most = Math.max.apply(null, raw.concat(1e-12));
        raw.forEach(function (v, d) { values[at - 1 - d] = v / most; });
      }
      say.textContent = "Replacing one character after the other …";
      (function one() {
        var until = Date.now() + 30;
        while (j >= stop && Date.now() < until) raw.push(reader.replacement(k, j--, data.others));
        shares();
        if (j >= stop) {
          paint(values, kind.ink);
          timer = setTimeout(one, 0);
        } else {
          show(kind, farther(at - raw.length, values));
        }
      })();
    }

    var prices = [];
    function price() { for (var k = prices.length; k < length(); k++) prices.push(reader.price(first + k)); }

    function show(kind, told) {
      paint(values, kind.ink);
      ends.forEach(function (end, k) { end.textContent = kind.ends[k]; });
      scale.className = kind.ink;
      var p = unrolled.glass.softmax(reader.scores(first + at), temperature()), cost = prices[at];
      var best = p.map(function (_, v) { return v; }).sort(function (a, b) { return p[b] - p[a]; }).slice(0, 8);
      next.replaceChildren();
      best.forEach(function (v) {
        var item = document.createElement("li"), bar = document.createElement("i"), name = document.createElement("b"), share = document.createElement("span");
        name.textContent = quoted(data.vocabulary[v]);
        bar.style.width = 100 * p[v] + "%";
        share.textContent = (100 * p[v]).toFixed(p[v] < 0.0995 ? 1 : 0) + " %";
        item.className = v === reader.ids[first + at] ? "is-come" : "";
        var room = document.createElement("em");
        room.append(bar);
        item.append(name, room, share);
        next.append(item);
      });
      say.textContent = "“" + quoted(letter(at)) + "” cost " + n(cost, 1) + " bits. " + told + "The net expected “" + quoted(data.vocabulary[best[0]]) + "”, " +
        (100 * p[best[0]]).toFixed(0) + "\u00a0% at temperature " + n(temperature(), 1) + "; entropy " + n(unrolled.glass.entropy(p), 1) + " bits.";
      surface.setAttribute("aria-valuenow", at + 1);
      surface.setAttribute("aria-valuemax", length());
      surface.setAttribute("aria-valuetext", "character " + (at + 1) + " of " + length() + ", " + letter(at).replace(" ", "space").replace("\n", "line break"));
      heat.setAttribute("aria-valuetext", n(temperature(), 1));
      heat.closest("label").querySelector("output").textContent = "τ = " + n(temperature(), 1);
      chosen.value = cell.cell;
      chosen.closest("label").querySelector("output").textContent = "cell " + cell.cell;
      chosen.setAttribute("aria-valuetext", "cell " + cell.cell);
      known.forEach(function (b, j) { b.setAttribute("aria-pressed", String(data.cells[j] === cell)); });
      cells.hidden = kind.name !== "cell";
      find(".u-back").setAttribute("aria-disabled", String(data.kept === data.text.length));
    }

    function move(k) {
      at = Math.max(1, Math.min(length() - 1, k));
      measure();
    }

    // what stands from the frame on gives way to these characters
    function put(more, from) {
      reader.cut(first + from);
      reader.extend(more);
      prices.length = from;
      data.kept = Math.min(data.kept, from);
      price();
      spell();
    }

    function write() {
      clearTimeout(timer);
      if (at >= MOST - 1) return;
      var from = at, left = Math.min(WRITTEN, MOST - at), still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      (function one() {
        var p = unrolled.glass.softmax(reader.scores(first + from), temperature());
        put([unrolled.glass.drawn(p, random())], from);
        at = from;
        from += 1;
        left -= 1;
        if (left > 0 && still) return one();
        if (left > 0) {
          paint(prices.map(function (v) { return v / 8; }), "u-surprise");
          timer = setTimeout(one, 20);
        } else {
          measure();
        }
      })();
    }

    surface.addEventListener("keydown", function (event) {
      var by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 10, ArrowUp: -10, PageDown: 50, PageUp: -50, Home: -MOST * 2, End: MOST * 2 }[event.key];
      if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      move(at + by);
    });
    surface.addEventListener("click", function (event) {
      var k = letters.indexOf(event.target);
      if (k >= 0) move(k);
    });
    view.addEventListener("input", measure);
    heat.addEventListener("input", measure);
    chosen.addEventListener("input", function () { cell = { cell: Number(chosen.value), sign: 1 }; measure(); });
    known.forEach(function (b, k) { b.addEventListener("click", function () { cell = data.cells[k]; measure(); }); });
    find(".u-write").addEventListener("click", write);
    find(".u-put").addEventListener("click", function () {
      var more = ids(own.value).slice(0, MOST - at);
      if (!more.length) return;
      put(more, at);
      move(at + more.length - 1);
    });
    own.addEventListener("keydown", function (event) { if (event.key === "Enter") { event.preventDefault(); find(".u-put").click(); } });
    find(".u-back").addEventListener("click", function () {
      data.kept = data.text.length;
      reader.cut(first);
      reader.extend(ids(data.text));
      prices.length = 0;
      price();
      spell();
      move(data.at);
    });

    data.kept = data.text.length;
    setTimeout(function () {                                 // the page first
      reader = new unrolled.glass.Reader(unrolled.glass.network(data.weights), ids(data.before + data.text));
      price();
      spell();
      surface.tabIndex = 0;
      surface.setAttribute("role", "slider");
      surface.setAttribute("aria-label", "Place in the text; arrow keys move by one character and by ten");
      surface.setAttribute("aria-valuemin", 2);
      surface.parentNode.removeAttribute("role");
      surface.parentNode.removeAttribute("aria-label");
      unrolled.reveal(root);
      measure();
    }, 0);
  }

  unrolled.each(".u-glass", start);
})();
