"""What the solution gives at the seeds of one submission.

Each submission has secret seeds of its own, drawn from the run's secret and the submission's bytes:
nothing that one submission could learn about its seeds helps the next.
"""

import contextlib
import hmac
import secrets
from dataclasses import dataclass

from course_utils.grading.bundle import SPECIAL
from course_utils.grading.exercise import ExerciseError
from course_utils.grading.runner import run_program

MOST_TRIES = 20


@dataclass(frozen=True)
class References:
    """seeds: two secret ones; bundles: {seed: {check cell id: bundle}}, the public seed's too.

    skipped: for the author, of every seed that was not taken since the solution breaks down there.
    """

    seeds: tuple
    bundles: dict
    skipped: tuple = ()


def make_references(exercise, sandbox, key=None):
    """References at the public seed and at two secret ones; ``key``: bytes that decide which."""
    with Oracle(exercise, sandbox) as oracle:
        return oracle.references(key or secrets.token_bytes(32))


class Oracle:
    """Runs the solution at any seed; a context manager.

    The solution is the author's, so one isolate serves many runs: but only if a second run in it
    gives what a fresh one gave, for a solution may count its calls or not set the seed of torch.
    """

    def __init__(self, exercise, sandbox):
        self.exercise, self.sandbox = exercise, sandbox
        self.public = reference(exercise, sandbox, exercise.seed)
        self.lasting = Lasting(sandbox)
        self.repeats = all(self.lasting_run(exercise.seed) == self.public for _ in range(2))

    def references(self, key):
        """The references of the submission to whose bytes and run ``key`` belongs.

        A seed at which the solution breaks down is passed over: there NaN would be right.
        """
        bundles, chosen, skipped = {self.exercise.seed: self.public}, [], []
        for number in range(MOST_TRIES):
            digest = hmac.digest(key, b"seed %d" % number, "sha256")
            seed = int.from_bytes(digest[:4], "big") >> 1
            if seed in bundles:
                continue
            at_seed = self.at(seed)
            broken = breaks_down(at_seed, self.public)
            if broken:
                skipped.append(f"{broken}: the solution gives NaN or infinity at seed {seed}")
            elif not chosen or shapes_differ(bundles[chosen[0]], at_seed):
                chosen.append(seed)
                bundles[seed] = at_seed
            if len(chosen) == 2:
                return References(tuple(chosen), bundles, tuple(skipped))
        if 2 * len(skipped) > MOST_TRIES:
            raise ExerciseError(
                f"{self.exercise.name}: {len(skipped)} of {MOST_TRIES} seeds are of no use: "
                f"{skipped[0]}, none at the public one; draw what it can compute, or such a case "
                "at the public seed too"
            )
        raise ExerciseError(
            f"{self.exercise.name}: {MOST_TRIES} seeds gave the same shapes in some question; draw "
            "the sizes from SEED in every check cell"
        )

    def at(self, seed):
        """The solution's bundles at one seed."""
        lasting = self.lasting_run(seed) if self.repeats else None
        return lasting or reference(self.exercise, self.sandbox, seed)

    def lasting_run(self, seed):
        """The same from the isolate that lasts; None where that has used up its time or memory."""
        try:
            return reference(self.exercise, self.lasting, seed)
        except ExerciseError:
            self.lasting.close()
            return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lasting.close()


class Lasting:
    """A sandbox that gives the same isolate each time."""

    def __init__(self, sandbox):
        self.sandbox, self.opened = sandbox, None

    def isolate(self, limits=None, guard=()):
        if self.opened is None:
            self.opened = self.sandbox.isolate(limits, guard)
        return contextlib.nullcontext(self.opened)

    def close(self):
        if self.opened is not None:
            self.opened.close()
            self.opened = None


def seed_key(run_seed, data):
    """The key of a submission's seeds: HMAC of its bytes under the run's secret."""
    return hmac.digest(run_seed.to_bytes(8, "big"), data, "sha256")


def reference(exercise, sandbox, seed):
    """The solution's bundles at one seed."""
    run = run_program(exercise.cells, exercise, sandbox, seed)
    for cell_id, outcome in run.checks.items():
        if outcome.bundle is None:
            raise ExerciseError(f"{exercise.name}: the solution fails {cell_id}: {outcome.reason}")
    return {cell_id: outcome.bundle for cell_id, outcome in run.checks.items()}


def breaks_down(bundles, public):
    """The question and part where NaN or infinity stands, but none at the public seed; else "".

    Where the public seed has one too the question is about it, and it has to be met.
    """
    for cell_id, bundle in bundles.items():
        for name, part in bundle["parts"].items():
            if not finite(part) and finite(public[cell_id]["parts"].get(name, part)):
                return f"{bundle['question']}, {name}"
    return ""


def finite(part):
    """Has a packed part numbers only?  A text may say "nan"."""
    special = part["kind"] in ("float", "complex") and not SPECIAL.keys().isdisjoint(part["data"])
    return not special


def shapes_differ(one, other):
    """Does every check differ in some shape between two seeds?  (Hard-coding must not pay.)"""

    def shapes(bundle):
        return {name: part["shape"] for name, part in bundle["parts"].items()}

    return all(shapes(one[k]) != shapes(other[k]) for k in one)
