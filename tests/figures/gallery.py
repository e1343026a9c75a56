"""One static page of every figure, in the two ways they reach a reader.

python -m tests.figures.gallery FOLDER      writes book.html, notebook.html and the assets
"""

import os
import sys
from pathlib import Path

import numpy as np

from course_utils import figures
from course_utils.figures.nodes import graph
from course_utils.figures.shaded import shaded
from course_utils.specs import SPECS

PRESETS = {
    "Write, keep, show": {
        "f": [6.0] * 12,
        "i": [-6, -6, 6] + [-6] * 9,
        "g": [0, -1, 2, -1, 1.5, -2, 0.5, 1, -1, 2, -0.5, 0],
        "o": [-6] * 9 + [4, 4, -6],
    },
    "Count": {
        "f": [6.0] * 12,
        "i": [6.0] * 12,
        "g": [6, -6, 6, 6, -6, 6, 6, 6, -6, 6, 6, 6],
        "o": [6.0] * 12,
    },
    "Forget at step 7": {
        "f": [6.0] * 6 + [-6] + [6] * 5,
        "i": [6.0] + [-6] * 6 + [6] + [-6] * 4,
        "g": [2.0] * 7 + [-2] * 5,
        "o": [2.0] * 12,
    },
    "Through h": {
        "weights": {
            "W_xf": 0.5, "W_hf": -0.25, "b_f": -1, "W_xi": 0, "W_hi": 0.5, "b_i": 3,
            "W_xg": 4, "W_hg": 4, "b_g": 0, "W_xo": 0.75, "W_ho": 0, "b_o": 4,
        },
        "x": [0, 1, 0, 0, 0, -1.5, 0, 0, 0, 0.5, 0, 0],
        "o": [None] * 8 + [-4] + [None] * 3,
        "c_0": -0.7,
        "h_0": 0.3,
    },
}  # fmt: skip


LOOKING = {
    "keys": [[1.6, 0.4], [0.5, 1.5], [-1.3, 0.9], [-0.8, -1.4]],
    "values": [1.0, 0.6, 0.1, -0.7],
    "query": [0.8, 0.6],
}


JOURNEYS = {
    "Plain cell": {},
    "LSTM, open": {"cell": "lstm", "bias": 3.0, "x": "pulse"},
    "GRU, cut": {"cell": "gru", "loss": 14, "chunk": 6, "clip": 0.5, "draw": 1},
    "Loud": {"scale": 2.0, "loud": 3.0},
}


def reading_net(embedding=3, hidden=5):
    """What ``reading_glass`` takes, of a net that has learned nothing."""
    from course_utils.lab.reading import reading

    text = 'The "quick" fox (brown) jumps over the\nlazy dog, and so on. ' * 3
    vocabulary, rng = "".join(sorted(set(text))), np.random.default_rng(1)
    sizes = {"embedding.weight": (len(vocabulary), embedding), "readout.bias": (len(vocabulary),),
             "readout.weight": (len(vocabulary), hidden)}  # fmt: skip
    for name, shape in SPECS["lstm"].shapes(embedding, hidden).items():
        sizes[f"layer.{name}_l0"] = shape
    weights = {name: rng.normal(0, 0.8, shape) for name, shape in sizes.items()}
    cells = {"quote": {"cell": 2, "sign": -1.0}, "line": {"cell": 0, "sign": 1.0}}
    return reading(weights, vocabulary, text[:20], text[20:], cells)


def decay():
    """Made-up measurements of the right shape: these pictures are about pictures."""
    radius, gain = [0.5, 0.7, 0.9, 1.0, 1.2], [0.01, 1.0]
    lag = list(range(0, 101, 4))
    log10 = [[[k * (np.log10(r) - 0.02 * g) for k in lag] for g in gain] for r in radius]
    return {"radius": radius, "gain": gain, "lag": lag, "log10": log10}


