"""The two matrix products of attention, time-major; each is the way back of the other."""


def match(queries, keys):
    """queries (T, B, D), keys (S, B, D) -> (T, B, S): the inner product of every pair in a row."""
    return (queries.swapaxes(0, 1) @ keys.transpose(1, 2, 0)).swapaxes(0, 1)


def blend(weights, values):
    """weights (T, B, S), values (S, B, D) -> (T, B, D): the weighted sum over positions."""
    return (weights.swapaxes(0, 1) @ values.swapaxes(0, 1)).swapaxes(0, 1)


def turned(weights):
    """(T, B, S) -> (S, B, T): seen from the positions."""
    return weights.transpose(2, 1, 0)
