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
def _parts(row, WIDE: tl.constexpr, COMPLEX: tl.constexpr):
    """A row as it lies in memory -> its real and its imaginary part; twice the same if real."""
    row = row.to(tl.float64 if WIDE else tl.float32)
    if COMPLEX:
        real, imaginary = tl.split(tl.reshape(row, (row.shape[0] // 2, 2)))
    else:
        real, imaginary = row, row
    return real, imaginary


@triton.jit
def _row(real, imaginary, COMPLEX: tl.constexpr):
    """The opposite of ``_parts``."""
    if COMPLEX:
        row = tl.reshape(tl.join(real, imaginary), (2 * real.shape[0],))
    else:
        row = real
    return row


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
    pointer, i, begin, end, steps, stride, width, columns,
    FLIPPED: tl.constexpr, STEPS: tl.constexpr,
):  # fmt: skip
    """Rows i, i + 1, … of the next STEPS steps, zeros where not begin ≤ i < end; none waits."""
    at, along = _row_at(pointer, i, steps, stride, columns, FLIPPED)
    rows = ()
    for u in tl.static_range(STEPS):
        there = tl.where((i + u >= begin) & (i + u < end), width, 0)
        rows = rows + (tl.load(at, mask=columns < there, other=0),)
        at += along
    return rows


@triton.jit
def _state(start, row, width, columns, WIDE: tl.constexpr, BLOCK: tl.constexpr):
    """What a walk begins with: a row of start, zeros where there is none."""
    if start is None:
        state = tl.zeros((BLOCK,), tl.float64 if WIDE else tl.float32)
    else:
        state = tl.load(start + row + columns, mask=columns < width, other=0)
    return state


@triton.jit
def _step(a_re, a_im, h_re, h_im, b_re, b_im, CONJUGATE: tl.constexpr, COMPLEX: tl.constexpr):
    """a h + b, or a* h + b."""
    if COMPLEX:
        if CONJUGATE:
            a_im = -a_im
        real = a_re * h_re - a_im * h_im + b_re
        imaginary = a_re * h_im + a_im * h_re + b_im
    else:
        real = a_re * h_re + b_re
        imaginary = real
    return real, imaginary


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
    shift: tl.constexpr = 1 if BACK else 0
    h = _state(start, 0, tl.where(chunk == 0, width, 0), columns, WIDE, BLOCK)
    h_re, h_im = _parts(h, WIDE, COMPLEX)
    zero = tl.zeros_like(h_re)
    p_re, p_im = zero + 1, zero
    a_next = _rows(
        a, begin - shift, FIRST, end, steps, a_stride, width, columns, FLIPPED, STEPS
    )
    b_next = _rows(b, begin, 0, end, steps, width, width, columns, FLIPPED, STEPS)
    for k in range(tl.cdiv(end - begin, STEPS)):
        i = begin + k * STEPS
        a_rows, b_rows = a_next, b_next
        ahead = i + STEPS
        a_next = _rows(
            a, ahead - shift, FIRST, end, steps, a_stride, width, columns, FLIPPED, STEPS
        )
        b_next = _rows(b, ahead, 0, end, steps, width, width, columns, FLIPPED, STEPS)
        for u in tl.static_range(STEPS):
            a_re, a_im = _parts(a_rows[u], WIDE, COMPLEX)
            b_re, b_im = _parts(b_rows[u], WIDE, COMPLEX)
            h_re, h_im = _step(a_re, a_im, h_re, h_im, b_re, b_im, BACK, COMPLEX)
            p_re, p_im = _step(a_re, a_im, p_re, p_im, zero, zero, BACK, COMPLEX)
    row = chunk.to(tl.int64) * width + columns
    tl.store(product + row, _row(p_re, p_im, COMPLEX), mask=columns < width)
    tl.store(last + row, _row(h_re, h_im, COMPLEX), mask=columns < width)


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
    state = _state(start, chunk.to(tl.int64) * width, width, columns, WIDE, BLOCK)
    h_re, h_im = _parts(state, WIDE, COMPLEX)
    a_next = _rows(a, begin, FIRST, end, steps, a_stride, width, columns, FLIPPED, STEPS)
    b_next = _rows(b, begin, 0, end, steps, width, width, columns, FLIPPED, STEPS)
    for k in range(tl.cdiv(end - begin, STEPS)):
        i = begin + k * STEPS
        a_rows, b_rows = a_next, b_next
        ahead = i + STEPS
        a_next = _rows(a, ahead, FIRST, end, steps, a_stride, width, columns, FLIPPED, STEPS)
        b_next = _rows(b, ahead, 0, end, steps, width, width, columns, FLIPPED, STEPS)
        h_at, along = _row_at(h, i, steps, width, columns, FLIPPED)
        for u in tl.static_range(STEPS):
            a_re, a_im = _parts(a_rows[u], WIDE, COMPLEX)
            b_re, b_im = _parts(b_rows[u], WIDE, COMPLEX)
            h_re, h_im = _step(a_re, a_im, h_re, h_im, b_re, b_im, False, COMPLEX)
            row = _row(h_re, h_im, COMPLEX).to(h.dtype.element_ty)
            tl.store(h_at, row, mask=columns < tl.where(i + u < end, width, 0))
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
    state = _state(start, chunk.to(tl.int64) * width, width, columns, WIDE, BLOCK)
    db_re, db_im = _parts(state, WIDE, COMPLEX)
    zero = tl.zeros_like(db_re)
    if h0 is not None:
        h_0 = tl.load(h0 + columns, mask=columns < width, other=0)
    a_next = _rows(a, begin - 1, FIRST, end, steps, a_stride, width, columns, FLIPPED, STEPS)
    d_next = _rows(dh, begin, 0, end, steps, width, width, columns, FLIPPED, STEPS)
    h_next = _rows(h, begin + 1, 0, steps, steps, width, width, columns, FLIPPED, STEPS)
    for k in range(tl.cdiv(end - begin, STEPS)):
        i = begin + k * STEPS
        a_rows, d_rows, h_rows = a_next, d_next, h_next
        ahead = i + STEPS
        a_next = _rows(a, ahead - 1, FIRST, end, steps, a_stride, width, columns, FLIPPED, STEPS)
        d_next = _rows(dh, ahead, 0, end, steps, width, width, columns, FLIPPED, STEPS)
        h_next = _rows(h, ahead + 1, 0, steps, steps, width, width, columns, FLIPPED, STEPS)
        da_at, along = _row_at(da, i, steps, width, columns, FLIPPED)
        db_at, along = _row_at(db, i, steps, width, columns, FLIPPED)
        for u in tl.static_range(STEPS):
            there = columns < tl.where(i + u < end, width, 0)
            # db_t = dh_t + a*_{t+1} db_{t+1}
            a_re, a_im = _parts(a_rows[u], WIDE, COMPLEX)
            d_re, d_im = _parts(d_rows[u], WIDE, COMPLEX)
            db_re, db_im = _step(a_re, a_im, db_re, db_im, d_re, d_im, True, COMPLEX)
            tl.store(db_at, _row(db_re, db_im, COMPLEX).to(db.dtype.element_ty), mask=there)
            # da_t = h*_{t-1} db_t
            before = h_rows[u]
            if h0 is not None:
                before = tl.where(i + u == steps - 1, h_0, before)
            h_re, h_im = _parts(before, WIDE, COMPLEX)
            da_re, da_im = _step(h_re, h_im, db_re, db_im, zero, zero, True, COMPLEX)
            tl.store(da_at, _row(da_re, da_im, COMPLEX).to(da.dtype.element_ty), mask=there)
            da_at += along
            db_at += along