def gates_plot():
    from matplotlib import pyplot as plt

    from course_utils.figures.unit import lstm_run

    run = lstm_run(PRESETS["Forget at step 7"])
    lines = {"cell": "c", "hidden": "h", "forget": "f", "input": "i"}
    with figures.style():
        fig, ax = plt.subplots()
        ys = {label: [s[name] for s in run] for label, name in lines.items()}
        figures.curves(ax, range(1, 13), ys, xlabel="step $t$", ylabel="value", title="Gates")
    return figures.show(fig, "The cell state falls at step 7, where the forget gate shuts")


def addressing(**told):
    """A head on slot 2 whose key resembles slot 5."""
    cosines, before = [0.1, -0.2, 0.3, 0, 0.6, 1, 0.4], np.eye(7)[2]
    told = {"beta": 6, "g": 0.5, "move": 0.9, "gamma": 3} | told
    return figures.addressing_explorer(cosines, before, **told)


def clocks():
    """Four modules, each twice as slow as the one before, at step 6."""
    return figures.clockwork_explorer((1, 2, 4, 8), size=8, inputs=2, step=6)
def newton_numbers(H=4, T=24):
    """Weights (H, H) and what the input adds (T, H), as rounded as the explorer prints them."""
    rng = np.random.default_rng(1)
    return (0.5 * rng.normal(size=(H, H))).round(4), (0.5 * rng.normal(size=(T, H))).round(4)


def newton():
    return figures.newton_explorer(*newton_numbers(), scale=1.5)


def attention_map():
    from matplotlib import pyplot as plt

    weights = np.random.default_rng(3).dirichlet(np.full(5, 0.4), size=4)
    weights[0] *= -1
    with figures.style():
        fig, ax = plt.subplots(figsize=(4.6, 3.2))
        figures.heatmap(ax, weights, columns=["the", "cat", "sat", "on", "it"],
                        rows=["le", "chat", "assis", "là"], values=".1f")  # fmt: skip
    return figures.show(fig, "Each French word weighs the English ones")


def way(T=4, w=0.9):
    """What ``way_back`` takes, of a chain with inputs from −1 to 1."""
    h = [0.4]
    for x in np.linspace(-1, 1, T):
        h.append(np.tanh(0.8 * x + w * h[-1]))
    h, delta = np.array(h), np.ones(T)
    for t in range(T - 1, 0, -1):
        delta[t - 1] = w * (1 - h[t + 1] ** 2) * delta[t]
    return h, delta, delta * (1 - h[1:] ** 2) * h[:-1], w


def automaton():
    fig, ax = figures.subplots()
    graph(ax, {0: (0, 0), 1: (1, 0.6), 2: (2, 0)},
          [(0, 1, "T"), (1, 1, "S"), (1, 2, "X"), (2, 0, "P"), (0, 2, "V", 0.2)])  # fmt: skip
    return figures.show(fig, "five arrows between three states")


def panels():
    fig, axes = figures.subplots(columns=2, sharey=True)
    for ax, title in zip(axes, ("delay 10", "delay 30"), strict=True):
        for name, keeps in (("rnn", 0.9), ("lstm", 0.97), ("gru", 0.968)):
            ax.plot(range(50), keeps ** np.arange(50), label=name.upper(), **figures.look(name))
        ax.set(title=title, xlabel="thousand updates")
    axes[0].set_ylabel("loss over guessing")
    figures.label_lines(axes[1])
    return figures.show(fig, "three curves fall in each of two panels")


def wave(k, speed=1.0):
    from matplotlib import pyplot as plt

    with figures.style():
        fig, ax = plt.subplots()
        t = np.arange(20)
        figures.curves(ax, t, {"hidden": np.cos(speed * t / 3) * 0.9 ** (k * t / 4)})
        ax.set_ylim(-1, 1)
    return fig


