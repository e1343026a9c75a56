"""Many small nets with a readout on the cue task, at once or one after the other."""

import numpy as np

from course_utils.lab.numpy_models import at_last, init_model, layer_of, read, read_backward
from course_utils.numpy_nn import losses, many


def nets(key, task, hidden, seeds, retention=None):
    """Parameters of a net for every seed, stacked: every array (K, …)."""
    return many.stack([
        init_model(key, task.words, hidden, task.cues, np.random.default_rng(seed), np.float32,
                   retention=retention)
        for seed in seeds
    ])  # fmt: skip


def answers(key, params, x, workspace=None):
    """x (T, B, D) -> answers after the last step (K, B, N), outputs (K, T, B, H), tape."""
    y, _, tape = many.unroll(key, layer_of(params), x.astype(np.float32), workspace=workspace)
    return many.affine(params["out_weight"], params["out_bias"], y[:, -1]), y, tape


def gradients(key, params, batch, workspace):
    """The gradients of the answers' cross-entropy, of every net by itself."""
    answer, y, tape = answers(key, params, batch.x, workspace)
    _, danswers = many.cross_entropies(answer, batch.target)
    dy = np.zeros_like(y)
    dy[:, -1], dweight, dbias = many.affine_backward(params["out_weight"], y[:, -1], danswers)
    _, _, grads = many.unroll_backward(tape, dy)
    return grads | {"out_weight": dweight, "out_bias": dbias}


def one_by_one(module, key, nets, batch, **options):
    """The same, net by net; module: ``numpy_nn`` or ``numpy_nn.fast``, whose unroll takes the
    options."""
    x = batch.x.astype(np.float32)
    for params in nets:
        y, _, tape = module.unroll(key, layer_of(params), x, **options)
        _, danswers = losses.cross_entropy(read(params, y[-1]), batch.target)
        dy, _ = read_backward(params, y[-1], danswers)
        module.unroll_backward(tape, at_last(dy, len(x)))
