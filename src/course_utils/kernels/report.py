"""What a kernel's last launch read and wrote, for whoever wrote it."""

import numpy as np

from course_utils.kernels.launch import Kernel, launches
from course_utils.kernels.memory import NOBODY


def report(*names):
    """Print the numbers that the last launches of these kernels moved, and how to move fewer."""
    for name in names:
        launch = launches.get(name)
        lines = [f"{name}: not launched yet, or it stopped with an error"]
        print("\n".join(lines if launch is None else told(launch)))


def launched(kernel):
    """How often a kernel, or that of a name, was launched so far, since its last error.

    TypeError for what is none: a check that asks before it launches takes no NumPy in disguise.
    """
    if type(kernel) not in (Kernel, str):
        name = getattr(kernel, "__name__", type(kernel).__name__)
        raise TypeError(f"{name} is no kernel: write @triton.jit above its def")
    launch = launches.get(kernel if isinstance(kernel, str) else kernel.name)
    return launch.which if launch else 0


def told(launch):
    """The lines on one launch."""
    memories = launch.memories.values()
    programs = counted(int(np.prod(launch.grid)), "program")
    yield f"{launch.kernel.name}: {programs} in its last launch ({launch.which} so far)"
    wide = max((len(m.name) for m in memories), default=6)
    for m in memories:
        moved = [f"{n} {does}" for n, does in ((m.loads, "read"), (m.stores, "written")) if n]
        yield f"  {m.name:{wide}}  {', '.join(moved) or 'untouched'}, of {m.numbers.size}"
    moved = [(m.loads + m.stores, m.numbers.itemsize) for m in memories]
    numbers, bytes_ = sum(n for n, _ in moved), sum(n * size for n, size in moved)
    yield f"  {'in all':{wide}}  {counted(numbers, 'number')}, {bytes_} bytes"
    for m in memories:
        yield from advice(m)


def advice(memory):
    """What this array costs too often."""
    read, wrote = memory.reader != NOBODY, memory.writer != NOBODY
    if memory.loads > read.sum():
        yield (f"  {memory.name}: {memory.loads} loads for {read.sum()} numbers; a value that was "
               "loaded can be used again")  # fmt: skip
    if memory.stores > wrote.sum():
        yield f"  {memory.name}: {memory.stores} stores for {wrote.sum()} numbers; store it once"
    if 0 < wrote.sum() < len(wrote):
        yield f"  {memory.name}: {(~wrote).sum()} of {len(wrote)} numbers were never stored"
    if (read & wrote).any():
        yield (f"  {memory.name}: what is written here is read here as well; if that comes after, "
               "use the variable instead")  # fmt: skip


def counted(count, word):
    """ "1 program", "2 programs"."""
    return f"{count} {word}{'s' * (count != 1)}"
