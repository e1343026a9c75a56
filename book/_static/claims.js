// The filter of the Claims page: native controls above tables that are complete without a script.
(function () {
  "use strict";

  var sections, rows, form, count;

  function option(value, text) {
    var made = document.createElement("option");
    made.value = value;
    made.textContent = text;
    return made;
  }

  function labelled(text, control, kind) {
    var label = document.createElement("label");
    if (kind) label.className = kind;
    label.append(kind ? control : text, kind ? text : control);
    form.append(label);
    return control;
  }

  function choice(text, entries) {
    var select = document.createElement("select");
    select.append(option("", "all"));
    entries.forEach(function (entry) { select.append(option(entry[0], entry[1])); });
    return labelled(text, select);
  }

  function box(text) {
    var input = document.createElement("input");
    input.type = "checkbox";
    return labelled(text, input, "check");
  }

  function verdictOf(row) {
    return Array.from(row.classList).find(function (name) { return name.startsWith("verdict-"); });
  }

  function build() {
    form = document.createElement("form");
    form.className = "claims-filter";
    form.setAttribute("role", "search");
    form.setAttribute("aria-label", "Filter the claims");
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    var verdicts = Array.from(new Set(rows.map(verdictOf))).sort();
    var verdict = choice("verdict", verdicts.map(function (name) {
      return [name, name.slice("verdict-".length).replaceAll("-", " ")];
    }));
    var chapter = choice("chapter", sections.map(function (section) {
      return [section.id, section.querySelector("h2, h3").textContent.replace(/#$/, "").trim()];
    }));
    var words = document.createElement("input");
    words.type = "search";
    labelled("words", words);
    var sourced = box("with a source"), near = box("near the threshold");
    count = document.createElement("output");
    form.append(count);

    function wanted(row, section) {
      return (!verdict.value || row.classList.contains(verdict.value))
        && (!chapter.value || section.id === chapter.value)
        && (!sourced.checked || row.classList.contains("sourced"))
        && (!near.checked || row.classList.contains("near"))
        && words.value.toLowerCase().split(/\s+/).every(function (word) {
          return row.textContent.toLowerCase().includes(word);
        });
    }

    function filter(event) {
      var shown = 0;
      sections.forEach(function (section) {
        var here = 0;
        section.querySelectorAll("table.claims-table tbody tr").forEach(function (row) {
          var keep = wanted(row, section);
          row.classList.toggle("hidden", !keep);
          here += keep;
        });
        section.classList.toggle("hidden", !here);
        if (event) section.querySelector("details.claims-fold").open = true;
        shown += here;
      });
      count.value = shown + " of " + rows.length + " claims";
    }

    form.addEventListener("input", filter);
    filter();
    sections[0].before(form);
  }

  function reveal() {                                  // a link from a chapter unfolds its claim
    var row = /^#claim-/.test(location.hash) && document.getElementById(location.hash.slice(1));
    if (!row) return;
    row.closest("details").open = true;
    row.querySelector("details").open = true;
    row.scrollIntoView();
  }

  document.addEventListener("DOMContentLoaded", function () {
    sections = Array.from(document.querySelectorAll("section.claims-chapter"));
    if (!sections.length) return;
    rows = Array.from(document.querySelectorAll("section.claims-chapter table.claims-table tbody tr"));
    build();
    if (matchMedia("(max-width: 560px)").matches) {
      document.querySelectorAll("details.claims-fold").forEach(function (fold) { fold.open = false; });
    }
    reveal();
    window.addEventListener("hashchange", reveal);
  });
})();
