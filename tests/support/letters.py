"""What a browser shows of letters: how tall they are, and whether they lie on each other."""

# every visible text of a drawing, with its height on the page in CSS pixels
_TEXTS = """svgs => svgs.filter(svg => svg.checkVisibility()).flatMap(svg =>
  [...svg.querySelectorAll("text")].map(text => {
    const m = text.getScreenCTM(), box = text.getBoundingClientRect();
    const seen = text.checkVisibility({visibilityProperty: true}) && text.textContent.trim() !== "";
    const parts = [...text.querySelectorAll("tspan")].filter(t => t.textContent.trim() !== "");
    const size = Math.min(...(parts.length ? parts : [text]).map(t =>
      parseFloat(getComputedStyle(t).fontSize)));
    return {seen, text: text.textContent.trim(), size: size * Math.hypot(m.a, m.b),
            turned: Math.abs(m.b) > 1e-6 * Math.abs(m.a) && Math.abs(m.a) > 1e-6 * Math.abs(m.b),
            box: [box.left, box.top, box.right, box.bottom], svg: svgs.indexOf(svg)};
  }).filter(t => t.seen))"""
TOUCH = 2.5  # pixels: boxes are as tall as the font's tallest letters, whatever stands in them


def texts(page, drawings=".u-figure"):
    """[{"text", "size", "box", "turned", "svg"}] of what stands in the drawings of a page."""
    return page.eval_on_selector_all(drawings, _TEXTS)


def small(found, least=11):
    """"text: size" of letters lower than ``least`` pixels."""
    return [f"{t['text']}: {t['size']:.1f}" for t in found if t["size"] < least - 0.05]


def touching(found):
    """"text / text" of pairs in one drawing that lie on each other; turned ones are left out."""
    level = [t for t in found if not t["turned"]]
    return [
        f"{a['text']} / {b['text']}"
        for k, a in enumerate(level)
        for b in level[k + 1 :]
        if a["svg"] == b["svg"] and _overlap(a["box"], b["box"])
    ]


# every name of a circuit's signal: its lowest part, which is a subscript, and the nodes' outlines
_NAMES = """svgs => svgs.filter(svg => svg.checkVisibility()).flatMap(svg => {
  const box = e => {
    const b = e.getBoundingClientRect();
    return [b.left, b.top, b.right, b.bottom];
  };
  const shapes = [...svg.querySelectorAll(".u-node > :is(rect, circle)")].map(box);
  return [...svg.querySelectorAll(".u-node > .u-name")].map(name => (
    {text: name.textContent, box: box(name.querySelector(".u-sub") || name), shapes}));
})"""


def on_nodes(page, drawings=".u-circuit"):
    """Names of a circuit whose letters lie on a node."""
    return [
        name["text"]
        for name in page.eval_on_selector_all(drawings, _NAMES)
        if any(_overlap(name["box"], shape) for shape in name["shapes"])
    ]


def _overlap(p, q):
    wide = min(p[2], q[2]) - max(p[0], q[0])
    high = min(p[3], q[3]) - max(p[1], q[1])
    return wide > TOUCH and high > TOUCH
