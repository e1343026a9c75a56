"""Numba source: what weights, biases and inputs receive from the gradient of a product.

Weights that the cache holds add up step by step, in registers; larger ones for all steps of a
stretch at once, by BLAS.
"""

SUMS = """@jit
def gather(dproduct, columns, rows):
    steps, n = len(dproduct), dproduct.size // (len(dproduct) * rows)
    given = dproduct.reshape(steps, n, rows)  # to n columns of all steps, one after the other
    out = columns.reshape(columns.size)[: n * steps * rows].reshape(n, steps, rows)
    for j in range(n):
        for step in range(steps):
            for row in range(rows):
                out[j, step, row] = given[step, j, row]
    return out.reshape(n, steps * rows)


@jit
def add_part(dweights, part):
    for j in range(len(part)):
        for m in range(part.shape[1]):
            dweights[j, m] += part[j, m]


@jit
def add_weights_of_rows(dproduct, operand, dweights, columns, part, rows):
    n, k = dweights.shape  # operand (steps, rows, k)
    steps = len(dproduct)
    if rows >= 4 and n * k <= LARGE:
        for step in range(steps):
            tiles(dproduct[step].reshape(n, rows), operand[step], dweights, True)
        return
    below = operand.reshape(steps * rows, k)
    if rows == 1:
        np.dot(dproduct.reshape(steps, n).T, below, part)
    else:
        np.dot(gather(dproduct, columns, rows), below, part)
    add_part(dweights, part)


@jit
def add_weights(dproduct, operand, dweights, columns, room, part, rows):
    n, k = dweights.shape  # operand (steps, k·rows)
    steps = len(dproduct)
    turned = room[: k * steps * rows].reshape(steps, rows, k)
    for step in range(steps):
        turn_back(operand[step].reshape(k * rows), turned[step])
    add_weights_of_rows(dproduct, turned, dweights, columns, part, rows)


@jit
def send_back(dproduct, weights, turned, columns, room, out, rows):
    n, k = weights.shape  # to the input, out (steps, rows, k)
    steps = len(dproduct)
    below = out.reshape(steps * rows, k)
    if rows == 1:
        np.dot(dproduct.reshape(steps, n), weights, below)
    elif rows < 4 or n * k > LARGE:
        np.dot(gather(dproduct, columns, rows).T, weights, below)
    else:
        for step in range(steps):
            multiply(turned, dproduct[step], room[: k * rows], rows)
            turn_back(room[: k * rows], out[step])


@jit
def turn_back(columns, out):
    n, units = out.shape  # from one column a row
    for row in range(n):
        for unit in range(units):
            out[row, unit] = columns[unit * n + row]


@jit
def add_biases(dproduct, block, sums, dvector):
    rows = len(sums) // len(dvector)
    for place in range(len(sums)):
        sums[place] = ZERO
    for step in range(len(dproduct)):
        for place in range(len(sums)):
            sums[place] += dproduct[step, block, place]
    for unit in range(len(dvector)):
        for row in range(rows):
            dvector[unit] += sums[unit * rows + row]"""
