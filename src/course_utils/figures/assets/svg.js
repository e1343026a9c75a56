// What every figure of a page shares.  Loading it twice is loading it once.
(function () {
  "use strict";
  var unrolled = window.unrolled = window.unrolled || {};
  if (unrolled.each) return;
  var starters = {};

  function wake(selector) {
    document.querySelectorAll(selector + ":not([data-awake])").forEach(function (root) {
      root.dataset.awake = "";
      starters[selector](root);
    });
  }

  function wakeAll() { Object.keys(starters).forEach(wake); }

  // Start every element that matches, now and whenever one is added (a notebook adds them late).
  unrolled.each = function (selector, start) {
    if (starters[selector]) return;
    starters[selector] = start;
    if (document.readyState !== "loading") wake(selector);
  };

  function watch() {
    wakeAll();
    new MutationObserver(wakeAll).observe(document.documentElement, { childList: true, subtree: true });
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", watch);
  else watch();

  unrolled.data = function (root) { return JSON.parse(root.querySelector('script[type="application/json"]').textContent); };

  unrolled.element = function (parent, tag, attributes, text) {
    var node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
    if (text !== undefined) node.textContent = text;
    return parent.appendChild(node);
  };

  // What a control stands at: a slider, or buttons of which one is checked.
  unrolled.chosen = function (control) {
    return Number((control.querySelector("input:checked") || control.querySelector("input")).value);
  };

  unrolled.number = function (value, digits) {              // no minus before a zero
    return value.toFixed(digits === undefined ? 2 : digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−");
  };

  // 10 to that exponent as a reader sees it: 0.05, 3.2, 1.8 × 10⁻³.
  unrolled.power = function (exponent) {
    if (exponent > -1 && exponent < 3) return unrolled.number(Math.pow(10, exponent), exponent < 0 ? 2 : 1);
    var whole = Math.floor(exponent), mantissa = Math.pow(10, exponent - whole).toFixed(1);
    if (mantissa === "10.0") { mantissa = "1.0"; whole += 1; }
    return mantissa + " × 10" + String(whole).replace(/./g, function (c) { return "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] || "⁻"; });
  };

  // With script there are controls, so the table that stood in for them may close.
  unrolled.reveal = function (root) {
    root.querySelectorAll("[hidden]").forEach(function (part) { part.hidden = false; });
    root.querySelectorAll("details.u-table").forEach(function (part) { part.open = false; });
  };
})();
