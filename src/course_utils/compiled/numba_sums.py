"""Numba source: what weights, biases and inputs receive from the gradient of a product.

Weights that the cache holds add up step by step, in registers; larger ones for all steps of a
stretch at once, by BLAS.
"""

SUMS = '''@jit
def gather(dproduct, columns, steps, n, rows):
    given = carray(dproduct, (steps, n, rows))  # to n columns of all steps, one after the other
    out = carray(columns, (n, steps, rows))
    for j in range(n):
        for step in range(steps):
            for row in range(rows):
                out[j, step, row] = given[step, j, row]
    return carray(columns, (n, steps * rows))


@apart
def add_weights(
    dproduct: Reals, operand: Reals, below: Reals, dweights: Reals, columns: Reals, part: Reals,
    steps: Size, n: Size, k: Size, rows: Size, known: Size, adds: Size,
):
    """dweights (n, k) = dproduct (steps, n, rows) @ operand (steps, k, rows).T, over all steps.

    below, room for the operand's transpose, (steps, rows, k), or known: that.  adds: whether to
    what stands there.
    """
    if rows % LANES == 0 and (k < LANES or n * k < FULL):
        add_products(dproduct, operand, dweights, steps, n, k, rows, adds)
        return
    if not known:
        turn_steps(operand, below, steps, k, rows)
    if rows >= 4 and n * k <= LARGE:
        for step in range(steps):
            given, turned = at(dproduct, step * n * rows), at(below, step * k * rows)
            tiles(given, turned, dweights, n, rows, k, adds + step)
        return
    under, total = carray(below, (steps * rows, k)), carray(dweights, (n, k))
    out = carray(part, (n, k)) if adds else total
    if rows == 1:
        np.dot(carray(dproduct, (steps, n)).T, under, out)
    else:
        np.dot(gather(dproduct, columns, steps, n, rows), under, out)
    if adds:
        for j in range(n):
            for m in range(k):
                total[j, m] += out[j, m]


@apart
def send_back(
    dproduct: Reals, weights: Reals, turned: Reals, columns: Reals, room: Reals, out: Reals,
    steps: Size, n: Size, k: Size, rows: Size,
):
    """out (steps, rows, k), the input's gradient; turned (k, n), the weights' transpose."""
    matrix, below = carray(weights, (n, k)), carray(out, (steps * rows, k))
    if rows == 1:
        np.dot(carray(dproduct, (steps, n)), matrix, below)
    elif rows < 4 or n * k > LARGE:
        np.dot(gather(dproduct, columns, steps, n, rows).T, matrix, below)
    else:
        given, back = carray(dproduct, (steps, n, rows)), carray(out, (steps, rows, k))
        for step in range(steps):
            multiply(turned, at(given, step), room, k, n, rows)
            turn(room, at(back, step), k, rows)


@apart
def add_biases(
    dproduct: Reals, sums: Reals, dvector: Reals, steps: Size, n: Size, units: Size, rows: Size
):
    """dvector (units) += the first units of dproduct (steps, n, rows), over steps and rows."""
    places = units * rows
    for place in range(places):
        sums[place] = ZERO
    for step in range(steps):
        for place in range(places):
            sums[place] += dproduct[step * n * rows + place]
    for unit in range(units):
        for row in range(rows):
            dvector[unit] += sums[unit * rows + row]'''
