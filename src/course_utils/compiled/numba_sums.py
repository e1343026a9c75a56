"""Numba source: what weights, biases and inputs receive from the gradient of a product.

Weights that the cache holds add up step by step, in registers; larger ones for all steps of a
stretch at once, by BLAS.
"""

SUMS = '''@apart
def gather(dproduct: Reals, columns: Reals, steps: Size, n: Size, rows: Size):
    """dproduct (steps, n, rows) to n columns (n, steps, rows), one after the other."""
    for j in range(n):
        for step in range(steps):
            for row in range(rows):
                columns[(j * steps + step) * rows + row] = dproduct[(step * n + j) * rows + row]


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
    out = part if adds else dweights
    if rows == 1:
        dot(dproduct, below, out, n, steps, k, 1, 0)
    else:
        gather(dproduct, columns, steps, n, rows)
        dot(columns, below, out, n, steps * rows, k, 0, 0)
    if adds:
        for place in range(n * k):
            dweights[place] += part[place]


@apart
def send_back(
    dproduct: Reals, weights: Reals, turned: Reals, columns: Reals, room: Reals, out: Reals,
    steps: Size, n: Size, k: Size, rows: Size,
):
    """out (steps, rows, k), the input's gradient; turned (k, n), the weights' transpose."""
    if rows == 1:
        dot(dproduct, weights, out, steps, n, k, 0, 0)
    elif rows < 4 or n * k > LARGE:
        gather(dproduct, columns, steps, n, rows)
        dot(columns, weights, out, steps * rows, n, k, 1, 0)
    else:
        for step in range(steps):
            multiply(turned, at(dproduct, step * n * rows), room, k, n, rows)
            turn(room, at(out, step * rows * k), k, rows)


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
