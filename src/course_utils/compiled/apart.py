"""Machine code that other machine code calls: made once, for one signature, and never copied.

Whatever a Numba function calls is linked into it, and LLVM optimises and translates it again with
every caller.  What all cells share is therefore called by a symbol, as a function of C would be:
the arguments are pointers and sizes, and a caller has one instruction instead of a copy.
"""

import llvmlite.binding
from numba import cfunc, types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic


def apart(**options):
    """A decorator for functions whose arguments are annotated with Numba's types.

    options: those of ``numba.cfunc``.  What it returns can be called from compiled code alone.
    """

    def decorate(function):
        signature = types.void(*function.__annotations__.values())
        made = cfunc(signature, **options)(function)
        called = types.ExternalFunction(f"{function.__module__}.{function.__name__}", signature)
        llvmlite.binding.add_symbol(called.symbol, made.address)
        called.made = made  # lives as long
        return called

    return decorate


@intrinsic
def at(typing, array, *index):
    """A pointer to the first number of array[index], an array in C order or itself a pointer."""
    if not isinstance(array, types.CPointer) and array.layout != "C":
        raise TypingError(f"at: an array in C order is needed, got {array}")

    def write(context, builder, signature, arguments):
        places = [
            context.cast(builder, place, kind, types.intp)
            for place, kind in zip(cgutils.unpack_tuple(builder, arguments[1]), index, strict=True)
        ]
        if isinstance(array, types.CPointer):
            return builder.gep(arguments[0], places)
        source = context.make_array(array)(context, builder, value=arguments[0])
        shape, strides = (cgutils.unpack_tuple(builder, a) for a in (source.shape, source.strides))
        zeros = [context.get_constant(types.intp, 0)] * (array.ndim - len(index))
        return cgutils.get_item_pointer2(
            context, builder, source.data, shape, strides, "C", [*places, *zeros]
        )

    # a flag is a byte; Numba reads no flag by a pointer
    number = types.uint8 if array.dtype == types.boolean else array.dtype
    return types.CPointer(number)(array, types.StarArgTuple.from_types(index)), write
