"""A small version of every experiment runs and points the way of the recorded one."""

import contextlib
import json
from dataclasses import replace

import pytest

from course_utils import compiled
from course_utils.lab import running

# what QUICK must show: the claims' rules, loosened to what its size can show
LOOSE = {
    "abuse": lambda v: (
        v["descent"]["open"]["taken"] > v["descent"]["offered"]["taken"]
        and v["descent"]["offered"]["solved"] == v["of"]
    ),
    # a search as small as this shows that every net has its row, and that shares add up
    **dict.fromkeys(
        ("ablation_adding", "ablation_reber", "ablation_text", "ablation_timing"),
        lambda v: (
            len(v["nets"]["gru"]["test"]) == v["of"] == len(v["nets"]["np"]["wrong"])
            and 0.5 < v["nets"]["gru"]["over"]["ratio"] < 2 == 2 * v["nets"]["np"]["over"]["ratio"]
        ),
    ),
    "act_parity": lambda v: all(way["found"] == v["of"] for way in v["ways"].values()),
    "adding": lambda v: v["lstm_keeps"]["24"]["solved"] == v["of"],
    "adding_irnn": lambda v: (
        v["irnn"]["solved"] == v["of"] and v["irnn"]["seeds"][0]["wrong"] < 0.5
    ),
    "adding_long": lambda v: v["50"]["solved"] == v["of"],
    **dict.fromkeys(  # two cells and few updates show that every net has its score
        [
            f"atlas_{task}"
            for task in ("adding", "copying", "counting", "parity", "reber", "text", "text_time")
        ],
        lambda v: (
            [len(row["scores"]) for row in v["cells"].values()] == [v["of"]] * v["count"]
            and v["lost"] == 0
            and v["cells"][v["best"]]["rank"] < 2
        ),
    ),
    "atlas_agreement": lambda v: all(
        r["low"] <= r["tau"] <= r["high"] for r in v["pairs"].values()
    ),
    "atlas_arrival": lambda v: v["cells"]["rnn"]["high"] < v["cells"]["lstm"]["low"] < 0,
    "beam": lambda v: v["none"]["4"]["log_p"] > v["none"]["1"]["log_p"] - 1e-5,
    "bottleneck": lambda v: v["attention"]["right"][2] > v["fixed"]["right"][2],
    "bptt_cost": lambda v: v["full_exponent"] > 0.9 and v["checkpointed_exponent"] < 0.6,
    "cell_table": lambda v: all(
        max(row["forward"], row["autograd"], row["complex"] or 0) < 1e-10 for row in v.values()
    ),
    "cell_search": lambda v: len(v["timing"]["nets"]["gru"]["test"]) == v["timing"]["of"],
    "charlm": lambda v: (
        v["nets"]["rnn"]["bits"] < v["witten_bell"]["bits"]["1"] < v["uniform"]
        and v["kneser_ney"]["best"] < v["witten_bell"]["best"]
    ),
    "chrono": lambda v: v["both"]["short"]["solved"] == v["both"]["long"]["solved"] == v["of"],
    "clock_cost": lambda v: (
        abs(v["counted"][1] - v["formula"][1]) < 1e-12 and v["counted"][1] < 0.4
    ),
    "clock_signal": lambda v: all(
        v["clockwork"]["error"] < 0.5 * v[name]["error"] for name in ("rnn", "lstm", "lstm_keeps")
    ),
    "classify_recordings": lambda v: (
        v["vowels"]["logistic"]["accuracy"] > 0.7
        and v["vowels"]["lstm"]["accuracy"] > 0.25  # of nine
    ),
    "clipping": lambda v: v["solved"]["1"][1] > v["solved"]["free"][1],
    "connectivity": lambda v: (
        v["bits"]["64"] < v["bits"]["1"]
        and v["seen"] < v["bits"]["1"]
        and v["past"]["seen"]["intact"] < v["past"]["new"]["intact"]
    ),
    "counting_nets": lambda v: v["lstm"]["learned"] > 0 and v["lstm"]["reach"] >= v["gru"]["reach"],
    "coupled_adding": lambda v: v["both"]["weights"] > v["coupled"]["weights"],
    "copy_plateau": lambda v: v["rnn"]["10"]["left"] == 0 and v["rnn"]["10"]["level"] > 0.9,
    "copying": lambda v: v["copy"]["lru"]["recall"] > 0.9,
    "credit_cut": lambda v: v["wrong"]["full"] < 0.5 and v["cosine"]["start"] < 0.9999,
    "cue_gap": lambda v: (
        v["solved"]["tanh"]["2"] == v["of"] == v["solved"]["lstm"]["30"]
        and v["solved"]["tanh"]["30"] < v["of"]
    ),
    "deep_training": lambda v: (
        v["residual"]["8"]["learned"] == v["of"] > v["plain"]["8"]["learned"]
    ),
    "depth_sweep": lambda v: v["1"]["median"] > v["2"]["median"],
    "digits": lambda v: v["rows"]["tanh"]["median"] > v["rows"]["irnn_small"]["median"] + 0.2,
    "directions": lambda v: (
        v["next"]["two_seen"] < v["next"]["entropy"] < v["next"]["two_used"]
        and v["switch"]["two"] > v["switch"]["one"]
    ),
    "direction": lambda v: v["rnn"]["accuracy"] > 0.85 and 0.4 < v["bag"]["accuracy"] < 0.6,
    "drift": lambda v: v["0"]["size_end"] > 10 * v["-4"]["size_end"],
    "ecg_beats": lambda v: v["stretches"] == 1 and v["errors"]["lstm"] < v["errors"]["last"],
    "echo_untrained": lambda v: v["median"]["2"] > 0.99 and v["median"]["16"] < 0.7,
    "dropout_places": lambda v: (
        v["cue"]["zoneout"]["solved"] == v["of"]
        and v["digits"]["none"]["seen"] > v["digits"]["cell"]["seen"]
    ),
    "equal_budget": lambda v: v["nets"]["lstm"]["bits"][-1] < v["nets"]["lstm"]["bits"][0],
    "exposure": lambda v: v["free_run"] > 2 * v["one_step"],
    "forecast_intervals": lambda v: (
        v["co2"]["conformal"]["inside"] > v["co2"]["quantiles"]["inside"]
        and v["noise"]["residuals"]["inside"] > 0.75
    ),
    "forecast_leaks": lambda v: v["trend"]["faked"] > 1.2,
    "forecast_many": lambda v: (
        v["co2"]["lstm_level"]["error"] > 5 * v["co2"]["linear"]["error"]
        and v["co2"]["rise"]["error"] < v["co2"]["seasonal"]["error"]
    ),
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
    "hard_soft": lambda v: v["hard"]["updates"] > v["soft"]["updates"],
    "help_reader": lambda v: (
        v["bits"]["given"] < 5
        and abs(v["bits"]["rounded"] - v["bits"]["given"]) < 0.05
        and v["fit"] > 0.6
    ),
    "library_audit": lambda v: all(row["explained"] for row in v["torch"]["layers"]),
    "layer_gradients": lambda v: v["plain"]["lowest"] < 0.01 < 0.1 < v["residual"]["lowest"],
    "length_cost": lambda v: (
        v["formula_off"] < 1e-9
        and v["layers"]["attention"]["peak_grows"] > 2 * v["layers"]["lstm"]["peak_grows"]
    ),
    "linear_collapse": lambda v: v["linear"] < 0.76 and v["tanh"] > 0.9,
    "listening": lambda v: v["ctc"]["right"][0] > 0.4 < v["attention"]["right"][0],
    "lm_studies": lambda v: v["sizes"][1]["bits"] < v["sizes"][0]["bits"] - 0.3,
    "many_cells": lambda v: v["of"] == len(v["cells"]) and v["least"] > 0,
    "market_walk": lambda v: (
        0.9 < v["return"]["lstm"]["ratio"]
        and v["size"]["linear"]["ratio"] < 1
        and v["smoothed"]["asked"]["direction"]["share"] > 0.7
    ),
    "newton_rounds": lambda v: (
        v["lstm"]["rounds"][0] <= 8 and v["off"]["most"] < 1e-9 and v["gru"]["rounds"][0] <= 8
    ),
    "ntm_fragile": lambda v: max(v["variants"]["base"]["wrong"]) < 0.4,
    "ntm_lengths": lambda v: all(
        v[net]["curves"][0][-1] < v[net]["curves"][0][0] and v[net]["wrong"][0] < 0.4
        for net in ("machine", "lstm")
    ),
    "ntm_starts": lambda v: v["random"]["wrong"][0] < 0.4,
    "ntm_tasks": lambda v: v["repeat"]["curves"][0][-1] < v["repeat"]["curves"][0][0],
    "order": lambda v: v["lstm_1997"]["solved"] == v["of"],
    "orthogonal_drift": lambda v: v["least"] < 0.95 and v["largest"] > 1.5,
    "padding_waste": lambda v: (
        v["tunes"]["pools"]["1"]["wasted"] > 2 * v["tunes"]["pools"]["8"]["wasted"]
    ),
    "persistence": lambda v: v["rnn_accuracy"] > 0.9 > v["window_accuracy"][1],
    "pointing": lambda v: v["right"][0] > v["right"][-1],
    "program_length": lambda v: v["spare"]["hard"] > 0.5,
    "program_noise": lambda v: v["plain"]["hard"] > 0.5,
    "quote_cell": lambda v: v["inside"] < v["bits"] < v["worst"] < v["outside"],
    "recipe_scores": lambda v: v["forecast"]["fear"] < v["forecast"]["baseline"],
    "reber": lambda v: v["lstm_1997"]["solved"] == v["of"],
    "reber_stream": lambda v: (
        v["forget"]["mean_by_seed"][0] > 1000 > 100 > v["none"]["mean_by_seed"][0]
        and v["none"]["largest"] > 20 * v["forget"]["largest"]
    ),
    "score_scale": lambda v: (
        v["plain"]["256"]["through"] < 0.1 * v["divided"]["256"]["through"]
        and v["plain"]["4"]["largest"] < v["plain"]["256"]["largest"]
    ),
    "seeing": lambda v: v["4"]["right"] > v["0"]["right"],
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
    "stream_cells": lambda v: v["lstm"]["first"] > 5,
    "text_lm": lambda v: (
        v["lstm"]["mixed"] < v["ngram"]["kneser_ney"]["bits"] < v["ngram"]["witten_bell"]["bits"]
        and v["lstm"]["bits"] < v["uniform"] - 2
        and v["cells"]["quote"]["trained"]["fit"] > 0.7
    ),
    "timing_spikes": lambda v: v["delay"]["none"]["2"]["right"] > 0,
    "timing_wave": lambda v: (
        v["peepholes"]["weights"] == 17 == v["none"]["weights"] + 3
        and min(v["peepholes"]["cosine"]["rms_by_net"]) < 0.6
    ),
    "train_presets": lambda v: v["quick"]["solved"] == [0, v["quick"]["of"]],
    "translated_dates": lambda v: v["attention"]["loss"][-1] < v["attention"]["loss"][0],
    "tracking": lambda v: v["parity"]["rnn"]["near_median"] > 0.8,
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
    "tunes_cells": lambda v: v["coupled"]["bits"] < 6.2,
    "unshifted": lambda v: v["now"]["right"] < 0.2 < v["late"]["right"],
    "writing": lambda v: v["error"] < 0.5 * v["still"],
    "wrong_operation": lambda v: (
        v["soft"]["positive"]["count"]["right"][0] == 0
        and v["expected"]["positive"]["count"]["right"][0] == v["of"]
        and v["soft"]["positive"]["count"]["off"][0] < 1e-3
    ),
}


