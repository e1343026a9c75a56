"""How far back can a network learn to look?  The cue task, with more and more words in between."""

from course_utils.lab.cue_nets import CueConfig as Config
from course_utils.lab.cue_nets import by_gap, cue_net

NETS = ("tanh", "orthogonal", "irnn", "lstm")
QUICK = Config(hidden=16, gaps=(2, 30), updates=150, seeds=(0,))


def run(config, progress=iter):
    """By network: how many seeds solve each gap."""
    results = {"gaps": list(config.gaps), "of": len(config.seeds), "solved": {}, "accuracy": {}}
    for name in progress(NETS):
        results["accuracy"][name], results["solved"][name] = by_gap(config, name, cue_net)
    return results
