"""Timing on a machine that others use too: candidates take turns, and only ratios are believed.

For example::

    with timing.one_thread():
        times = timing.interleave({"loop": loop, "product": product}, seconds=1)
    timing.ratio(times, "loop", "product")      # how many times slower the loop is

The clock is the processor time of this process, which stands still while others compute.  It is
right for one thread only: with two it counts both, and those that wait by spinning.
"""

import contextlib
import gc
import sys
import time

import numpy as np

SHORTEST = 5e-4  # seconds a sample lasts at least: below, the clock's own cost is seen


def interleave(work, *, seconds=1.0, least=7, most=400, clock=time.process_time):
    """Call the functions of ``work`` (name -> function) in turn, round after round.

    Rounds go on for ``seconds`` on the wall, but at least ``least`` and at most ``most``.  Returns
    name -> seconds a call, by round (rounds,).  A load that comes and goes hits all alike.  Each
    finds the caches as the one before has left them, so every round has another order.
    """
    order = np.random.default_rng(0)
    repeat = {name: _repeats(call, clock) for name, call in work.items()}
    rounds = {name: [] for name in work}
    collects = gc.isenabled()
    gc.disable()
    try:
        end, n = time.perf_counter() + seconds, 0
        while (time.perf_counter() < end or n < least) and n < most:
            for k in order.permutation(len(work)):
                name, call = [*work.items()][k]
                rounds[name].append(_sample(call, repeat[name], clock))
            n += 1
    finally:
        if collects:
            gc.enable()
    return {name: np.array(samples) for name, samples in rounds.items()}


def _repeats(call, clock):
    """How often to call in one sample; the first two calls, which warm up, do not count."""
    call(), call()
    return max(1, int(np.ceil(SHORTEST / max(_sample(call, 1, clock), 1e-8))))


def _sample(call, repeat, clock):
    start = clock()
    for _ in range(repeat):
        call()
    return (clock() - start) / repeat


def medians(times):
    """name -> median seconds a call."""
    return {name: float(np.median(samples)) for name, samples in times.items()}


def ratio(times, slow, fast):
    """How many times longer ``slow`` takes: the median over rounds, each divided by its own."""
    return float(np.median(times[slow] / times[fast]))


@contextlib.contextmanager
def one_thread():
    """One BLAS thread, and one of PyTorch where it is loaded, until the block ends.

    SciPy's BLAS, which compiled code calls, is a library of its own: it is loaded here, because
    what loads later keeps its threads.  Without threadpoolctl NumPy's threads stay as they are: set
    OMP_NUM_THREADS=1 before start.
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError):
            import scipy.linalg.cython_blas  # noqa: F401
            from threadpoolctl import threadpool_limits

            stack.enter_context(threadpool_limits(1))
        if torch := sys.modules.get("torch"):
            stack.callback(torch.set_num_threads, torch.get_num_threads())
            torch.set_num_threads(1)
        yield


def blas():
    """NumPy's BLAS as it runs: {"library", "version", "architecture", "threads"}; None if unknown.

    The architecture is that of the kernels in use.  OPENBLAS_CORETYPE can pin it to an older one.
    """
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return None
    for pool in threadpool_info():
        if pool["user_api"] == "blas":
            return {
                "library": pool["internal_api"],
                "version": pool["version"],
                "architecture": pool.get("architecture"),
                "threads": pool["num_threads"],
            }
    return None
