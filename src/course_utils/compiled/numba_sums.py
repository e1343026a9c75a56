"""Numba source: what weights, biases and inputs receive from the gradient of a product.

Weights that the cache holds add up step by step, in registers; larger ones for all steps of a
stretch at once, by BLAS.
"""

SUMS = '''@apart
def gather(dproduct: Reals, columns: Reals, steps: Size, n: Size, rows: Size):
    """dproduct (steps, n, rows) to n columns (n, steps, rows), one after the other."""
    given, out = carray(dproduct, (steps, n, rows)), carray(columns, (n, steps, rows))
    for j in range(n):
        for step in range(steps):
            for row in range(rows):
                out[j, step, row] = given[step, j, row]


@apart
def add_weights_of_rows(
    dproduct: Reals, operand: Reals, dweights: Reals, columns: Reals, part: Reals,
    steps: Size, n: Size, k: Size, rows: Size,
):
    """dweights (n, k) += dproduct (steps, n, rows) @ operand (steps, rows, k), over all steps."""
    if rows >= 4 and n * k <= LARGE:
        given, below = carray(dproduct, (steps, n, rows)), carray(operand, (steps, rows, k))
        for step in range(steps):
            tiles(at(given, step), at(below, step), dweights, n, rows, k, 1)
        return
    if rows == 1:
        turned_dot(dproduct, operand, part, n, steps, k)
    else:
        gather(dproduct, columns, steps, n, rows)
        dot(columns, operand, part, n, steps * rows, k)
    for place in range(n * k):
        dweights[place] += part[place]


@apart
def add_weights(
    dproduct: Reals, operand: Reals, dweights: Reals, columns: Reals, room: Reals, part: Reals,
    steps: Size, n: Size, k: Size, rows: Size,
):
    """``add_weights_of_rows`` of an operand (steps, k, rows)."""
    given, turned = carray(operand, (steps, k, rows)), carray(room, (steps, rows, k))
    for step in range(steps):
        turn(at(given, step), at(turned, step), k, rows)
    add_weights_of_rows(dproduct, room, dweights, columns, part, steps, n, k, rows)


@apart
def send_back(
    dproduct: Reals, weights: Reals, turned: Reals, columns: Reals, room: Reals, out: Reals,
    steps: Size, n: Size, k: Size, rows: Size,
):
    """out (steps, rows, k), the input's gradient; turned (k, n), the weights' transpose."""
    if rows == 1:
        dot(dproduct, weights, out, steps, n, k)
    elif rows < 4 or n * k > LARGE:
        gather(dproduct, columns, steps, n, rows)
        turned_dot(columns, weights, out, steps * rows, n, k)
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
