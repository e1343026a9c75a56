"""A product by BLAS, on pointers: what ``np.dot`` calls in the end, and nothing else.

Numba's ``np.dot`` takes arrays: for three layouts of them it took as long to compile as a sixth of
all that cells stand on, because it compares shapes that are known to fit.  Here the same functions
of Numba around BLAS are called as it calls them: a dot product, a matrix with a vector, or two
matrices.  They are known by names, not by addresses, so that machine code can be kept on disk.
"""

import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable
from numba.np.linalg import ensure_blas

try:
    from numba._helperlib import c_helpers
except ImportError:
    c_helpers = ()

KNOWN = {"xxdot", "xxgemv", "xxgemm"} <= set(c_helpers)
LARGEST = 2**31 - 1
CHAR, STATUS = ir.IntType(8), ir.IntType(32)


@intrinsic
def by_name(typing, a, b, out, n, k, m, turned_a, turned_b):
    """out (n, m) = a (n, k) @ b (k, m), pointers to numbers in C order.

    turned_a: a lies as (k, n); turned_b: b lies as (m, k).  OverflowError for more than 2**31 - 1
    rows or columns.
    """

    def write(context, builder, signature, arguments):
        ensure_blas()
        _, _, target, n, k, m, *_ = arguments
        largest = builder.or_(n, builder.or_(k, m))
        with builder.if_then(_compared(builder, ">", largest, LARGEST), likely=False):
            text = ("array size too large to fit in C int",)
            context.call_conv.return_user_exc(builder, OverflowError, text)
        some = builder.mul(n, builder.mul(k, m))
        with builder.if_else(_compared(builder, "==", some, 0), likely=False) as (empty, product):
            with empty:
                numbers = builder.mul(n, m)
                size = numbers.type(context.get_abi_sizeof(target.type.pointee))
                cgutils.memset(builder, target, builder.mul(numbers, size), 0)
            with product:
                _multiply(context, builder, out.dtype, *arguments)
        return context.get_dummy_value()

    return types.void(a, b, out, *[types.intp] * 5), write


@register_jitable
def by_numpy(a, b, out, n, k, m, turned_a, turned_b):
    """``by_name`` where this version of Numba has no such functions."""
    result = carray(out, (n, m))
    if turned_a and turned_b:
        np.dot(carray(a, (k, n)).T, carray(b, (m, k)).T, result)
    elif turned_a:
        np.dot(carray(a, (k, n)).T, carray(b, (k, m)), result)
    elif turned_b:
        np.dot(carray(a, (n, k)), carray(b, (m, k)).T, result)
    else:
        np.dot(carray(a, (n, k)), carray(b, (k, m)), result)


product = by_name if KNOWN else by_numpy


def _multiply(context, builder, number, a, b, out, n, k, m, turned_a, turned_b):
    """BLAS counts down columns: to it a, b and out are their transposes, so that out is b @ a."""
    turned_a, turned_b = (cgutils.is_not_null(builder, turned) for turned in (turned_a, turned_b))
    kind, turned, plain = (CHAR(ord(c)) for c in ("s" if number == types.float32 else "d", *"tn"))
    one, zero = (
        cgutils.alloca_once_value(builder, context.get_constant(number, factor))
        for factor in (1, 0)
    )

    def call(name, *given):
        _call(context, builder, name, kind, *given)

    def lines(of, first, second):  # the numbers side by side in memory, and how often
        return builder.select(of, first, second), builder.select(of, second, first)

    def times_vector(of, sizes, matrix, vector):
        call("xxgemv", of, *sizes, one, matrix, sizes[0], vector, zero, out)

    lines_a, lines_b = lines(turned_a, n, k), lines(turned_b, k, m)
    of_a, of_b = (builder.select(of, turned, plain) for of in (turned_a, turned_b))
    with builder.if_else(_compared(builder, "==", m, 1)) as (column, columns):
        with column, builder.if_else(_compared(builder, "==", n, 1)) as (single, rows):
            with single:
                call("xxdot", CHAR(0), k, a, b, out)
            with rows:
                times_vector(builder.select(turned_a, plain, turned), lines_a, a, b)
        with columns, builder.if_else(_compared(builder, "==", n, 1)) as (row, rows):
            with row:
                times_vector(of_b, lines_b, b, a)
            with rows:
                call("xxgemm", of_b, of_a, m, n, k, one, b, lines_b[0], a, lines_a[0], zero, out, m)


def _compared(builder, how, size, limit):
    return builder.icmp_signed(how, size, size.type(limit))


def _call(context, builder, name, *given):
    """A call of one of Numba's functions; RuntimeError where it finds no BLAS."""
    anything = CHAR.as_pointer()
    given = [
        builder.bitcast(value, anything) if isinstance(value.type, ir.PointerType) else value
        for value in given
    ]
    kind = ir.FunctionType(STATUS, [value.type for value in given])
    function = cgutils.get_or_insert_function(builder.module, kind, f"numba_{name}")
    failed = cgutils.is_not_null(builder, builder.call(function, given))
    with builder.if_then(failed, likely=False):
        context.call_conv.return_user_exc(builder, RuntimeError, (f"{name}: no BLAS was found",))
