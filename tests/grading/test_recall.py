"""A sandbox that recalls says what one would that runs everything, and runs each program once."""

from contextlib import closing
from itertools import product

import pytest

from course_utils.grading.recall import Recall
from course_utils.grading.sandbox.isolate import IsolateGone, Limits


class Fresh:
    """A sandbox in this process: it keeps what its isolates ran."""

    name = "fresh"

    def __init__(self):
        self.programs = []

    def isolate(self, limits=None, guard=()):
        self.programs.append([limits, tuple(guard)])
        return FreshIsolate(self.programs[-1])


class FreshIsolate:
    """Its reply to a cell is all that it has run; "crash" ends it."""

    def __init__(self, ran):
        self.ran = ran

    def run(self, source, timeout, role="answer", seed=0):
        self.ran.append((source, timeout, role, seed))
        if source == "crash":
            raise IsolateGone("the process ended")
        return {"printed": str(self.ran)}

    def close(self):
        pass


def said(sandbox, cells, timeout=10, limits=None, guard=(), **rest):
    """What an isolate says to each cell, up to its end."""
    replies = []
    isolate = sandbox.isolate(limits, guard)
    with closing(isolate):
        for source in cells:
            try:
                replies.append(isolate.run(source, timeout, **rest))
            except IsolateGone as error:
                return [*replies, str(error)]
    return replies


def test_it_says_what_a_fresh_one_says_and_runs_each_program_once():
    """Programs of up to three cells, each of them twice, one the beginning of another."""
    programs = [cells for size in (1, 2, 3) for cells in product(["a", "b", "crash"], repeat=size)]
    fresh = Fresh()
    recall = Recall(fresh)
    for cells in [*programs, *programs]:
        assert said(recall, cells) == said(Fresh(), cells), cells
    assert len(fresh.programs) == len({tuple(p) for p in fresh.programs}) <= len(programs)


@pytest.mark.parametrize("other", [{"timeout": 20}, {"role": "check"}, {"seed": 3},
                                   {"limits": Limits(memory_mb=1)}, {"guard": ["torch"]}],
                         ids=str)  # fmt: skip
def test_other_conditions_are_another_program(other):
    fresh = Fresh()
    recall = Recall(fresh)
    assert said(recall, "a") == said(recall, "a")
    assert said(recall, "a", **other) == said(Fresh(), "a", **other)
    assert len(fresh.programs) == 2
