"""Which operation does descent on answers alone end at, by the number of tables that it sees?

One selection step over tables of one column; the asked operation is count or sum.  Gradient descent
on the nine logits from zero, on the mean of (answer - asked)² / 2 over the tables: of the soft
answer ("soft": the exact gradient is (soft - asked) p_k (r_k - soft)), or of each operation's own,
weighted ("expected": what REINFORCE estimates).  The step size is relative to the curvature.
A study of our own.  Two CPU minutes.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.numpy_nn.programmer import OPERATIONS, execute


@dataclass(frozen=True)
class Config:
    """Tables at a time, rows, largest number; draws of the tables; rate times curvature."""

    tables: tuple = (1, 2, 3, 4, 8, 32)
    rows: int = 6
    largest: int = 10
    draws: int = 200
    rate: float = 2.0
    updates: int = 20000
    seeds: tuple = (0,)


QUICK = Config(tables=(1,), draws=10, updates=2000)


def run(config, progress=iter):
    """By loss, values and asked operation, for each number of tables: how often it is right."""
    found = {"of": config.draws, "tables": list(config.tables)}
    for gradient in (soft, expected):
        found[gradient.__name__] = {}
        for values, lowest in (("positive", 1), ("signed", -config.largest)):
            found[gradient.__name__][values] = {}
            for asked in ("count", "sum"):
                rows = [
                    descended(config, gradient, lowest, asked, n, config.seeds[0])
                    for n in progress(config.tables)
                ]
                table = {key: [row[key] for row in rows] for key in rows[0]}
                found[gradient.__name__][values][asked] = table
    return found


def descended(config, gradient, lowest, asked, tables, seed):
    """Descend for every draw at once: logits (draws, 9)."""
    rng = np.random.default_rng((seed, tables))
    shape = (config.draws, tables, config.rows)
    results = answers(rng.integers(lowest, config.largest + 1, shape).astype(float))
    target = results[..., OPERATIONS.index(asked)]
    right = OPERATIONS.index(asked)
    # no curvature is above the mean over tables of max r², for p_k (r_k - soft) is below |r|
    rate = config.rate / (results**2).max(axis=-1).mean(axis=-1, keepdims=True)
    logits = np.zeros((config.draws, len(OPERATIONS)))
    first = gradient(logits, results, target).argmin(axis=-1)
    until = np.zeros(config.draws, int)
    for update in range(config.updates):
        logits -= rate * gradient(logits, results, target)
        until[logits.argmax(axis=-1) != right] = update + 1
    p = softmax(logits)
    answer = np.einsum("dk,dnk->dn", p, results)
    return {
        "first": int((first != right).sum()),  # the first gradient favours another operation
        "led": int((until > 0).sum()),  # another led at some time
        "until": float(np.median(until)),  # after how many updates the right one leads for good
        "right": int((p.argmax(axis=-1) == right).sum()),
        "off": float(np.median(np.abs(answer - target).mean(axis=-1))),
        "weight": float(np.median(p[:, right])),
    }


def answers(table):
    """table (D, n, R) -> what each operation answers at the first step, (D, n, 9)."""
    D, n, R = table.shape
    K = len(OPERATIONS)
    ops = np.broadcast_to(np.eye(K)[:, None], (K, D * n, K))
    flat = table.reshape(D * n, R, 1)
    col, which = np.ones((1, D * n, 1)), np.ones((D * n, 2, 1))
    scalars = [execute(flat, np.zeros((D * n, 1)), op[None], col, which)[0].scalar for op in ops]
    return np.stack(scalars, axis=-1).reshape(D, n, K)


def soft(logits, results, target):
    """The gradient of the blend's loss: logits (D, 9), results (D, n, 9), target (D, n)."""
    p = softmax(logits)
    answer = np.einsum("dk,dnk->dn", p, results)
    pull = np.einsum("dn,dnk->dk", answer - target, results - answer[..., None])
    return p * pull / results.shape[1]


def expected(logits, results, target):
    """The gradient of the mean of the operations' own losses, the same shapes."""
    p = softmax(logits)
    losses = ((results - target[..., None]) ** 2 / 2).mean(axis=1)  # (D, 9)
    return p * (losses - (p * losses).sum(axis=-1, keepdims=True))


def softmax(logits):
    """(D, 9) -> weights."""
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
