// Two cells that the reader chooses: `unrolled.compared` says which lines and pieces differ.
(function () {
  "use strict";
  if (unrolled.compared) return;

  function matched(first, second) {
    var partner = {}, taken = {};
    function join(k, j) { partner[k] = j; taken[j] = true; }
    first.targets.forEach(function (name, k) {
      var j = second.targets.indexOf(name);
      if (j >= 0) join(k, j);
    });
    first.meanings.forEach(function (meaning, k) {
      if (k in partner || !meaning) return;
      for (var j = 0; j < second.meanings.length; j++)
        if (second.meanings[j] === meaning && !taken[j]) { join(k, j); return; }
    });
    var pairs = first.lines.map(function (_, k) { return [k, k in partner ? partner[k] : -1]; });
    second.lines.forEach(function (_, j) { if (!taken[j]) pairs.push([-1, j]); });
    return pairs;
  }

  function kept(a, b) {                                     // the longest common part
    var j, k, best = a.concat(0).map(function () { return b.concat(0).map(function () { return 0; }); });
    for (j = a.length - 1; j >= 0; j--)
      for (k = b.length - 1; k >= 0; k--)
        best[j][k] = a[j] === b[k] ? best[j + 1][k + 1] + 1 : Math.max(best[j + 1][k], best[j][k + 1]);
    var left = a.map(function () { return false; }), right = b.map(function () { return false; });
    j = k = 0;
    while (j < a.length && k < b.length) {
      if (a[j] === b[k]) { left[j++] = true; right[k++] = true; }
      else if (best[j + 1][k] >= best[j][k + 1]) j++;
      else k++;
    }
    return [left, right];
  }

  // -> {rows, says}, as compare.py has them
  unrolled.compared = function (first, second) {
    var same = 0, gone = 0, fresh = 0;
    var rows = matched(first, second).map(function (pair) {
      var a = pair[0] < 0 ? [] : first.lines[pair[0]], b = pair[1] < 0 ? [] : second.lines[pair[1]];
      var marks = kept(a, b);
      if (pair[1] < 0) gone++;
      else if (pair[0] < 0) fresh++;
      else if (a.join("\n") === b.join("\n")) same++;
      return [pair[0], marks[0], pair[1], marks[1]];
    });
    var parts = [same + " the same", rows.length - same - gone - fresh + " changed"];
    if (gone) parts.push(gone + " gone");
    if (fresh) parts.push(fresh + " new");
    return { rows: rows, says: first.title + " to " + second.title + ": " + parts.join(", ") + ". Parameters " +
      first.counted + ", then " + second.counted + "." };
  };

  function line(cell, at, same, tag) {
    if (at < 0) return '<p class="u-none">–</p>';
    return "<p>" + cell.lines[at].map(function (piece, k) {
      return same[k] ? piece : "<" + tag + ">" + piece + "</" + tag + ">";
    }).join("") + "</p>";
  }

  function start(root) {
    var cells = unrolled.data(root), selects = root.querySelectorAll("select");
    var say = root.querySelector(".u-say"), lines = root.querySelector(".u-lines"), drawn = root.querySelector(".u-pair");

    function show() {
      var first = cells[selects[0].value], second = cells[selects[1].value], found = unrolled.compared(first, second);
      say.textContent = found.says;
      lines.innerHTML = found.rows.map(function (row) {
        var same = row[0] >= 0 && row[2] >= 0 && row[1].concat(row[3]).every(Boolean);
        return '<div class="' + (same ? "is-same" : "is-other") + '">' + line(first, row[0], row[1], "del") +
          line(second, row[2], row[3], "ins") + "</div>";
      }).join("");
      drawn.innerHTML = "<div>" + first.svg + "</div><div>" + second.svg + "</div>";
    }

    selects.forEach(function (select) { select.addEventListener("change", show); });
    root.querySelector("[data-swap]").addEventListener("click", function () {
      var first = selects[0].value;
      selects[0].value = selects[1].value;
      selects[1].value = first;
      show();
    });
    unrolled.reveal(root);
  }

  unrolled.each(".u-compare", start);
})();
