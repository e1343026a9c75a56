"""Arrays and captured graphs that calls of one shape use again, a bounded number of them.

A captured graph replays its launches on the addresses that it has seen, so each belongs to one
arena.  Whoever runs forward leases an arena and keeps it until nobody can go backward any more: two
forward passes before a backward one have two.
"""

import threading
import warnings
from collections import OrderedDict, deque

import torch

SHAPES = 16
"""Shapes whose arrays and graphs are kept for the next call; the least recently used go first."""


class Recorder:
    """What the pool asks of CUDA."""

    def __init__(self):
        self.streams, self.lock = {}, threading.RLock()  # a process captures one graph at a time

    def forbids(self):
        """Whether the caller captures a graph of its own, of which these launches become a part."""
        return torch.cuda.is_initialized() and torch.cuda.is_current_stream_capturing()

    def records(self, shape):
        """Whether launches for this shape can be captured."""
        return shape.device.type == "cuda"

    def record(self, shape, function):
        """Capture what function launches, without running it -> a function that replays it."""
        with self.lock:
            if shape.device not in self.streams:  # torch's own is on one device only
                self.streams[shape.device] = torch.cuda.Stream(shape.device)
            stream, graph = self.streams[shape.device], torch.cuda.CUDAGraph()
            with torch.cuda.stream(stream):
                # cuBLAS takes its workspace on this stream now: taken while a graph is captured it
                # would hold that graph's memory for ever
                one = torch.ones(16, 16, device=shape.device)
                torch.mm(one, one)
            with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
                function()
        return graph.replay

    def mark(self, shape):
        """A point in the current stream that another stream, or the host, can wait for; or None."""
        if shape.device.type != "cuda":
            return None
        event = torch.cuda.Event()
        event.record()
        return event

    def wait(self, mark):
        """Let the current stream wait for a mark."""
        if mark is not None:
            torch.cuda.current_stream().wait_event(mark)


class Entry:
    """An arena, the graphs that were captured in it, and the mark behind its last use."""

    def __init__(self, shape, arena):
        self.shape, self.arena = shape, arena
        self.replay, self.seen, self.mark = {}, set(), None

    def retire(self):
        """Wait until the device is done with arrays that are about to be freed."""
        if self.mark is not None:
            self.mark.synchronize()


class Pool:
    """Entries by shape: those in use are their leases', the others wait here.

    make(shape) -> an arena.
    """

    def __init__(self, make, recorder, shapes=SHAPES):
        self.make, self.recorder, self.shapes = make, recorder, shapes
        self.free, self.refused = OrderedDict(), set()
        self.returned = deque()  # appended to by whoever collects garbage, without the lock
        self.lock = threading.RLock()

    def lease(self, shape):
        """A ``Lease`` of an arena of this shape, a new one if none is free."""
        if self.recorder.forbids():
            return Lease(None, self.recorder, Entry(shape, self.make(shape)))
        retired = []
        with self.lock:
            self._take_back(retired)
            free = self.free.setdefault(shape, [])
            self.free.move_to_end(shape)
            entry = free.pop() if free else None
            while len(self.free) > self.shapes:
                retired += self.free.popitem(last=False)[1]
        for old in retired:
            old.retire()
        retired.clear()
        return Lease(self, self.recorder, entry or Entry(shape, self.make(shape)))

    def release(self):
        """Forget every shape: free what is not in use now, and the rest when it comes back."""
        with self.lock:
            retired = []
            self._take_back(retired)
            retired += [entry for entries in self.free.values() for entry in entries]
            self.free.clear()
            self.refused.clear()
        for entry in retired:
            entry.retire()

    def _take_back(self, retired):
        while self.returned:
            entry = self.returned.popleft()
            if entry.shape in self.free:
                self.free[entry.shape].append(entry)
            else:  # evicted while it was in use
                retired.append(entry)


class Lease:
    """An entry in use; its arena is the holder's own."""

    def __init__(self, pool, recorder, entry):
        self.pool, self.recorder, self.entry = pool, recorder, entry
        self.arena = entry.arena
        self.wait()

    def wait(self):
        """Let the current stream wait for what the last use launched, on whichever stream."""
        if self.pool is not None and not self.recorder.forbids():
            self.recorder.wait(self.entry.mark)

    def run(self, name, function):
        """function(arena), launched at its first use, captured and replayed from the second on.

        A shape that comes once does not pay for a capture.  What cannot be captured is launched,
        with one warning that says why.
        """
        entry, pool = self.entry, self.pool
        if pool is None or self.recorder.forbids():
            return function(self.arena)
        captures = self.recorder.records(entry.shape) and entry.shape not in pool.refused
        if name in entry.seen and name not in entry.replay and captures:
            self._capture(name, function)
        if name in entry.replay:
            entry.replay[name]()
        else:
            function(self.arena)
            entry.seen.add(name)
        return None

    def _capture(self, name, function):
        try:
            self.entry.replay[name] = self.recorder.record(
                self.entry.shape, lambda: function(self.arena)
            )
        except Exception as error:
            self.pool.refused.add(self.entry.shape)
            warnings.warn(
                f"{self.entry.shape.schedule.spec.key}: no CUDA graph could be captured, kernels "
                f"are launched one by one ({type(error).__name__}: {error})",
                RuntimeWarning,
                stacklevel=2,
            )
        self.arena.forget_steps()

    def done(self):
        """Say that all work of this use was launched: the next one waits for it."""
        if self.pool is not None and not self.recorder.forbids():
            self.entry.mark = self.recorder.mark(self.entry.shape)

    def give_back(self):
        """Let others have the entry; this lease is over."""
        pool, self.pool = self.pool, None
        if pool is not None:
            pool.returned.append(self.entry)

    def __del__(self):
        self.give_back()
