"""Matrix products in registers: blocks of 4 rows and 16 columns, without a call of BLAS.

``np.dot`` on matrices of 8 units spends nine tenths of its time before it multiplies.  Numba leaves
it to LLVM which loops become vector instructions; here vectors are written down.  Nothing checks an
index.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def tiles(heights):
    """Code that computes result = weights @ operand: strips of columns, each from blocks of rows.

    heights: {columns of a strip: rows of a block}, widest first, each width a power of two and the
    last 1.  weights (n, k), operand (k, columns), result (n, columns), pointers to numbers in C
    order; to the result it adds if ``adds``.
    """

    @intrinsic
    def product(typing, weights, operand, result, n, k, columns, adds):
        def write(context, builder, signature, arguments):
            _, _, _, n, _, columns, _ = arguments
            intp, begin = n.type, n.type(0)
            number = context.get_data_type(weights.dtype)
            block = _Block(builder, number, context.get_abi_sizeof(number), arguments)
            for width, height in heights.items():
                end = builder.and_(columns, intp(-width))
                rows = builder.and_(n, intp(-height))
                with _range(builder, begin, end, width) as (column, _):
                    with _range(builder, intp(0), rows, height) as (j, _):
                        block.write(height, width, j, column)
                    with _range(builder, rows, n, 1) as (j, _):
                        block.write(1, width, j, column)
                begin = end
            return context.get_dummy_value()

        return types.void(weights, operand, result, *[types.intp] * 4), write

    return product


def _range(builder, start, stop, step):
    return cgutils.for_range_slice(builder, start, stop, start.type(step), start.type)


class _Block:
    """Writes the code for result[j : j + height, column : column + width]."""

    def __init__(self, builder, number, size, arguments):
        self.builder, self.number, self.size = builder, number, size
        self.weights, self.operand, self.result, _, self.k, self.columns, self.adds = arguments

    def write(self, height, width, j, column):
        builder, many = self.builder, ir.VectorType(self.number, width)

        def vector(pointer, row):
            place = builder.add(builder.mul(row, self.columns), column)
            return builder.bitcast(builder.gep(pointer, [place]), many.as_pointer())

        rows = [builder.add(j, j.type(r)) for r in range(height)]
        totals = [cgutils.alloca_once(builder, many) for _ in rows]
        for total in totals:
            builder.store(ir.Constant(many, None), total)
        with builder.if_then(cgutils.is_not_null(builder, self.adds)):
            for row, total in zip(rows, totals, strict=True):
                now = builder.load(vector(self.result, row), align=self.size)
                builder.store(now, total)
        with cgutils.for_range(builder, self.k) as loop:
            below = builder.load(vector(self.operand, loop.index), align=self.size)
            for row, total in zip(rows, totals, strict=True):
                place = builder.add(builder.mul(row, self.k), loop.index)
                one = builder.load(builder.gep(self.weights, [place]))
                term = builder.fmul(self._spread(one, many), below, flags=("contract",))
                builder.store(builder.fadd(builder.load(total), term, flags=("contract",)), total)
        for row, total in zip(rows, totals, strict=True):
            builder.store(builder.load(total), vector(self.result, row), align=self.size)

    def _spread(self, one, many):
        """A number in all lanes."""
        builder, place = self.builder, ir.IntType(32)
        lanes = builder.insert_element(ir.Constant(many, ir.Undefined), one, place(0))
        first = ir.Constant(ir.VectorType(place, many.count), None)
        return builder.shuffle_vector(lanes, lanes, first)
