"""Launch a kernel: its function is called once for each program of a grid."""

import dis
import inspect
import itertools
import math
from types import FunctionType

import numpy as np

from course_utils.kernels.blocks import Block
from course_utils.kernels.loops import steps
from course_utils.kernels.memory import Memory, Pointer

FOREIGN = {
    "enumerate", "zip", "map", "list", "dict", "set", "sorted", "reversed", "sum",
    "globals", "locals", "vars", "getattr", "setattr", "eval", "exec",
}  # fmt: skip
PYTHONS = {"<lambda>": "lambda", "<genexpr>": "generator", "<listcomp>": "list comprehension"}
OPTIONS = ("num_warps", "num_stages")  # for a GPU's compiler; here they change nothing
MOST_PROGRAMS = 1_000_000

launches = {}  # {name of a kernel: its last `Launch`}
state = {"launch": None}


class Whole(int):
    """A whole number that ``tl.constexpr`` marked."""


class Real(float):
    """A number that ``tl.constexpr`` marked."""


class Launch:
    """One launch: kernel, grid (1 to 3 sizes), memories {argument: `Memory`}.

    which: the count of this kernel's launches so far; place, number: of the program that runs.
    """

    def __init__(self, kernel, grid, memories, which):
        self.kernel, self.grid, self.memories, self.which = kernel, grid, memories, which
        self.place, self.number = (), 0


def running():
    """The launch in which we are; TypeError outside of any."""
    if state["launch"] is None:
        raise TypeError("tl is for kernels: launch one, kernel[(programs,)](arrays, ...)")
    return state["launch"]


def jit(function):
    """A kernel, ``@triton.jit``; ``kernel[grid](arguments)`` launches it."""
    return Kernel(function)


class Kernel:
    """A function of pointers and numbers.  Inside another kernel it is called like any function."""

    def __init__(self, function):
        self.function, self.name = function, function.__name__
        self.__name__, self.__doc__ = function.__name__, function.__doc__
        lines = [(line.opname, line.argval) for line in dis.get_instructions(function)]
        self.reads = sorted({name for does, name in lines if does == "LOAD_GLOBAL"})
        self.imports = sorted({name for does, name in lines if does == "IMPORT_NAME"})
        self.signature = inspect.signature(function)
        self.constants = {
            name for name, p in self.signature.parameters.items()
            if "constexpr" in getattr(p.annotation, "__name__", str(p.annotation))
        }  # fmt: skip

    def __getitem__(self, grid):
        return lambda *args, **named: self.run(grid, args, named)

    def __call__(self, *args, **named):
        if state["launch"] is None:
            raise TypeError(f"{self.name} is a kernel: launch it, {self.name}[(programs,)](...)")
        only_tritons_python(self)
        return self.checked()(*args, **named)

    def checked(self):
        """The function, with loops that hold what they carry against Triton's rule."""
        if "range" not in self.reads or "range" in self.globals:
            return self.function
        f = self.function
        same = FunctionType(f.__code__, {**self.globals, "range": steps}, f.__name__,
                            f.__defaults__, f.__closure__)  # fmt: skip
        same.__kwdefaults__ = f.__kwdefaults__
        return same

    def run(self, grid, args, named):
        """Bind the arguments, then run program after program."""
        if state["launch"] is not None:
            raise TypeError(f"{self.name}: a kernel cannot launch another one")
        only_tritons_python(self)
        named = {key: value for key, value in named.items() if key not in OPTIONS}
        before = launches.pop(self.name, None)
        try:
            bound = self.signature.bind(*args, **named)
        except TypeError as error:
            raise TypeError(f"{self.name}: {error}") from None
        bound.apply_defaults()
        memories, values = {}, {}
        for name, value in bound.arguments.items():
            values[name] = self.argument(name, value, memories)
        grid = sizes(self.name, grid, bound.arguments)
        launch = Launch(self, grid, memories, before.which + 1 if before else 1)
        state["launch"] = launch
        function = self.checked()
        try:
            with np.errstate(all="ignore"):
                places = itertools.product(*(range(n) for n in reversed(grid)))
                for launch.number, place in enumerate(places):
                    launch.place = place[::-1]  # the first axis runs fastest
                    function(**values)
        finally:
            state["launch"] = None
        launches[self.name] = launch

    def argument(self, name, value, memories):
        """What the kernel sees of an argument: a constant, an address, a number of 32 bits."""
        if name in self.constants:
            if isinstance(value, np.ndarray):
                raise TypeError(f"{self.name}: {name} is a tl.constexpr, it got an array")
            return value.item() if isinstance(value, np.generic) else value
        if isinstance(value, np.ndarray):
            return Pointer(memory_of(self.name, name, value, memories))
        if value is None:
            return None
        if not isinstance(value, (bool, int, float, np.generic)):
            raise TypeError(
                f"{self.name}: {name} is a {type(value).__name__}; a kernel takes NumPy's arrays, "
                "which become addresses, and numbers"
            )
        number = np.asarray(value)
        wide = number.dtype.kind in "iu" and abs(int(number)) >= 2**31
        short = {"f": "float32", "b": "bool"}.get(number.dtype.kind, "int32")
        return Block(number.astype("int64" if wide else short))

    @property
    def globals(self):
        """The names around it."""
        return self.function.__globals__

    @property
    def source(self):
        """Its text, with the kernels that it calls and the marked numbers that it reads."""
        found = {name: self.globals.get(name) for name in self.reads}
        called = [k.source for k in found.values() if isinstance(k, Kernel) and k is not self]
        marked = [f"{name} = tl.constexpr({v!r})" for name, v in found.items()
                  if isinstance(v, (Whole, Real))]  # fmt: skip
        return "\n\n".join([*called, *marked, inspect.getsource(self.function)])


