"""The adding problem: RNN, LSTM, and LSTMs that begin by remembering."""

from dataclasses import dataclass
from functools import partial

from course_utils.lab.adding_nets import AddingConfig, learn
from course_utils.lab.compiled_nets import compiled
from course_utils.lab.gate_bias import shift_layer_bias
from course_utils.lab.seeds import over_seeds
from course_utils.lab.solving import smoothed
from course_utils.lab.statistics import median
from course_utils.lab.torch_models import Net, parameters


@dataclass(frozen=True)
class Config(AddingConfig):
    """Lengths, and networks as (name, cell, retention or None, input-gate bias)."""

    lengths: tuple = (50, 100, 200)
    nets: tuple = (
        ("rnn", "rnn", None, 0.0),
        ("lstm", "lstm", None, 0.0),
        ("lstm_keeps", "lstm", 0.99, 0.0),
        ("lstm_keeps_shut", "lstm", 0.99, -2.0),
    )
    seeds: tuple = tuple(range(20))


QUICK = Config(
    lengths=(24,), nets=(("lstm_keeps", "lstm", 0.9, 0.0),), updates=600, wrong=0.2, seeds=(0,)
)


def run(config, progress=iter):
    """For each network and length: how many seeds solved it, sequences it took, share wrong."""
    cases = [(net, length) for net in config.nets for length in config.lengths]
    results = {name: {} for name, *_ in config.nets}
    for (name, *net), length in progress(cases):
        rows = over_seeds(partial(one_seed, config, *net, length), config.seeds, progress)
        took = [row["sequences"] for row in rows if row["solved"]]
        results[name][str(length)] = {
            "solved": len(took),
            "sequences": median(took),
            "wrong": [row["wrong"] for row in rows],
            "loss": rows[0]["loss"],
        }
    results["of"] = len(config.seeds)
    results["parameters"] = parameters(Net("lstm", 2, config.hidden, 1, 0))
    return results


def one_seed(config, key, retention, input_bias, length, seed):
    """Train one network until it is right often enough, or time is up."""
    model = Net(key, 2, config.hidden, 1, seed, last=True, retention=retention)
    if input_bias:
        shift_layer_bias(model.layer, "i", input_bias)
    history, _ = learn(config, compiled(model), length, seed)
    return {
        "solved": history.stopped,
        "sequences": history.updates * config.batch,
        "wrong": history.checks[-1][1],
        "loss": smoothed(history.loss),
    }
