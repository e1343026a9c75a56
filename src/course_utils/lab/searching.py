"""Random search with the nets side by side, many cells on the same draws.

A block is ``draws`` points of learning rate and forget bias for one hidden size, with two nets each
that differ in their first weights alone.  Every cell gets the same blocks.
"""

from functools import partial

import numpy as np

from course_utils.lab.numpy_models import init_model, layer_of
from course_utils.lab.searched_tasks import TASKS
from course_utils.lab.seeds import over_seeds
from course_utils.numpy_nn import many, optim

NETS = 2  # a draw


def draw(config, block):
    """Learning rates and biases (draws,) of one block, and its hidden size.

    A Latin square: of as many equal parts of either range each holds one draw.  The sizes take
    turns.  McKay, Beckman & Conover 1979.
    """
    rng, n = np.random.default_rng((11, block)), config.draws
    rate, bias = ((rng.permutation(n) + rng.random(n)) / n for _ in range(2))
    low, high = np.log(config.rates)
    least, most = config.biases
    size = config.sizes[block % len(config.sizes)]
    return {
        "rate": np.exp(low + (high - low) * rate),
        "bias": least + (most - least) * bias,
        "size": np.full(n, size),
    }


def search(config, progress=iter):
    """The draws and, by name, the rows of all nets: {"rate", "bias", "size"} each (D,), and
    {name: (D, NETS, 3)} as from `run_block`; D draws, block after block."""
    drawn = [draw(config, block) for block in config.seeds]
    rows = {
        name: np.concatenate(over_seeds(partial(run_block, config, net), config.seeds, progress))
        for name, *net in progress(config.nets)
    }
    draws = {key: np.concatenate([d[key] for d in drawn]) for key in drawn[0]}
    return draws, {name: each.reshape(-1, NETS, 3) for name, each in rows.items()}


def run_block(config, net, block):
    """Train one block of one cell -> rows (draws * NETS, 3): validation loss, test loss, wrong.

    net: [cell, start]; start is "drawn", the state's retention at the start set by the biases that
    were drawn, or one bias for all, or None, as ``init_params`` draws it.  Adam, its rate falling
    linearly to a twentieth.  A net that diverges gets NaN for losses.
    """
    key, start = net
    task, drawn = TASKS[config.task](), draw(config, block)
    nets = first_nets(key, start, task, drawn, block)
    flat, params = joined(nets)
    rates = np.repeat(drawn["rate"], NETS)
    moments = many.Each(optim.Adam()).init({"all": flat})
    state, workspace = None, many.Workspace()
    pieces = task.pieces(np.random.default_rng((17, block)), config.updates)
    with np.errstate(all="ignore"):  # of nets that diverge
        for k, (x, target) in enumerate(pieces):
            grads, state = gradients(key, task, params(flat), x, target, state, workspace)
            grads, _ = many.clip_norm({"all": joined(grads, nets)[0]}, config.clip)
            step = many.Each(optim.Adam(rates * max(0.05, 1 - k / config.updates)))
            new, moments = step.update({"all": flat}, grads, moments)
            flat = new["all"]
        return score(key, task, params(flat))


def joined(nets, order=None):
    """All arrays of K nets as one, (K, P), and the way back: an update then costs few calls.

    order: a dict whose order of names is taken, that of nets without.
    """
    names = list(order or nets)
    K = len(nets[names[0]])
    flat = np.concatenate([nets[name].reshape(K, -1) for name in names], axis=1)
    ends = np.cumsum([nets[name][0].size for name in names])[:-1]

    def apart(flat):
        parts = np.split(flat, ends, axis=1)
        return {n: part.reshape(nets[n].shape) for n, part in zip(names, parts, strict=True)}

    return flat, apart


def first_nets(key, start, task, drawn, block):
    """Parameters of the block's nets, stacked: draw after draw, NETS of each."""
    biases = drawn["bias"] if start == "drawn" else [start] * len(drawn["bias"])
    return many.stack([
        init_model(
            key, task.inputs, int(drawn["size"][k]), task.outputs,
            np.random.default_rng((13, block, k, j)), np.float32,
            retention=None if bias is None else 1 / (1 + np.exp(-bias)),
        )
        for k, bias in enumerate(biases) for j in range(NETS)
    ])  # fmt: skip


def gradients(key, task, params, x, target, state, workspace):
    """Gradients of every net's loss, and the state to go on from (None: the cell's own)."""
    y, last, tape = many.unroll(key, layer_of(params), x.astype(np.float32), state, workspace)
    _, danswers = task.loss(many.affine(params["out_weight"], params["out_bias"], y), target)
    dy, dweight, dbias = many.affine_backward(params["out_weight"], y, danswers)
    _, _, grads = many.unroll_backward(tape, dy)
    state = tuple(s.copy() for s in last) if task.carries else None
    return grads | {"out_weight": dweight, "out_bias": dbias}, state


def score(key, task, params):
    """Validation loss, test loss and the share of wrong test answers of every net, (K, 3)."""
    columns = []
    for part in (0, 1):
        x, target = task.held_out(part)
        y, _, _ = many.unroll(key, layer_of(params), x.astype(np.float32))
        answers = many.affine(params["out_weight"], params["out_bias"], y)
        columns.append(task.loss(answers, target)[0])
    lost = ~np.isfinite(answers).all(axis=(1, 2, 3))
    wrong = np.where(lost, 1.0, task.wrong(answers, target))
    rows = np.stack([*columns, wrong], axis=1).astype(float)
    return np.where(np.isfinite(rows), rows, np.nan)