def only_tritons_python(kernel):
    """TypeError for the commonest Python that Triton's compiler refuses and NumPy would run."""
    inside = [c.co_name for c in kernel.function.__code__.co_consts if hasattr(c, "co_code")]
    inner = [PYTHONS.get(name, f"function inside a function ({name})") for name in inside]
    inner += [f"import ({name})" for name in kernel.imports]
    found = [*inner, *(n for n in kernel.reads if n in FOREIGN and n not in kernel.globals)]
    if found:
        raise TypeError(
            f"{kernel.name}: Triton compiles no {found[0]}: write it out, or call another function "
            "with @triton.jit"
        )
    for name in kernel.reads:
        value = kernel.globals.get(name)
        own = str(getattr(value, "__module__", "")).startswith("course_utils.kernels")
        if isinstance(value, FunctionType) and not own:
            raise TypeError(f"{kernel.name}: {name} is a function of Python: Triton calls none "
                            "without @triton.jit")  # fmt: skip
        if isinstance(value, (np.ndarray, list, dict)):
            raise TypeError(f"{kernel.name}: {name} is an array from outside: a kernel sees its "
                            "arguments alone, pass it as one")  # fmt: skip
        if type(value) in (int, float):
            raise TypeError(f"{kernel.name}: {name} is a number from outside: pass it as an "
                            f"argument, or mark it, {name} = tl.constexpr({value})")  # fmt: skip


def memory_of(kernel, name, array, memories):
    """The memory of an array; the same one for an array that is passed twice."""
    if array.dtype.kind not in "iufb":
        raise TypeError(f"{kernel}: {name} holds {array.dtype}, no numbers")
    if not array.flags.c_contiguous:
        raise ValueError(
            f"{kernel}: the numbers of {name} do not lie one after the other (a transposed or cut "
            "array). One that the kernel writes must itself lie together: cut it along its first "
            "axis alone; for one that it only reads, pass np.ascontiguousarray of it"
        )
    for known in memories.values():
        same = known.numbers.ctypes.data == array.ctypes.data and known.numbers.size == array.size
        if array.size and same:
            return known
    memories[name] = Memory(name, array)
    return memories[name]


def sizes(kernel, grid, arguments):
    """The grid as a tuple of one to three whole numbers; it may be a function of the arguments."""
    grid = grid(arguments) if callable(grid) else grid
    if not isinstance(grid, (tuple, list)):
        raise TypeError(f"{kernel}: a grid is a tuple, ({grid},), not {grid}")
    grid = tuple(grid)
    if not 1 <= len(grid) <= 3 or not all(isinstance(n, (int, np.integer)) for n in grid):
        raise TypeError(f"{kernel}: a grid is one to three whole numbers, got {grid}")
    if min(grid) < 0 or math.prod(grid) > MOST_PROGRAMS:
        raise ValueError(f"{kernel}: a grid of {grid} programs")
    return tuple(int(n) for n in grid)


def cdiv(x, y):
    """x / y rounded up: so many blocks of y cover x."""
    return -(-x // y)


def next_power_of_2(n):
    """The lowest power of two that is at least n."""
    return 1 << max(0, int(n) - 1).bit_length()
