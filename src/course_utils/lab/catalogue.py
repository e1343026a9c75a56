"""Which experiments there are, and where: found by their files."""

import importlib
import json
import pkgutil
from dataclasses import asdict
from functools import cache

from course_utils.errors import UserError

EXPERIMENTS = "course_utils.experiments"  # by name: experiments import this room


class ExperimentError(UserError, ValueError):
    """What was asked of an experiment cannot be done: it is unknown, or its record is another's."""


@cache
def places():
    """{id: module name} of all experiments, sorted by id."""
    package = importlib.import_module(EXPERIMENTS)
    modules = pkgutil.walk_packages(package.__path__, f"{EXPERIMENTS}.")
    return dict(sorted((m.name.rpartition(".")[2], m.name) for m in modules if not m.ispkg))


def names():
    """The ids of all experiments, sorted."""
    return list(places())


def chapter(name):
    """The chapter that shows an experiment: "lstm/gates"."""
    return "/".join(load(name).__name__.split(".")[2:-1])


def load(name):
    """The module of one experiment."""
    if name not in places():
        raise ExperimentError(f"experiment: {name!r} is unknown; there are: {', '.join(names())}")
    return importlib.import_module(places()[name])


def plain(config):
    """A Config as JSON would give it back: tuples have become lists."""
    return json.loads(json.dumps(asdict(config)))
