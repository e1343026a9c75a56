"""The kernels of ``scan_kernels``, in Triton: imported only where they are launched.

A program owns a block of channels, neighbours in memory, and walks along time; its state stays in
registers.  Steps are counted along the walk: ``i`` is the time step, or from the last one where the
walk is FLIPPED.  The rows of the next STEPS steps are on their way while those before them are
used: a step waits for no load of its own, and memory always has requests to serve.

Complex numbers are pairs of neighbours; a row is loaded whole and split in registers.
"""

import triton
import triton.language as tl


@triton.jit
def _row_at(pointer, i, steps, stride, columns, FLIPPED: tl.constexpr):
    """Where row i along the walk lies, and how far on the next one."""
    if FLIPPED:
        t, along = steps - 1 - i, -stride
    else:
        t, along = i, stride
    # in 64 bits: T·B·H may pass 2³¹
    return pointer + t.to(tl.int64) * stride + columns, along


@triton.jit
def _rows(
    pointer, i, ends, steps, stride, columns,
    FIRST: tl.constexpr, FLIPPED: tl.constexpr, STEPS: tl.constexpr,
):  # fmt: skip
    """Rows i, i + 1, … of the next STEPS steps, zeros from ends on and before FIRST; none waits."""
    at, along = _row_at(pointer, i, steps, stride, columns, FLIPPED)
    rows = ()
    for u in tl.static_range(STEPS):
        there = i + u < ends
        if u == 0:  # a walk begins with row FIRST, or the one before it
            there = i < tl.where(i < FIRST, i, ends)
        rows = rows + (tl.load(at, mask=there, other=0),)  # noqa: RUF005, Triton has no star
        at += along
    return rows


@triton.jit
def _state(start, row, width, columns, WIDE: tl.constexpr, BLOCK: tl.constexpr):
    """What a walk begins with: a row of start, zeros where there is none."""
    state = tl.zeros((BLOCK,), tl.float64 if WIDE else tl.float32)
    if start is not None:
        state += tl.load(start + row + columns, mask=columns < width, other=0)
    return state


@triton.jit
def _step(a, h, b, CONJUGATE: tl.constexpr, COMPLEX: tl.constexpr, WIDE: tl.constexpr):
    """a h + b, or a* h + b, of three rows, in the precision of the state."""
    precision: tl.constexpr = tl.float64 if WIDE else tl.float32
    a, h, b = a.to(precision), h.to(precision), b.to(precision)
    if COMPLEX:
        half: tl.constexpr = a.shape[0] // 2
        a_re, a_im = tl.split(tl.reshape(a, (half, 2)))
        h_re, h_im = tl.split(tl.reshape(h, (half, 2)))
        if CONJUGATE:
            a_im = -a_im
        product = tl.join(a_re * h_re - a_im * h_im, a_re * h_im + a_im * h_re)
        h = tl.reshape(product, a.shape) + b
    else:
        h = a * h + b
    return h


