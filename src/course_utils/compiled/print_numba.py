"""Numba source: machine code for the CPU; without the decorator it is plain Python."""

import math

from course_utils.compiled.loops import LoopPrinter
from course_utils.compiled.printing import Style
from course_utils.specs import get_spec

_NUMBERS = {0: "ZERO", 1: "ONE", 0.5: "HALF", -math.inf: "LOWEST"}
STYLE = Style(
    functions={
        "maximum": "larger({0}, {1})",
        "where": "({2} if {0} >= {1} else {3})",
        "due": "(ONE if {0} % {1} == 0 else ZERO)",
    },
    number=lambda n: _NUMBERS.get(n, f"REAL({n!r})"),
)

HEAD = '''"""{title}, forward and backward, from its equations (course_utils.compiled)."""

import numpy as np

{decorator}

REAL = np.{dtype}
ZERO, HALF, ONE, LOWEST = REAL(0), REAL(0.5), REAL(1), REAL(-np.inf)


{tanh}


@jit
def sigmoid(a):
    return HALF + HALF * tanh(HALF * a)


@jit
def relu(a):
    return ZERO if ZERO >= a else a  # a NaN stays one


@jit
def larger(a, b):
    return a if a >= b or a != a else b  # a NaN stays one


@jit
def log_sigmoid(a):
    return -larger(-a, ZERO) - np.log1p(np.exp(-abs(a)))


@jit
def positive(a):
    return a + HALF if a >= ZERO else sigmoid(a)


exp, log, sqrt, cos, sin = np.exp, np.log, np.sqrt, np.cos, np.sin


@jit
def multiply(operand, weights, result):
    rows = len(operand)  # operand (rows, ·), result (rows, products, units)
    np.dot(operand.reshape(rows, -1), weights.T, result.reshape(rows, -1))


@jit
def multiply_all(operand, weights, result):
    rows = operand.shape[0] * operand.shape[1]  # of all steps
    np.dot(operand.reshape(rows, -1), weights.T, result.reshape(rows, -1))


@jit
def back(dresult, weights, doperand):
    rows = len(dresult)
    np.dot(dresult.reshape(rows, -1), weights, doperand.reshape(rows, -1))


@jit
def back_all(dresult, weights, doperand):
    rows = dresult.shape[0] * dresult.shape[1]
    np.dot(dresult.reshape(rows, -1), weights, doperand.reshape(rows, -1))


'''
COMPILED = """from numba import njit

# without nnan and ninf: a NaN or an infinity stays visible
OPTIONS = {{"fastmath": {{"contract", "reassoc", "arcp", "nsz", "afn"}}, "error_model": "numpy"}}
jit = njit(**OPTIONS)
kernel = njit(cache={cache}, **OPTIONS)"""
PLAIN = '''def kernel(function):
    return function  # not compiled


jit = kernel'''

TANH = {
    "float64": '''@jit
def tanh(a):
    return np.tanh(a)''',
    # a ratio of two polynomials, error about 1e-7: it has no branch, so the loops vectorise
    "float32": '''@jit
def tanh(a):
    a = REAL(7.905311) if a > REAL(7.905311) else a  # a NaN passes both
    a = REAL(-7.905311) if a < REAL(-7.905311) else a
    z = a * a
    p = REAL(-2.76076847742355e-16) * z + REAL(2.00018790482477e-13)
    p = p * z + REAL(-8.60467152213735e-11)
    p = p * z + REAL(5.12229709037114e-08)
    p = p * z + REAL(1.48572235717979e-05)
    p = p * z + REAL(6.37261928875436e-04)
    p = p * z + REAL(4.89352455891786e-03)
    q = REAL(1.19825839466702e-06) * z + REAL(1.18534705686654e-04)
    q = q * z + REAL(2.26843463243900e-03)
    q = q * z + REAL(4.89352518554385e-03)
    return a * p / q''',
}


class NumbaPrinter(LoopPrinter):
    style = STYLE

    def open_function(self, name, arguments):
        self.write("@kernel")
        self.write(f"def {name}(")
        for k in range(0, len(arguments), 5):
            self.write(", ".join(arguments[k : k + 5]) + ",", deeper=1)
        self.write("):")
        self.depth += 1
        array = self.signatures[name][0]
        sizes = {3: "steps, rows, units", 1: "(units,)"}[len(array.axes)]
        self.write(f"{sizes} = {array.name}.shape")

    def close_function(self):
        self.depth -= 1
        self.write(), self.write()

    def open_loop(self, name, back=False):
        size = "units" if name == "column" else f"{name}s"
        self.write(f"for {name} in range({f'{size} - 1, -1, -1' if back else size}):")
        self.depth += 1

    def close_loop(self):
        self.depth -= 1

    def declare(self, name, text):
        self.write(f"{name} = {text}")

    def store(self, target, text, adds):
        if adds == "larger":
            self.write(f"{target} = larger({target}, {text})")
        else:
            self.write(f"{target} {'+=' if adds else '='} {text}")

    def element(self, array, index):
        return f"{array.name}[{', '.join(index)}]"

    def multiply(self, product):
        operand, block, weights, result = self.names_of(product)
        step = "step + 1" if block else "step"
        self.write(f"multiply({operand.name}[{step}], {weights}, {result})")

    def multiply_all(self, product):
        operand, block, weights, result = self.names_of(product)
        self.write(f"multiply_all({operand.name}{'[1:]' * block}, {weights}, {result})")

    def back(self, product):
        dresult, weights, result = self.names_back(product)
        self.write(f"back({dresult}[step], {weights}, {result})")

    def back_all(self, product):
        self.write(f"back_all({', '.join(self.names_back(product))})")

    def fill(self, target, source):
        self.write(f"{target}[:] = {source or 'ZERO'}")


def source(key, dtype="float64", *, compiled=True, cache=True):
    """The text of a Python module with the functions of a cell.

    dtype: float32 or float64.  compiled False leaves the decorator without effect.
    """
    decorator = COMPILED.format(cache=cache) if compiled else PLAIN
    title = get_spec(key).title
    head = HEAD.format(title=title, decorator=decorator, dtype=dtype, tanh=TANH[dtype])
    return (head + NumbaPrinter(key).print()).rstrip() + "\n"
