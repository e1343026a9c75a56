"""Matrix products in registers: blocks of 4 rows and 16 columns, without a call of BLAS.

``np.dot`` on matrices of 8 units spends nine tenths of its time before it multiplies.  Numba leaves
it to LLVM which loops become vector instructions; here vectors are written down.  Nothing checks an
index.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def tile(height, width):
    """Code that computes result[j : j + height, column : column + width] of weights @ operand.

    weights (n, k), operand (k, columns), result (n, columns), pointers to numbers in C order; to
    the result it adds if ``adds``.
    """

    @intrinsic
    def block(typing, weights, operand, result, k, columns, j, column, adds):
        def write(context, builder, signature, arguments):
            weight, below, out, k, columns, j, column, adds = arguments
            number = context.get_data_type(weights.dtype)
            many = ir.VectorType(number, width)
            size = context.get_abi_sizeof(number)

            def vector(pointer, row):
                place = builder.add(builder.mul(row, columns), column)
                return builder.bitcast(builder.gep(pointer, [place]), many.as_pointer())

            rows = [builder.add(j, ir.Constant(j.type, r)) for r in range(height)]
            totals = [cgutils.alloca_once(builder, many) for _ in rows]
            for total in totals:
                builder.store(ir.Constant(many, None), total)
            with builder.if_then(cgutils.is_not_null(builder, adds)):
                for row, total in zip(rows, totals, strict=True):
                    builder.store(builder.load(vector(out, row), align=size), total)
            with cgutils.for_range(builder, k) as loop:
                below_m = builder.load(vector(below, loop.index), align=size)
                for row, total in zip(rows, totals, strict=True):
                    place = builder.add(builder.mul(row, k), loop.index)
                    one = builder.load(builder.gep(weight, [place]))
                    spread = builder.insert_element(
                        ir.Constant(many, ir.Undefined), one, ir.Constant(ir.IntType(32), 0)
                    )
                    lanes = ir.Constant(ir.VectorType(ir.IntType(32), width), None)
                    spread = builder.shuffle_vector(spread, spread, lanes)
                    term = builder.fmul(spread, below_m, flags=("contract",))
                    builder.store(
                        builder.fadd(builder.load(total), term, flags=("contract",)), total
                    )
            for row, total in zip(rows, totals, strict=True):
                builder.store(builder.load(total), vector(out, row), align=size)
            return context.get_dummy_value()

        return types.void(weights, operand, result, *[types.intp] * 5), write

    return block
