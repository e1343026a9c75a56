// What both figures to predict share: numbers, the scale, what the reader left here, the sentence.
(function () {
  "use strict";
  var unrolled = window.unrolled;
  if (unrolled.predict) return;

  function text(value, unit) {                               // predict.py writes its numbers the same way
    var size = Math.abs(value), out;
    if (size && (size < 1e-3 || size >= 1e5)) {
      var parts = value.toExponential(2).split("e"), mantissa = String(Number(parts[0]));
      var raised = "10" + String(Number(parts[1])).replace(/./g, function (c) { return "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] || "⁻"; });
      out = mantissa === "1" ? raised : mantissa + " × " + raised;
    } else out = String(Number(value.toPrecision(3)));
    return out.replace("-", "−") + (unit ? " " + unit : "");
  }

  // value <-> share of the way from the low end of the scale to the high one
  function share(scale, value) {
    return scale.log ? Math.log(value / scale.low) / Math.log(scale.high / scale.low) : (value - scale.low) / (scale.high - scale.low);
  }

  function value(scale, part) {
    part = Math.min(1, Math.max(0, part));
    var exact = scale.log ? scale.low * Math.pow(scale.high / scale.low, part) : scale.low + part * (scale.high - scale.low);
    return Number(exact.toPrecision(12));
  }

  // This browser's memory, where it grants one; a private window or a notebook's frame may not.
  function recall(key) {
    try { return JSON.parse(window.localStorage.getItem("unrolled-predict-" + key)); } catch (refused) { return null; }
  }

  function remember(key, kept) {
    try {
      if (kept) window.localStorage.setItem("unrolled-predict-" + key, JSON.stringify(kept));
      else window.localStorage.removeItem("unrolled-predict-" + key);
    } catch (refused) { /* then it lasts as long as the page */ }
  }

  // mine: a number or null for each measured one; place: what each is called
  function sentence(data, mine, place) {
    var set = mine.map(function (v, k) { return v === null ? -1 : k; }).filter(function (k) { return k >= 0; });
    if (!set.length) return "This is what was measured. Clear it to predict first.";
    var log = data.scale.log, sum = 0, far = -1, worst = set[0], inside = 0;
    set.forEach(function (k) {
      var off = Math.abs(log ? Math.log(mine[k] / data.measured[k]) : mine[k] - data.measured[k]);
      sum += off;
      if (off > far) { far = off; worst = k; }
      if (data.low && mine[k] >= data.low[k] && mine[k] <= data.high[k]) inside += 1;
    });
    var mean = sum / set.length, one = set.length === 1;
    var off = log ? "a factor of " + text(Math.exp(mean)) : data.unit === "%" ? text(mean) + " percentage points" : text(mean, data.unit);
    var range = data.low ? " (interval " + text(data.low[worst]) + " to " + text(data.high[worst], data.unit) + ")" : "";
    return (one ? "Yours is " + off + " from the measured value" : "On average yours are " + off + " from the measured values; furthest apart") +
      (one ? " " : " ") + place(worst) + ": you said " + text(mine[worst], data.unit) + ", measured " + text(data.measured[worst], data.unit) + range + "." +
      (data.low && !one ? " " + inside + " of your " + set.length + (inside === 1 ? " lies" : " lie") + " in the measured interval." : "");
  }

  // Ties one figure together.  draw(mine): shows the reader's numbers; place(k): words for the k-th.
  unrolled.predict = function (root, data, draw, place) {
    var show = root.querySelector(".u-show"), clear = root.querySelector(".u-clear"), say = root.querySelector(".u-say");
    var kept = recall(data.key), blank = data.measured.map(function () { return null; });
    var fits = kept && Array.isArray(kept.mine) && kept.mine.length === blank.length &&
      kept.mine.every(function (v) { return v === null || (typeof v === "number" && v >= data.scale.low && v <= data.scale.high); });
    var mine = fits ? kept.mine : blank.slice(), shown = Boolean(fits && kept.shown);

    function refresh() {
      root.classList.toggle("is-waiting", !shown);
      root.querySelectorAll(".u-told").forEach(function (part) { part.hidden = !shown; });
      show.setAttribute("aria-disabled", String(shown));
      clear.setAttribute("aria-disabled", String(!shown && mine.every(function (v) { return v === null; })));
      say.textContent = shown ? sentence(data, mine, place) : "";
      draw(mine);
    }

    function keep() { remember(data.key, { mine: mine, shown: shown }); refresh(); }

    show.addEventListener("click", function () { if (!shown) { shown = true; keep(); } });
    clear.addEventListener("click", function () {
      mine = blank.slice();
      shown = false;
      remember(data.key, null);
      refresh();
    });
    root.querySelectorAll("[hidden]").forEach(function (part) { part.hidden = false; });
    root.querySelector("details.u-table").open = false;
    refresh();
    return {
      get: function (k) { return mine[k]; },
      set: function (k, v) { mine[k] = v; keep(); }
    };
  };
  unrolled.predict.text = text;
  unrolled.predict.share = share;
  unrolled.predict.value = value;
})();
