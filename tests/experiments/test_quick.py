"""A small version of every experiment runs and points the way of the recorded one."""

import contextlib
import json

import numpy as np
import pytest

from course_utils import compiled
from course_utils.lab import running

# what QUICK must show: the claims' rules, loosened to what its size can show
LOOSE = {
    "abuse": lambda v: (
        v["descent"]["open"]["taken"] > v["descent"]["offered"]["taken"]
        and v["descent"]["offered"]["solved"] == v["of"]
    ),
    "act_parity": lambda v: all(way["found"] == v["of"] for way in v["ways"].values()),
    "adding": lambda v: v["lstm_keeps"]["24"]["solved"] == v["of"],
    "adding_irnn": lambda v: (
        v["irnn"]["solved"] == v["of"] and v["irnn"]["seeds"][0]["wrong"] < 0.5
    ),
    "adding_long": lambda v: v["50"]["solved"] == v["of"],
    "bptt_cost": lambda v: v["full_exponent"] > 0.9 and v["checkpointed_exponent"] < 0.6,
    "cell_table": lambda v: all(
        max(row["forward"], row["autograd"], row["complex"] or 0) < 1e-10 for row in v.values()
    ),
    "charlm": lambda v: (
        v["nets"]["rnn"]["bits"] < v["witten_bell"]["bits"]["1"] < v["uniform"]
        and v["kneser_ney"]["best"] < v["witten_bell"]["best"]
    ),
    "chrono": lambda v: v["both"]["short"]["solved"] == v["both"]["long"]["solved"] == v["of"],
    "clipping": lambda v: v["solved"]["1"][1] > v["solved"]["free"][1],
    "connectivity": lambda v: (
        v["bits"]["64"] < v["bits"]["1"]
        and v["seen"] < v["bits"]["1"]
        and v["past"]["seen"]["intact"] < v["past"]["new"]["intact"]
    ),
    "copy_plateau": lambda v: v["rnn"]["10"]["left"] == 0 and v["rnn"]["10"]["level"] > 0.9,
    "credit_cut": lambda v: v["wrong"]["full"] < 0.5 and v["cosine"]["start"] < 0.9999,
    "cue_gap": lambda v: (
        v["solved"]["tanh"]["2"] == v["of"] == v["solved"]["lstm"]["30"]
        and v["solved"]["tanh"]["30"] < v["of"]
    ),
    "digits": lambda v: v["rows"]["tanh"]["median"] > v["rows"]["irnn_small"]["median"] + 0.2,
    "direction": lambda v: v["rnn"]["accuracy"] > 0.85 and 0.4 < v["bag"]["accuracy"] < 0.6,
    "drift": lambda v: v["0"]["size_end"] > 10 * v["-4"]["size_end"],
    "echo_untrained": lambda v: v["median"]["2"] > 0.99 and v["median"]["16"] < 0.7,
    "dropout_places": lambda v: (
        v["cue"]["zoneout"]["solved"] == v["of"]
        and v["digits"]["none"]["seen"] > v["digits"]["cell"]["seen"]
    ),
    "exposure": lambda v: v["free_run"] > 2 * v["one_step"],
    "forget_bias": lambda v: v["both"]["furthest"]["5"] > v["both"]["furthest"]["0"],
    "gate_language": lambda v: (
        v["forgets"] == v["of"] and v["agreement"] > 0.9 and v["held"]["f"] > 0.9 > v["cut"]["h"]
    ),
    "gate_start": lambda v: max(v[k]["bits"] for k in ("drawn", "one", "long")) < 5.5,
    "gates_held": lambda v: v["held"]["all"] < 0.5 < v["right"],
    "gradient_decay": lambda v: (
        v["above_bound"] == 0
        and v["hump"]["peak"] > 10
        and v["off"]["relu"]["mean_field"][-1] < v["off"]["relu"]["guess"][-1]
    ),
    "gradient_gap": lambda v: (
        v["reach"]["rnn"]["at_end"] < 1e-6 < v["reach"]["lstm_keeps"]["at_end"]
        and v["cell"]["lstm_keeps"]["direct"][-1] > 0.5
    ),
    "linear_collapse": lambda v: v["linear"] < 0.76 and v["tanh"] > 0.9,
    "lm_studies": lambda v: v["sizes"][1]["bits"] < v["sizes"][0]["bits"] - 0.3,
    "many_cells": lambda v: v["of"] == len(v["cells"]) and v["least"] > 0,
    "order": lambda v: v["lstm_1997"]["solved"] == v["of"],
    "orthogonal_drift": lambda v: v["least"] < 0.95 and v["largest"] > 1.5,
    "padding_waste": lambda v: (
        v["tunes"]["pools"]["1"]["wasted"] > 2 * v["tunes"]["pools"]["8"]["wasted"]
    ),
    "persistence": lambda v: v["rnn_accuracy"] > 0.9 > v["window_accuracy"][1],
    "quote_cell": lambda v: v["inside"] < v["bits"] < v["worst"] < v["outside"],
    "reber": lambda v: v["lstm_1997"]["solved"] == v["of"],
    "reber_stream": lambda v: (
        v["forget"]["mean_by_seed"][0] > 1000 > 100 > v["none"]["mean_by_seed"][0]
        and v["none"]["largest"] > 20 * v["forget"]["largest"]
    ),
    "shortcuts": lambda v: (
        v["solved"]["skip"]["40"] == v["of"]
        and v["log10"]["tanh"][-1] < v["log10"]["leaky"][-1] - 3
    ),
    # shares of a second belong to the machine: here only what does not depend on it
    "speed_cells": lambda v: all(
        row["flops"] > 0 and row["rounds"] >= 3 for rows in v["cells"].values() for row in rows
    ),
    "speed_compile": lambda v: (
        set(v["sizes"][0]["eager_over"]) == {"step", "loop", "equations"}
        and min(v["sizes"][0]["first_call"].values()) > 0
    ),
    "speed_faults": lambda v: min(v["kept"]["faults"] + v["raised"]["faults"]) >= 0,
    "speed_fused": lambda v: (
        set(v["touched"]["kept"]) == {"i", "f", "g", "o", "tanh_c"}
        and v["small"]["compiled"]["parts"]["calls"] == 0 < v["small"]["columns"]["parts"]["calls"]
    ),
    "speed_growth": lambda v: v["of"] == 8 and v["fit"]["fast"]["step_us"] >= 0,
    "speed_ladder": lambda v: (
        v["batch"]["rungs"]["loop"]["products"] == 40
        and v["batch"]["rungs"]["columns"]["products"] == 6
        and len({rung["flops"] for rung in v["batch"]["rungs"].values()}) == 1
    ),
    "speed_many": lambda v: v["solved"]["gru"][1] > v["solved"]["gru"][0],
    "speed_select": lambda v: v["steps"] == [8, 16] and min(v["unbound"]["ms"]) > 0,
    "speed_pinned": lambda v: min(v.values()) > 0,
    "text_lm": lambda v: (
        v["lstm"]["mixed"] < v["ngram"]["kneser_ney"]["bits"] < v["ngram"]["witten_bell"]["bits"]
        and v["lstm"]["bits"] < v["uniform"] - 2
        and v["cells"]["quote"]["trained"]["fit"] > 0.7
    ),
    "truncation": lambda v: (
        v["lstm"]["trained"]["mean"][0] < 0.9
        and v["lstm"]["accuracy"]["16"] > 0.9
        and v["random"]["error_over_chance"] < 2
    ),
    "truncation_training": lambda v: (
        v["random"]["5"]["solved"] == v["of"] and v["fixed"]["2"]["solved"] == 0
    ),
    "tunes_lm": lambda v: (
        v["ngram"]["learning"] < v["ngram"]["kneser_ney"]["bits"] < v["xz"] + 1
        and v["lstm"]["bits"] < v["lstm"]["pieces"] < v["uniform"]
        and v["real"]["share"] > 0.7
    ),
}


def test_every_experiment_has_a_loose_rule():
    assert set(LOOSE) == set(running.names())


# what shows nothing in a few seconds: mistakes on long streams, words of a text; or compiles
SLOW = {"quote_cell", "reber_stream", "speed_compile", "text_lm"}
NAMES = [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in sorted(LOOSE)]


@pytest.mark.parametrize("name", NAMES)
def test_the_small_version_points_the_same_way(name):
    plain = compiled.uncompiled() if name == "many_cells" else contextlib.nullcontext()
    with plain:  # every cell once: compiling them would take a minute
        record = running.run(name, quick=True)
    values = json.loads(json.dumps(record["values"], allow_nan=False))
    assert LOOSE[name](values), values
    assert record["cpu_seconds"] < 60


def test_the_same_seed_gives_the_same_values():
    first, again = (running.run("linear_collapse", quick=True)["values"] for _ in range(2))
    np.testing.assert_array_equal(first["accuracy"]["tanh"], again["accuracy"]["tanh"])


def test_an_unknown_experiment_names_the_known():
    with pytest.raises(ValueError, match=r"experiment: 'nothing' is unknown; .*: abuse, adding,"):
        running.load("nothing")
