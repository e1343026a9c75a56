// On top of Sphinx' search: a term's chapter first, other spellings, excerpts from prose.
(function () {
  "use strict";
  var data = window.unrolledSearch;
  if (!data || typeof Search === "undefined") return;
  var FIRST = 1000, ENTRY = 500, MOST = 30;

  function loose(text) { return text.toLowerCase().replace(/[\s–\-_]+/g, ""); }

  // "is" in "this" is no word: what is found must begin and end where words do, whatever joins them
  function finder(form) {
    var parts = form.toLowerCase().split(/[\s–\-_]+/).map(function (p) { return p.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"); });
    return new RegExp("(^|[^\\p{L}\\p{N}])(" + parts.join("[\\s–_-]*") + ")(e?s)?(?=$|[^\\p{L}\\p{N}])", "iu");
  }

  // The terms in a query, the longest first: [{term, size, typed}].
  function termsIn(query) {
    var found = [];
    data.terms.forEach(function (term) {
      var best = "";
      term[0].forEach(function (form) { if (form.length > best.length && finder(form).test(query)) best = form; });
      if (best) found.push({ term: term, size: loose(best).length, typed: loose(best) });
    });
    if (!found.length) found = begun(query);
    return found.sort(function (a, b) { return b.size - a.size; });
  }

  // "vanishing" alone is the beginning of a term: of all that begin so the shortest with a chapter.
  function begun(query) {
    var typed = query.trim().toLowerCase(), hits = [];
    if (loose(typed).length < 3) return hits;
    data.terms.forEach(function (term) {
      term[0].forEach(function (form) {
        var at = finder(typed).exec(form);
        if (term[2] && at && at.index === 0) hits.push({ term: term, size: loose(typed).length, typed: loose(typed), form: form });
      });
    });
    return hits.sort(function (a, b) { return a.form.length - b.form.length; }).slice(0, 1);
  }

  // Other ways to write the query: each form of the longest term in place of the one that was typed.
  function spellings(query, found) {
    var out = [query];
    found.slice(0, 1).forEach(function (hit) {
      hit.term[0].forEach(function (typed) {
        if (!finder(typed).test(query)) return;
        hit.term[0].forEach(function (form) { out.push(query.replace(finder(typed), "$1" + form)); });
      });
    });
    return Array.from(new Set(out)).slice(0, 8);
  }

  function sphinx(query) {
    var parsed = Search._parseQuery(query), kept = [];
    try { kept = Search._performSearch.apply(Search, parsed); } catch (odd) { kept = []; }
    return kept;
  }

  function words(query) { return query.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(function (w) { return w.length > 2; }); }

  function count(text, expression) { return (text.match(expression) || []).length; }

  // {page: {score, anchor, title, excerpt}} of one query
  function rank(query) {
    var found = termsIn(query), pages = {};

    function page(name) {
      if (!data.pages[name]) return null;
      return pages[name] = pages[name] || { name: name, score: 0, anchor: "", title: data.pages[name][0] };
    }

    var lists = spellings(query, found).map(sphinx), objects = [];
    if (!lists.some(function (list) { return list.length; })) lists = words(query).map(sphinx);   // any of the words, then
    lists.forEach(function (list) {
      list.forEach(function (result) {
        if (result[3]) { objects.push(result); return; }     // a function or a class of the API
        var place = page(result[0]);
        if (place) place.score = Math.max(place.score, Math.min(40, result[4]));
      });
    });
    var sought = found.length && found[0].size > 2 ? found[0].term[0].map(function (f) { return finder(f).source; }) : [finder(query).source];
    var often = new RegExp(sought.join("|"), "giu");
    Object.keys(pages).forEach(function (name) {             // how much a page speaks of it
      var text = data.pages[name][1].map(function (s) { return s[1] + " " + s[2]; }).join(" ");
      pages[name].score += 8 * Math.log(1 + count(text, often));
      if (/^book\/reference|^book\/intro/.test(name)) pages[name].score -= 10;
    });
    found.forEach(function (hit, k) {
      if (k && found[0].typed.indexOf(hit.typed) >= 0) return;   // "gate" in "forget gate"
      var weight = 1 / (k + 1), place = hit.term[2] && page(hit.term[2]);
      if (place) place.score += FIRST * weight;
      if (hit.term[3]) {
        pages[hit.term[3]] = { name: hit.term[3].split("#")[0], anchor: "#" + hit.term[3].split("#")[1], title: "Glossary: " + hit.term[1],
          score: ENTRY * weight, html: hit.term[4] };
      }
    });
    var list = Object.keys(pages).map(function (k) { return pages[k]; });
    list = list.filter(function (p) { return p.html || !(p.name === "book/reference/glossary" && found.some(function (h) { return h.term[3]; })); });
    list.sort(function (a, b) { return b.score - a.score || (a.title < b.title ? -1 : 1); });
    return { pages: list.slice(0, MOST), objects: objects.reverse().slice(0, 8), often: often };
  }

  // The section that speaks most of it, and the words around its first mention.
  function excerpt(place, often, query) {
    var best = null, most = -1;
    var any = words(query).map(function (w) { return w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"); }).join("|");
    var either = new RegExp(often.source + (any ? "|(?:" + any + ")" : ""), "giu");
    data.pages[place.name][1].forEach(function (section) {
      var n = count(section[1], often) * 4 + count(section[2], often) + 0.01 * count(section[2], either);
      if (section[2] && n > most) { most = n; best = section; }
    });
    if (!best) return null;
    if (most < 1) best = data.pages[place.name][1].filter(function (section) { return section[2]; })[0];
    often.lastIndex = 0;
    var text = best[2], hit = often.exec(text) || new RegExp(either.source, "iu").exec(text), at = hit ? hit.index : 0;
    var from = at < 100 ? 0 : text.lastIndexOf(". ", at) + 2;
    if (from < 2 || at - from > 160) from = at < 100 ? 0 : text.indexOf(" ", at - 100) + 1;
    var to = from + 240 >= text.length ? text.length : text.lastIndexOf(" ", from + 240);
    return { id: best[0], heading: best[1], text: (from ? "… " : "") + text.slice(from, to) + (to < text.length ? " …" : ""), mark: either };
  }

  function marked(parent, text, expression) {
    var last = 0;
    Array.from(text.matchAll(new RegExp(expression.source, "giu"))).forEach(function (hit) {
      parent.append(text.slice(last, hit.index));
      var mark = document.createElement("mark");
      mark.textContent = hit[0];
      parent.append(mark);
      last = hit.index + hit[0].length;
    });
    parent.append(text.slice(last));
  }

  function item(address, title) {
    var row = document.createElement("li"), link = document.createElement("a");
    link.href = address;
    link.textContent = title;
    row.appendChild(link);
    return row;
  }

  function show(query) {
    var found = rank(query), suffix = DOCUMENTATION_OPTIONS.LINK_SUFFIX;
    document.querySelectorAll("#search-progress").forEach(function (p) { p.textContent = ""; });
    Search.output.replaceChildren();
    found.pages.forEach(function (place) {
      var part = place.html ? null : excerpt(place, found.often, query), row = item(place.name + suffix + place.anchor, place.title);
      var words = document.createElement("p");
      words.className = "context";
      if (place.html) words.innerHTML = place.html;          // written by our own build
      else if (part) marked(words, part.text, part.mark);
      if (part && part.heading && part.heading !== place.title) {
        var sub = item(place.name + suffix + "#" + part.id, part.heading).firstChild;
        sub.className = "u-found-section";
        row.append(" › ", sub);
      }
      row.appendChild(words);
      Search.output.appendChild(row);
    });
    found.objects.forEach(function (result) {
      var row = item(result[0] + suffix + result[2], result[1]), note = document.createElement("span");
      note.textContent = " " + result[3];
      row.appendChild(note);
      Search.output.appendChild(row);
    });
    _finishSearch(found.pages.length + found.objects.length);
  }

  Search.query = show;
})();
