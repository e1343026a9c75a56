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
def add_weights_of_rows(
    dproduct: Reals, operand: Reals, dweights: Reals, columns: Reals, part: Reals,
    steps: Size, n: Size, k: Size, rows: Size, adds: Size,
):
    """dweights (n, k) = dproduct (steps, n, rows) @ operand (steps, rows, k), over all steps.

    adds: whether to what stands there.
    """
    if rows >= 4 and n * k <= LARGE:
        given, below = carray(dproduct, (steps, n, rows)), carray(operand, (steps, rows, k))
        for step in range(steps):
            tiles(at(given, step), at(below, step), dweights, n, rows, k, adds + step)
        return
    below, total = carray(operand, (steps * rows, k)), carray(dweights, (n, k))
    out = carray(part, (n, k)) if adds else total
    if rows == 1:
        np.dot(carray(dproduct, (steps, n)).T, below, out)
    else:
        np.dot(gather(dproduct, columns, steps, n, rows), below, out)
    if adds:
        for j in range(n):
            for m in range(k):
                total[j, m] += out[j, m]


@apart
def add_weights(
    dproduct: Reals, operand: Reals, dweights: Reals, columns: Reals, room: Reals, part: Reals,
    steps: Size, n: Size, k: Size, rows: Size, adds: Size,
):
    """``add_weights_of_rows`` of an operand (steps, k, rows)."""
    given, turned = carray(operand, (steps, k, rows)), carray(room, (steps, rows, k))
    for step in range(steps):
        turn(at(given, step), at(turned, step), k, rows)
    add_weights_of_rows(dproduct, room, dweights, columns, part, steps, n, k, rows, adds)


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