def test_every_experiment_has_a_loose_rule():
    assert set(LOOSE) == set(running.names())


# Whose small version takes more than a second: by default a still smaller one shows that it runs
# and returns plain numbers; `make test-all` runs the small one and holds it to its rule.
TINY = {
    "abuse": {"updates": 60},
    "adding": {"updates": 100},
    "clipping": {"updates": 4, "every": 2},
    "connectivity": {
        "hidden": 8, "passes": 1, "larger": (8, 0.0, 1, 1e-2), "places": 40, "exchanged": 30,
    },
    "counting_nets": {"updates": 2, "nets": 2, "asked": 5},
    "coupled_adding": {"updates": 2, "every": 1, "nets": 2, "batch": 4},
    "clock_signal": {"updates": 4},
    "credit_cut": {"updates": 4, "echo_updates": 4},
    "cue_gap": {"updates": 4, "every": 2},
    "deep_training": {"updates": 2},
    "digits": {"updates": 2, "every": 1},
    "direction": {"updates": 3, "test": 50},
    "directions": {"updates": 3, "test": 10},
    "drift": {"updates": 4, "every": 2},
    "equal_budget": {"updates": 4, "every": 2},
    "exposure": {"updates": 3},
    "forget_bias": {"updates": 4, "every": 2},
    "gate_language": {"updates": 5},
    "linear_collapse": {"updates": 20},
    "help_reader": {"hidden": 8, "passes": 1, "characters": 60_000},
    "lm_studies": {"passes": 1, "tunes": 20},
    "many_cells": {"nets": 2, "seconds": 0.001, "least": 1},
    "persistence": {"updates": 4},
    "quote_cell": {"hidden": 8, "passes": 1, "characters": 60_000},
    "reber": {"updates": 4, "every": 2},
    "reber_stream": {"updates": 4, "streams": 1, "symbols": 200},
    "shortcuts": {"updates": 4, "every": 2},
    "stream_cells": {"updates": 2, "symbols": 60, "warm_up": 20, "nets": 2, "chunk": 10},
    "timing_spikes": {"updates": 2, "measured": 2, "batch": 2, "nets": 2},
    "timing_wave": {"updates": 3, "nets": 2},
    "tracking": {"tasks": (("parity", 3), ("anbn", 3))},
    "truncation": {"updates": 4, "draws": 4},
    "truncation_training": {"updates": 4, "every": 2},
    "tunes_cells": {"tunes": 20},
    "tunes_lm": {"hidden": 8, "passes": 1, "tunes": 60, "written": 2, "longest": 60},
}  # fmt: skip

