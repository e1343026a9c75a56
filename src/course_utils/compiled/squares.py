"""Transposes, and sums over columns, in registers: what ``tiles`` is for products.

A matrix of 8 x 8 numbers in float32, one row a register, is transposed by swapping smaller and
smaller squares of it: 3 rounds of 8 instructions, where a loop moves 64 numbers one by one.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def square(width):
    """Code that writes the transpose of matrix[j : j + width, m : m + width] to out[m :, j :].

    matrix (n, k) and out (k, n), pointers to numbers in C order; width, a power of two.
    """

    @intrinsic
    def block(typing, matrix, out, n, k, j, m):
        def write(context, builder, signature, arguments):
            rows, columns, n, k, j, m = arguments
            number = context.get_data_type(matrix.dtype)
            size = context.get_abi_sizeof(number)
            many = ir.VectorType(number, width)

            def vector(pointer, row, r, length, column):
                row = builder.add(row, ir.Constant(row.type, r))
                place = builder.add(builder.mul(row, length), column)
                return builder.bitcast(builder.gep(pointer, [place]), many.as_pointer())

            lanes = [builder.load(vector(rows, j, r, k, m), align=size) for r in range(width)]
            half = width // 2
            while half:  # lanes[r][c] and lanes[r + half][c - half] change places
                for r in range(width):
                    if r & half:
                        continue
                    upper, lower = lanes[r], lanes[r + half]
                    left = [c if not c & half else width + c - half for c in range(width)]
                    right = [c + half if not c & half else width + c for c in range(width)]
                    lanes[r] = _shuffled(builder, upper, lower, left)
                    lanes[r + half] = _shuffled(builder, upper, lower, right)
                half //= 2
            for c, lane in enumerate(lanes):
                builder.store(lane, vector(columns, m, c, n, j), align=size)
            return context.get_dummy_value()

        return types.void(matrix, out, *[types.intp] * 4), write

    return block


def _shuffled(builder, first, second, lanes):
    """The lanes of two vectors, those of the second counted on."""
    kind = ir.VectorType(ir.IntType(32), len(lanes))
    return builder.shuffle_vector(first, second, ir.Constant(kind, list(lanes)))


def sums(height, across, width):
    """Code for total[j : j + height, m : m + across] = first @ second.T, summed over all steps.

    first (steps, n, columns), second (steps, k, columns) and total (n, k), pointers to numbers in C
    order; columns, a multiple of width.  To the total it adds if ``adds``.
    """

    @intrinsic
    def block(typing, first, second, total, steps, n, k, columns, j, m, adds):
        def write(context, builder, signature, arguments):
            ours, theirs, out, steps, n, k, columns, j, m, adds = arguments
            number = context.get_data_type(first.dtype)
            size, intp = context.get_abi_sizeof(number), steps.type
            many = ir.VectorType(number, width)

            def beside(place, count):
                return [builder.add(place, ir.Constant(intp, r)) for r in range(count)]

            def vector(pointer, step, rows, row, column):
                place = builder.add(builder.mul(step, rows), row)
                place = builder.add(builder.mul(place, columns), column)
                place = builder.bitcast(builder.gep(pointer, [place]), many.as_pointer())
                return builder.load(place, align=size)

            rows, across_rows = beside(j, height), beside(m, across)
            partial = [[cgutils.alloca_once(builder, many) for _ in across_rows] for _ in rows]
            for of in partial:
                for sum_ in of:
                    builder.store(ir.Constant(many, None), sum_)
            with cgutils.for_range(builder, steps) as over_steps:
                stop, width_ = columns, ir.Constant(intp, width)
                zero = ir.Constant(intp, 0)
                with cgutils.for_range_slice(builder, zero, stop, width_, intp) as (column, _):
                    step = over_steps.index
                    right = [vector(theirs, step, k, row, column) for row in across_rows]
                    for row, of in zip(rows, partial, strict=True):
                        left = vector(ours, step, n, row, column)
                        for value, sum_ in zip(right, of, strict=True):
                            term = builder.fmul(left, value, flags=("contract",))
                            sum_now = builder.fadd(builder.load(sum_), term, flags=("contract",))
                            builder.store(sum_now, sum_)
            for row, of in zip(rows, partial, strict=True):
                for column, sum_ in zip(across_rows, of, strict=True):
                    place = builder.gep(out, [builder.add(builder.mul(row, k), column)])
                    there = builder.select(
                        cgutils.is_not_null(builder, adds), builder.load(place),
                        ir.Constant(number, 0),
                    )  # fmt: skip
                    lanes, half = builder.load(sum_), width // 2
                    while half:  # the lower half of the lanes and the upper half
                        parts = [range(half), range(half, 2 * half)]
                        lanes = builder.fadd(*(_shuffled(builder, lanes, lanes, p) for p in parts))
                        half //= 2
                    lane = builder.extract_element(lanes, ir.Constant(ir.IntType(32), 0))
                    builder.store(builder.fadd(there, lane), place)
            return context.get_dummy_value()

        return types.void(first, second, total, *[types.intp] * 7), write

    return block
