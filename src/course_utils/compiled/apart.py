"""Machine code that other machine code calls: made once, for one signature, and never copied.

Whatever a Numba function calls is linked into it, and LLVM optimises and translates it again with
every caller.  What all cells share, and the loops over units, are therefore called by a symbol, as
functions of C are: the arguments are pointers and sizes, and a caller has one call and no copy.
"""

import llvmlite.binding
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic

from course_utils.compiled.numba_cache import jit
from course_utils.compiled.passes import Short, no_collection

_MADE = {}
"""symbol -> (what calls it, its machine code): as long as the process, callers hold addresses."""


def apart(*, cache=False, **options):
    """A decorator for functions whose arguments are annotated with Numba's types.

    cache: whether the machine code is kept on disk; options: those of ``numba.njit``.  What it
    returns can be called from compiled code alone.
    """
    options = {"pipeline_class": Short, "no_cpython_wrapper": True, **options}

    def decorate(function):
        symbol = f"{function.__module__}.{function.__name__}"
        if symbol not in _MADE:
            kinds = tuple(function.__annotations__.values())
            compiled = jit(cache=cache, no_cfunc_wrapper=True, **options)(function)
            with no_collection():
                compiled.compile(kinds)
            result = compiled.overloads[kinds]
            address = result.library.get_pointer_to_function(result.fndesc.llvm_func_name)
            llvmlite.binding.add_symbol(symbol, address)
            _MADE[symbol] = _call(symbol, kinds), result
        return _MADE[symbol][0]

    return decorate


def _call(symbol, kinds):
    """What compiled code calls where the machine code of ``symbol`` is to run."""

    @intrinsic
    def call(typing, *given):
        def write(context, builder, signature, arguments):
            values = _converted(context, builder, arguments[0], given, kinds)
            convention = context.call_conv
            function = cgutils.get_or_insert_function(
                builder.module, convention.get_function_type(types.none, kinds), symbol
            )
            status, _ = convention.call_function(builder, function, types.none, kinds, values)
            with cgutils.if_unlikely(builder, status.is_error):
                convention.return_status_propagate(builder, status)
            return context.get_dummy_value()

        return types.none(types.StarArgTuple.from_types(given)), write

    return call


@intrinsic
def at(typing, array, *index):
    """A pointer to the first number of array[index], an array in C order or itself a pointer."""
    if not isinstance(array, types.CPointer) and array.layout != "C":
        raise TypingError(f"at: an array in C order is needed, got {array}")

    def write(context, builder, signature, arguments):
        places = _converted(context, builder, arguments[1], index, [types.intp] * len(index))
        if isinstance(array, types.CPointer):
            return builder.gep(arguments[0], places)
        model = context.data_model_manager[array]
        strides = cgutils.unpack_tuple(builder, model.get(builder, arguments[0], "strides"))
        start = model.get(builder, arguments[0], "data")
        for place, stride in zip(places, strides, strict=False):
            start = cgutils.pointer_add(builder, start, builder.mul(place, stride))
        return start

    # a flag is a byte; Numba reads no flag by a pointer
    number = types.uint8 if array.dtype == types.boolean else array.dtype
    return types.CPointer(number)(array, types.StarArgTuple.from_types(index)), write


def _converted(context, builder, values, kinds, wanted):
    """The values of a tuple, each as another type."""
    values = cgutils.unpack_tuple(builder, values)
    return [context.cast(builder, *of) for of in zip(values, kinds, wanted, strict=True)]