# what shows nothing in a few seconds: mistakes on long streams, words of a text; or compiles
SLOW = {
    "atlas_agreement", "atlas_copying", "atlas_counting", "atlas_parity", "atlas_reber",
    "atlas_text_time",
    "hard_soft", "help_reader", "listening", "pointing", "quote_cell", "reber_stream",
    "score_scale", "seeing", "speed_compile", "text_lm", "writing", "translated_dates",
}  # fmt: skip
NAMES = [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW | TINY.keys()))
         for n in sorted(LOOSE)]  # fmt: skip


# many nets side by side: by default their cells' source runs as it is, for compiling takes longer
FEW = {"many_cells", "tracking", "copying"}  # at their small size too
TOGETHER = {"counting_nets", "coupled_adding", "stream_cells", "timing_spikes", "timing_wave"}


def values_of(name, **settings):
    """What an experiment returns at its small size, or with some settings still smaller."""
    plain = name in FEW or (settings and name in TOGETHER)
    with compiled.uncompiled() if plain else contextlib.nullcontext():
        record = running.run(name, config=replace(running.load(name).QUICK, **settings))
    assert record["cpu_seconds"] < 60
    return json.loads(json.dumps(record["values"], allow_nan=False))


@pytest.mark.parametrize("name", NAMES)
def test_the_small_version_points_the_same_way(name):
    values = values_of(name)
    assert LOOSE[name](values), values


@pytest.mark.parametrize("name", TINY)
def test_a_tiny_version_runs_and_returns_plain_finite_values(name):
    assert values_of(name, **TINY[name])


def test_the_same_seed_gives_the_same_values():
    first, again = (values_of("linear_collapse", updates=20) for _ in range(2))
    assert first == again


def test_an_unknown_experiment_names_the_known():
    with pytest.raises(ValueError, match=r"experiment: 'nothing' is unknown; .*: .*abuse, act_par"):
        running.load("nothing")
