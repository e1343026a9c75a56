"""The loop over seeds: plain where an experiment is tried, resumed and on all cores in a study.

    rows = over_seeds(partial(run_seed, config, "lstm"), config.seeds, progress)

A seed's result is stored when it is there.  A study that was stopped, by hand or by its budget,
goes on where it was when it is started again with the same code, settings and libraries.
"""

import functools
import hashlib
import multiprocessing
import os
import pickle
import shutil
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from pathlib import Path

from course_utils.errors import UserError
from course_utils.files import write
from course_utils.lab.machine import cores, one_thread


class OverBudget(UserError, RuntimeError):
    """A study that has used its CPU time; the message says how to go on."""


def over_seeds(run_seed, seeds, progress=iter):
    """``[run_seed(seed) for seed in seeds]``; what `Study` makes of it where ``progress`` is one.

    run_seed: a function at the top of a module, or a ``functools.partial`` of one with plain
    arguments; anything else is called one by one and never stored.  The results are in the order of
    the seeds and the same either way.
    """
    if isinstance(progress, Study):
        return progress.over(run_seed, list(seeds))
    return [run_seed(seed) for seed in seeds]


class Study:
    """What `course run` passes as ``progress``: shows, stores, resumes, and minds the budget.

    name: shown beside the bar.  folder: where results by seed are stored; None stores nothing.
    workers: processes at a time, each with one thread.  budget: CPU seconds, or None.
    ``elsewhere``: CPU seconds that other processes or an earlier start have spent.
    """

    def __init__(self, name, folder=None, *, workers=1, budget=None, bar=None):
        self.name, self.folder = name, folder and Path(folder)
        self.workers, self.budget, self.elsewhere = workers, budget, 0.0
        self.bar, self.shown = bar or (lambda items: items), False
        self.began = time.process_time()

    def __call__(self, items):
        """The items of an outer loop, shown; between two of them the budget is looked at."""
        self.shown = True  # one bar is enough
        try:
            for item in self.bar(items):
                self.check_budget()
                yield item
        finally:
            self.shown = False

    def over(self, run_seed, seeds):
        """See `over_seeds`."""
        paths = {seed: self.path(run_seed, seed) for seed in seeds}
        outcomes = {seed: read for seed, path in paths.items() if (read := _read(path)) is not None}
        self.elsewhere += sum(seconds for _, seconds in outcomes.values())
        waiting = [seed for seed in seeds if seed not in outcomes]
        spread = self.workers > 1 and len(waiting) > 1 and _named(run_seed)
        run = self._spread if spread else self._one_by_one
        counted = waiting if self.shown else self.bar(waiting)
        for _, (seed, outcome) in zip(counted, run(run_seed, waiting), strict=True):
            outcomes[seed] = outcome
            _store(paths[seed], outcome)
        return [outcomes[seed][0] for seed in seeds]

    def path(self, run_seed, seed):
        """The file of one seed's result; None where it can't be told from others'."""
        if self.folder is None or not _named(run_seed):
            return None
        function, args = _taken_apart(run_seed)
        text = pickle.dumps((function.__module__, function.__qualname__, args, seed))
        return self.folder / f"{hashlib.sha256(text).hexdigest()[:24]}.pickle"

    def check_budget(self):
        """OverBudget if more CPU time was spent than the study may."""
        spent = self.elsewhere + time.process_time() - self.began
        if self.budget is not None and spent > self.budget:
            raise OverBudget(
                f"{self.name}: {spent / 3600:.2f} CPU hours are spent, the budget was "
                f"{self.budget / 3600:.2f}; the seeds that are done are kept, the same command "
                "with a larger --budget goes on"
            )

    def clear(self):
        """Forget what was stored: the study is recorded."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _one_by_one(self, run_seed, seeds):
        for seed in seeds:
            self.check_budget()
            yield seed, timed(run_seed, seed)

    def _spread(self, run_seed, seeds):
        """(seed, (result, CPU seconds)) as they come; processes are spawned, one thread each."""
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        before = {key: os.environ.get(key) for key in threads}
        os.environ.update(threads)  # a spawned process reads them before it imports NumPy
        pool = ProcessPoolExecutor(
            min(self.workers, len(seeds)), mp_context=multiprocessing.get_context("spawn")
        )
        try:
            left = list(seeds)
            running = {}
            while left or running:
                while left and len(running) < self.workers:
                    self.check_budget()
                    seed = left.pop(0)
                    running[pool.submit(timed, run_seed, seed)] = seed
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    outcome = future.result()
                    self.elsewhere += outcome[1]
                    yield running.pop(future), outcome
        finally:
            pool.shutdown(cancel_futures=True)
            for key, value in before.items():
                os.environ.pop(key) if value is None else os.environ.update({key: value})


def study(name, key, *, workers=None, budget=None, bar=None):
    """A `Study` that stores in the user's cache; key: text that names code, settings, libraries."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    folder = cache_folder() / f"{name}-{digest}"
    return Study(name, folder, workers=workers or cores(), budget=budget, bar=bar)


def cache_folder():
    """Where studies that were not finished lie."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "course_utils" / "studies"


def timed(run_seed, seed):
    """(result, CPU seconds)."""
    one_thread()  # a new process has imported torch by now, if the experiment does
    start = time.process_time()
    result = run_seed(seed)
    return result, time.process_time() - start


def _taken_apart(run_seed):
    if isinstance(run_seed, functools.partial):
        return run_seed.func, (run_seed.args, run_seed.keywords)
    return run_seed, ((), {})


def _named(run_seed):
    """Whether another process can find the function, with the arguments it holds."""
    function, args = _taken_apart(run_seed)
    if "<" in getattr(function, "__qualname__", "<"):
        return False
    try:
        pickle.dumps(args)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


def _read(path):
    try:
        return pickle.loads(path.read_bytes()) if path else None
    except Exception:  # damaged bytes may raise anything; the seed is run again
        return None


def _store(path, outcome):
    if path is not None:
        write(path, pickle.dumps(outcome))