@triton.jit(do_not_specialize=["steps", "length"])
def totals(
    a, b, start, product, last,
    steps, width, a_stride, length,
    BACK: tl.constexpr, FIRST: tl.constexpr, FLIPPED: tl.constexpr, COMPLEX: tl.constexpr,
    WIDE: tl.constexpr, STEPS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """What a chunk of ``length`` steps, all there, does as a whole: h -> product · h + last.

    a, b (T, width) -> product, last (chunks, width); the first chunk begins in start, its last is a
    state.  FIRST: from which step on a factor is read; BACK: as in ``backward``.
    """
    columns = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    chunk = tl.program_id(1)
    begin, end = chunk * length, (chunk + 1) * length
    ends = tl.where(columns < width, end, 0)
    shift: tl.constexpr = 1 if BACK else 0
    h = _state(start, 0, tl.where(chunk == 0, width, 0), columns, WIDE, BLOCK)
    zero = tl.zeros_like(h)
    p = zero + 1
    if COMPLEX:
        p = tl.where(columns % 2 == 0, p, zero)
    a_next = _rows(a, begin - shift, ends, steps, a_stride, columns, FIRST, FLIPPED, STEPS)
    b_next = _rows(b, begin, ends, steps, width, columns, 0, FLIPPED, STEPS)
    for k in range(tl.cdiv(end - begin, STEPS)):
        i = begin + k * STEPS
        a_rows, b_rows = a_next, b_next
        ahead = i + STEPS
        a_next = _rows(a, ahead - shift, ends, steps, a_stride, columns, FIRST, FLIPPED, STEPS)
        b_next = _rows(b, ahead, ends, steps, width, columns, 0, FLIPPED, STEPS)
        for u in tl.static_range(STEPS):
            h = _step(a_rows[u], h, b_rows[u], BACK, COMPLEX, WIDE)
            p = _step(a_rows[u], p, zero, BACK, COMPLEX, WIDE)
    row = chunk.to(tl.int64) * width + columns
    tl.store(product + row, p, mask=columns < width)
    tl.store(last + row, h, mask=columns < width)


@triton.jit(do_not_specialize=["steps", "length"])
def forward(
    a, b, start, h,
    steps, width, a_stride, length,
    FIRST: tl.constexpr, FLIPPED: tl.constexpr, COMPLEX: tl.constexpr,
    WIDE: tl.constexpr, STEPS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """a, b (T, width) -> h (T, width), each chunk from its row of start, (chunks, width) or None.

    FIRST: from which step on a factor is read: 1 where there is nothing before step 0.
    """
    columns = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    chunk = tl.program_id(1)
    begin, end = chunk * length, tl.minimum((chunk + 1) * length, steps)
    ends = tl.where(columns < width, end, 0)
    state = _state(start, chunk.to(tl.int64) * width, width, columns, WIDE, BLOCK)
    a_next = _rows(a, begin, ends, steps, a_stride, columns, FIRST, FLIPPED, STEPS)
    b_next = _rows(b, begin, ends, steps, width, columns, 0, FLIPPED, STEPS)
    for k in range(tl.cdiv(end - begin, STEPS)):
        i = begin + k * STEPS
        a_rows, b_rows = a_next, b_next
        ahead = i + STEPS
        a_next = _rows(a, ahead, ends, steps, a_stride, columns, FIRST, FLIPPED, STEPS)
        b_next = _rows(b, ahead, ends, steps, width, columns, 0, FLIPPED, STEPS)
        h_at, along = _row_at(h, i, steps, width, columns, FLIPPED)
        for u in tl.static_range(STEPS):
            state = _step(a_rows[u], state, b_rows[u], False, COMPLEX, WIDE)
            tl.store(h_at, state.to(h.dtype.element_ty), mask=i + u < ends)
            h_at += along


@triton.jit(do_not_specialize=["steps", "length"])
def backward(
    a, dh, start, h, h0, da, db,
    steps, width, a_stride, length,
    FIRST: tl.constexpr, FLIPPED: tl.constexpr, COMPLEX: tl.constexpr,
    WIDE: tl.constexpr, STEPS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """a, dh, h (T, width), h0 (1, width) or None -> da, db (T, width), from the last step on.

    Step i of the walk takes the factor of step i - 1, conjugated, and the state of step i + 1.
    """
    columns = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    chunk = tl.program_id(1)
    begin, end = chunk * length, tl.minimum((chunk + 1) * length, steps)
    ends = tl.where(columns < width, end, 0)
    gradient = _state(start, chunk.to(tl.int64) * width, width, columns, WIDE, BLOCK)
    zero = tl.zeros_like(gradient)
    if h0 is not None:
        h_0 = tl.load(h0 + columns, mask=columns < width, other=0)
    a_next = _rows(a, begin - 1, ends, steps, a_stride, columns, FIRST, FLIPPED, STEPS)
    d_next = _rows(dh, begin, ends, steps, width, columns, 0, FLIPPED, STEPS)
    states = tl.where(columns < width, steps, 0)
    h_next = _rows(h, begin + 1, states, steps, width, columns, 0, FLIPPED, STEPS)
    for k in range(tl.cdiv(end - begin, STEPS)):
        i = begin + k * STEPS
        a_rows, d_rows, h_rows = a_next, d_next, h_next
        ahead = i + STEPS
        a_next = _rows(a, ahead - 1, ends, steps, a_stride, columns, FIRST, FLIPPED, STEPS)
        d_next = _rows(dh, ahead, ends, steps, width, columns, 0, FLIPPED, STEPS)
        h_next = _rows(h, ahead + 1, states, steps, width, columns, 0, FLIPPED, STEPS)
        da_at, along = _row_at(da, i, steps, width, columns, FLIPPED)
        db_at, along = _row_at(db, i, steps, width, columns, FLIPPED)
        for u in tl.static_range(STEPS):
            # db_t = dh_t + a*_{t+1} db_{t+1}
            gradient = _step(a_rows[u], gradient, d_rows[u], True, COMPLEX, WIDE)
            tl.store(db_at, gradient.to(db.dtype.element_ty), mask=i + u < ends)
            # da_t = h*_{t-1} db_t
            before = h_rows[u]
            if h0 is not None:
                before = tl.where(i + u == steps - 1, h_0, before)
            product = _step(before, gradient, zero, True, COMPLEX, WIDE)
            tl.store(da_at, product.to(da.dtype.element_ty), mask=i + u < ends)
            da_at += along
            db_at += along
