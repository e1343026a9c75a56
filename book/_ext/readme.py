"""What the README counts and shows.

`python book/_ext/readme.py` writes the lines between its markers anew; with ``--pictures`` it also
photographs a few places of the built book, by Chromium, into book/_static/readme/.
"""

import re
import sys
from pathlib import Path

import yaml

from browser import chromium
from course_utils import ledger
from course_utils.files import write
from course_utils.grading.exercise import load
from course_utils.specs import SPECS

ROOT = Path(__file__).parents[2]
PICTURES = {  # file: page, the place on it, the width of the window
    "map": ("book/intro", "svg.map-drawing", 1240),
    "cell": ("book/lstm/gates", ".u-widget:has(svg):not(.u-predict)", 1240),
}
MARKED = re.compile(r"(<!-- counted: make derive -->\n).*?(<!-- end -->\n)", re.DOTALL)


def counts():
    """One sentence for each thing that the repository holds."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    parts = [part for part in toc["parts"] if part.get("numbered")]
    chapters = [chapter["file"] for part in parts for chapter in part["chapters"]]
    exercises = [load(path) for path in sorted(ROOT.glob("solutions/*/*.ipynb"))]
    questions = sum(len(exercise.questions) for exercise in exercises)
    claims, results = ledger.claims(), ledger.recorded()
    against = sum(claim.verdict in ("failed", "not reproduced") for claim in claims)
    return (
        f"{len(chapters)} chapters, each with its notebook; {len(exercises)} exercises with "
        f"{questions} questions;\n{len(SPECS)} cells, each proved against its printed equations; "
        f"{len(claims)} claims on {len(results)} recorded\nexperiments, of which {against} came "
        "out against the prediction or the paper, and say so.\n"
    )


def renewed(text):
    """The README with the counts of today."""
    return MARKED.sub(lambda found: found[1] + counts() + found[2], text)


def photograph(site, folder):
    """The places in `PICTURES`, as they look with a light scheme."""
    with chromium() as browser:
        for name, (page, place, width) in PICTURES.items():
            window = browser.new_page(viewport={"width": width, "height": 900})
            window.goto((site / f"{page}.html").resolve().as_uri())
            window.wait_for_timeout(1500)
            yield write(folder / f"{name}.png", window.locator(place).first.screenshot())
            window.close()


if __name__ == "__main__":
    path = ROOT / "README.md"
    print(write(path, renewed(path.read_text("utf-8"))))
    if "--pictures" in sys.argv[1:]:
        for made in photograph(ROOT / "_build" / "html", ROOT / "book" / "_static" / "readme"):
            print(made)
