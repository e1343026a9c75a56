"""A teaching stand-in for Triton: kernels run in NumPy, checked and counted, without a GPU.

A kernel and its launch::

    import course_utils.kernels as triton            # where Triton is: import triton
    import course_utils.kernels.language as tl       # and: import triton.language as tl

    @triton.jit
    def double(x_ptr, y_ptr, n, BLOCK: tl.constexpr):
        index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + index, mask=index < n, other=0)
        tl.store(y_ptr + index, 2 * x, mask=index < n)

    double[(triton.cdiv(len(x), 64),)](x, y, len(x), BLOCK=64)

The text of a kernel is Triton's, and the same text runs there (`on_triton`; tests hold the two
equal): arithmetic, types and masks are those of Triton's interpreter, for the part of the language
that `language` lists.  What differs is meant to teach:

- arrays are NumPy's, and an address outside an array is an error that names it;
- a number that one program writes and another one reads or writes in the same launch is an error,
  for programs run in no fixed order;
- what a mask leaves out is NaN where ``other`` is not given (a GPU leaves it undefined);
- loads and stores are counted; `report` shows them.

It is no simulator: it says nothing about time.  And it is no compiler: of the Python that Triton
refuses in a kernel it refuses the commonest (functions inside, comprehensions, enumerate, plain
functions and numbers from outside, what changes its shape or kind from one step of a ``range`` to
the next).  Departure: a float that a loop carries may become wider, so that one text serves arrays
of both widths; Triton wants the arrays' own.
"""

from course_utils.kernels.launch import cdiv, jit, next_power_of_2
from course_utils.kernels.real import on_triton
from course_utils.kernels.report import launched, report

__all__ = ["cdiv", "jit", "launched", "next_power_of_2", "on_triton", "report"]
