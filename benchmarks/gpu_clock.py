"""Clocks: CUDA's events on a GPU; the processor's in a dry run, whose numbers mean nothing."""

import math
import random
import statistics
import time

import torch

LONG_ENOUGH = 3e-3  # seconds a sample should last: calls follow each other as in training
MOST_CALLS = 20


class Cuda:
    """Seconds between two events on the GPU, around calls that wait for nothing in between."""

    name = "CUDA events"
    device = "cuda"

    def __init__(self):
        self.wait = torch.cuda.synchronize
        self.evict = torch.empty(0, device="cuda")

    def healthy(self):
        """Whether the GPU answers; what frees memory, too."""
        try:
            torch.cuda.synchronize()
            torch.cuda.empty_cache()
        except RuntimeError:
            return False
        return True

    def flush(self):
        """Fill the L2 cache with something else."""
        if not len(self.evict):
            size = 4 * getattr(torch.cuda.get_device_properties(0), "L2_cache_size", 64 << 20)
            self.evict = torch.empty(size, dtype=torch.int8, device="cuda")
        self.evict.zero_()

    def sample(self, call, repeat, flush):
        """Seconds a call."""
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        self.wait()
        if flush:
            self.flush()
        start.record()
        for _ in range(repeat):
            call()
        end.record()
        self.wait()
        return start.elapsed_time(end) / 1e3 / repeat

    def held(self):
        """Bytes that tensors hold on the GPU, and bytes that PyTorch has reserved there."""
        return torch.cuda.memory_allocated(), torch.cuda.memory_reserved()


class Cpu:
    """The same with the processor's clock, for a dry run."""

    name = "dry run: the processor's clock, the numbers mean nothing"
    device = "cpu"

    def wait(self):
        """Nothing to wait for."""

    def healthy(self):
        """It is."""
        return True

    def flush(self):
        """No cache of a GPU."""

    def sample(self, call, repeat, flush):
        """Seconds a call."""
        start = time.perf_counter()
        for _ in range(repeat):
            call()
        return max(time.perf_counter() - start, 1e-9) / repeat

    def held(self):
        """No memory of a GPU."""
        return 0, 0


def first(clock, call):
    """Seconds of a first call as its caller waits for it: compiling, capturing, running."""
    clock.wait()
    start = time.perf_counter()
    call()
    clock.wait()
    return time.perf_counter() - start


def interleave(clock, work, *, seconds, least=5, most=40, flush=False):
    """name -> seconds a call, by round: candidates take turns, every round in another order.

    Rounds go on for ``seconds`` on the wall, but at least ``least`` and at most ``most``.
    """
    order, repeat = random.Random(0), {}
    for name, call in work.items():
        call()
        took = clock.sample(call, 1, flush)
        longer = 1 if flush else math.ceil(LONG_ENOUGH / max(took, 1e-7))
        repeat[name] = max(1, min(MOST_CALLS, longer))
    rounds = {name: [] for name in work}
    names, end, n = [*work], time.perf_counter() + seconds, 0
    while n < most and (n < least or time.perf_counter() < end):
        order.shuffle(names)
        for name in names:
            rounds[name].append(clock.sample(work[name], repeat[name], flush))
        n += 1
    return rounds


def spread(samples):
    """Median and quartiles in milliseconds, and how many there were."""
    two = [*samples, *samples]  # quartiles of one sample are that sample
    low, middle, high = statistics.quantiles(two, n=4, method="inclusive")
    return {
        "ms": 1e3 * middle,
        "low": 1e3 * low,
        "high": 1e3 * high,
        "samples": len(samples),
    }
