// Parts of the trainer, each a function of others: the page and its worker run the same text.
(function () {
  "use strict";
  const unrolled = window.unrolled = window.unrolled || {};
  if (unrolled.part) return;
  const parts = {}, made = {};

  // make(...needs) returns the part; it may use nothing but them, for it runs in the worker as well.
  unrolled.part = (name, needs, make) => { parts[name] = { needs, make }; };
  unrolled.use = (name) => {
    if (!(name in made)) made[name] = parts[name].make(...parts[name].needs.map(unrolled.use));
    return made[name];
  };
  unrolled.text = () => Object.entries(parts)
    .map(([name, { needs, make }]) => `const ${name} = (${make})(${needs});`).join("\n");

  // A worker of these parts.  A Blob, for no page may load a worker's file from file://.
  unrolled.worker = () => {
    const url = URL.createObjectURL(new Blob([`"use strict";\n${unrolled.text()}\nserve(self);\n`],
      { type: "text/javascript" }));
    const worker = new Worker(url);
    URL.revokeObjectURL(url);
    return worker;
  };
})();