def searched():
    """A random search of two cells on one task."""
    rng = np.random.default_rng(0)
    task = {
        "rate": np.geomspace(3e-4, 0.1, 12), "bias": rng.uniform(0, 5, 12), "chance": 0.9,
        "size": [4, 8, 16] * 4, "limits": {"rate": (3e-4, 0.1), "bias": (0, 5)},
        "nets": {key: rng.uniform(0.1, 1, 24) for key in ("v", "nog")},
    }  # fmt: skip
    cells = {"v": ("V", "lstm_peephole"), "nog": ("NOG", "lstm_nog")}
    return figures.search_explorer({"a task": task}, cells)


def parts():
    """(title, figure) of everything."""
    inputs = np.sin(np.arange(10) / 1.5 - 0.2)
    both = ("after {k} halvings", "after {k} halvings at speed {speed}")
    yield "Unrolled", figures.cover(np.tanh(np.cumsum(inputs) / 3), inputs)
    yield "The loop and the chain", figures.chain()
    for key in SPECS:
        yield key, figures.cell_diagram(key)
    yield "An LSTM step", figures.stepper("lstm")
    yield "A plain step", figures.stepper("rnn")
    yield "Play an LSTM", figures.lstm_explorer(PRESETS)
    yield "How fast does a gradient fade?", figures.decay_explorer(decay())
    yield "One selection step", figures.selection_explorer([[2, 1], [4, 0], [6, 4]], "ab")
    yield "Two cells", figures.compare_cells(keys=["lstm", "lstm_peephole", "gru"])
    yield "A query among keys", figures.attention_explorer(**LOOKING)
    yield "Where does a head look?", addressing()
    yield "The gradient's journey", figures.gradient_journey(JOURNEYS)
    yield "A text and its reader", figures.reading_glass(reading_net())
    yield "Which modules move?", clocks()
    yield "The nets of a search", searched()
    yield "All steps at once", newton()
    yield "A plot", gates_plot()
    yield "A heat map", attention_map()
    yield "One slider", figures.explore(wave, alt=both[0], live=False, k=range(4))
    h, delta, share, w = way()
    yield "The way back", figures.way_back(h, delta, share, w)
    yield "Paths", figures.lit("lstm")
    yield "A chain of eight", figures.chain(8)
    yield "A graph", automaton()
    yield "Two panels", panels()
    yield "Read", shaded("The quick brown fox. " * 3, np.linspace(0, 1, 63), "ever darker")
    yield "Two", figures.explore(wave, alt=both[1], live=False, k=[0, 1], speed=[0.5, 1.0, 2.0],
                                 names={"speed": "halving speed"}, units={"speed": "Hz"})


PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Figures</title>
{head}<style>body {{ margin: 0; background: var(--u-page); color: var(--u-text);
font: 16px/1.5 system-ui, "Liberation Sans", sans-serif; }}
main {{ max-width: 860px; margin: 0 auto; padding: 1rem 20px 4rem; }}</style></head>
<body><main><h1>Figures</h1>{body}</main></body></html>"""


def write(folder):
    """book.html loads the assets once; in notebook.html each figure brings its own."""
    folder = Path(folder)
    assets = figures.write_assets(folder)
    head = "".join(f'<link rel="stylesheet" href="{name}">' for name in assets["css"])
    head += "".join(f'<script src="{name}"></script>' for name in assets["js"])
    every = list(parts())
    before = os.environ.get("UNROLLED_BOOK")
    try:
        for name, flag, top in (("book", "1", head), ("notebook", "0", "")):
            os.environ["UNROLLED_BOOK"] = flag
            body = "".join(f"<h2>{title}</h2>{part._repr_html_()}" for title, part in every)
            page = PAGE.format(head=top, body=body)
            (folder / f"{name}.html").write_text(page, encoding="utf-8")
    finally:
        os.environ.pop("UNROLLED_BOOK")
        if before is not None:
            os.environ["UNROLLED_BOOK"] = before


if __name__ == "__main__":
    write(sys.argv[1])
