"""What the page that trains networks needs: the printed cells as one script, and facts of them.

``compiled`` prints each cell's JavaScript from its equations; the page runs that text in a worker.
"""

from importlib.resources import files
from pathlib import Path

from course_utils import equations
from course_utils.compiled import print_javascript
from course_utils.figures import own_start
from course_utils.figures.page import asset
from course_utils.files import write
from course_utils.specs import SPECS

# in the order in which they need each other; "train_cells.js" is generated
SCRIPTS = (
    "train_parts.js", "train_random.js", "train_tasks.js", "train_language.js", "train_cells.js",
    "train_operations.js", "train_tree.js", "train_net.js", "train_design.js",
    "train_complex.js", "train_write.js", "train_worker.js", "train_charts.js", "train_cell.js",
    "train_settings.js", "train_page.js",
)  # fmt: skip
STYLES = ("train.css",)
FUNCTIONS = ("sigmoid", "relu", "logSigmoid", "positive", "multiply", "back")  # what cells call
RUNTIME = (*FUNCTIONS, "product", "productBack", "weightBack", "unroll", "unrollBackward")


def cells_script():
    """``runtime.js`` and every printed cell as parts: in the page as text to show, in a worker to
    run."""
    runtime = (files(print_javascript.__package__) / "runtime.js").read_text("utf-8")
    cells = "".join(
        f"{key}: function () {{\n{print_javascript.source(key, runtime=False)}return cell;\n}},\n"
        for key in SPECS
    )
    return (
        '// Generated from the equations of every cell; see course_utils.compiled.\n"use strict";\n'
        f'unrolled.part("runtime", [], function () {{\n{runtime}'
        f"return {{ {', '.join(RUNTIME)} }};\n}});\n"
        f'unrolled.part("texts", ["runtime"], function ({{ {", ".join(FUNCTIONS)} }}) {{\n'
        f"return {{\n{cells}}};\n}});\n"
        'unrolled.part("cells", ["texts"], function (texts) {\n'
        "return Object.fromEntries(Object.entries(texts).map(([key, make]) => [key, make()]));\n"
        "});\n"
    )


def cell_facts(spec):
    """What the page knows of a cell: plain data, for JSON."""
    return {
        "key": spec.key,
        "title": spec.title,
        "lines": list(spec.equations),
        "trees": [equations.tree(line) for line in spec.equations],
        "states": list(spec.states),
        "output": spec.output,
        "params": [{"name": p.name, "axes": p.axes.split(), "symbols": list(p.symbols)}
                   for p in spec.params],
        "config": dict(spec.config),
        "initial": dict(spec.initial),
        "inputs": list(spec.inputs),
        "matrices": list(spec.matrices),
        "retention": [list(pair) for pair in spec.retention],
        "start": own_start.start(spec),
        "keeps": own_start.keeps(spec),
        "own": "lru" if {"nu", "gamma_log"} <= {p.name for p in spec.params} else None,
    }  # fmt: skip


def training_scripts():
    """{file name: text} of the scripts that train, in load order."""
    return {name: cells_script() if name == "train_cells.js" else asset(name) for name in SCRIPTS}


def write_training(folder):
    """Write what only the page that trains loads; {"css": names, "js": names} in load order."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    scripts = training_scripts()
    for name, text in (scripts | {name: asset(name) for name in STYLES}).items():
        write(folder / name, text)
    return {"css": list(STYLES), "js": list(scripts)}
