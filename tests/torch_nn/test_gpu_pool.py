"""Arenas and captured graphs by shape, without a device: what would be captured only counts."""

import gc
from types import SimpleNamespace

import pytest

from course_utils.torch_nn.gpu.pool import Pool


class Arena:
    """Counts how often it computed by itself."""

    def __init__(self, shape):
        self.shape, self.ran, self.forgot = shape, 0, 0

    def forget_steps(self):
        self.forgot += 1


class Recorder:
    """As CUDA's, which here only remembers."""

    def __init__(self):
        self.recorded, self.replayed, self.waited, self.marks = 0, 0, [], 0
        self.outer, self.fails = False, False

    def forbids(self):
        return self.outer

    def records(self, shape):
        return True

    def record(self, shape, function):
        if self.fails:
            raise RuntimeError("operation not permitted when stream is capturing")
        self.recorded += 1
        function()
        return self.replay

    def replay(self):
        self.replayed += 1

    def mark(self, shape):
        self.marks += 1
        return SimpleNamespace(number=self.marks, synchronize=lambda: self.waited.append("host"))

    def wait(self, mark):
        if mark is not None:
            self.waited.append(mark.number)


def shape(n):
    """Something that is a key and names a cell."""
    return SimpleShape(n)


class SimpleShape:
    def __init__(self, n):
        self.n, self.schedule = n, SimpleNamespace(spec=SimpleNamespace(key=f"cell {n}"))

    def __hash__(self):
        return hash(self.n)

    def __eq__(self, other):
        return self.n == other.n


def compute(arena):
    arena.ran += 1


def use(pool, n=0, *names):
    """A whole use of an arena of shape n, given back at the end; the arena."""
    lease = pool.lease(shape(n))
    for name in names or ("forward",):
        lease.run(name, compute)
    lease.done()
    return lease.arena


@pytest.fixture
def pool():
    return Pool(Arena, Recorder(), shapes=2)


def test_the_first_use_launches_the_second_captures_the_others_replay(pool):
    arenas = {use(pool, 0, "forward", "backward") for _ in range(5)}
    (arena,) = arenas
    assert arena.ran == 2 + 2  # launched once, and once while it was captured, each way
    assert (pool.recorder.recorded, pool.recorder.replayed) == (2, 4 * 2)
    assert arena.forgot == 2


def test_what_comes_once_pays_for_no_capture(pool):
    for n in range(10):
        use(pool, n)
    assert pool.recorder.recorded == 0


def test_leases_at_the_same_time_have_arenas_of_their_own(pool):
    leases = [pool.lease(shape(0)) for _ in range(3)]
    assert len({lease.arena for lease in leases}) == 3
    known = {lease.arena for lease in leases}
    del leases
    gc.collect()
    assert {use(pool) for _ in range(3)} <= known


def test_the_least_recently_used_shape_goes_and_its_leases_do_not_come_back(pool):
    first = use(pool, 0)
    held = pool.lease(shape(1))
    assert use(pool, 0) is first
    assert use(pool, 2) is not None  # 1 is the oldest of three
    assert [s.n for s in pool.free] == [0, 2]
    evicted = held.arena
    held.done()
    del held
    gc.collect()
    assert use(pool, 1) is not evicted
    assert len(pool.free) == 2
    assert use(pool, 0) is not first  # 0 went when 1 came


def test_the_host_waits_before_arrays_in_use_are_freed(pool):
    for n in range(3):
        use(pool, n)
    pool.recorder.waited.clear()
    pool.lease(shape(3))
    assert "host" in pool.recorder.waited


def test_release_forgets_all_and_what_is_in_use_goes_on(pool):
    use(pool, 0)
    held = pool.lease(shape(1))
    pool.release()
    assert not pool.free and pool.recorder.waited.count("host") == 1
    held.run("forward", compute)
    arena = held.arena
    held.give_back()
    assert use(pool, 1) is not arena


def test_every_use_waits_for_the_one_before(pool):
    use(pool)
    pool.recorder.waited.clear()
    lease = pool.lease(shape(0))
    assert pool.recorder.waited == [1]
    lease.done()
    lease.wait()  # on the way back, perhaps on another stream
    assert pool.recorder.waited == [1, 2]


def test_what_cannot_be_captured_is_launched_with_one_warning(pool):
    pool.recorder.fails = True
    use(pool)
    with pytest.warns(RuntimeWarning, match=r"cell 0: no CUDA graph.*not permitted"):
        arena = use(pool)
    for _ in range(3):  # warnings are errors here
        use(pool, 0, "forward", "backward")
    assert arena.ran == 5 + 3 and pool.recorder.replayed == 0


def test_inside_a_capture_of_the_callers_it_only_launches(pool):
    pool.recorder.outer = True
    leases = [pool.lease(shape(0)) for _ in range(2)]
    for lease in leases:
        for _ in range(3):
            lease.run("forward", compute)
        lease.done()
        lease.wait()
        lease.give_back()
    assert [lease.arena.ran for lease in leases] == [3, 3]
    assert not pool.free and not pool.returned and not pool.recorder.waited
    assert (pool.recorder.recorded, pool.recorder.marks) == (0, 0)
