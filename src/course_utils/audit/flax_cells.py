"""Cells of Flax (linen), whose gates are parameters of their own; double precision in JAX."""

import flax.linen as nn
import jax
import numpy as np

from course_utils.audit.explain import H, Observed, T

jax.config.update("jax_enable_x64", True)


def cell(make, gates, inside, across):
    """How a cell is observed.

    gates: our letters in the order in which they are stacked here; inside, across: their names for
    the input's and the hidden state's share of a gate, with {} for their letter.
    """

    def observe(rng, x, dy, biases):
        module = make()
        start = module.initialize_carry(jax.random.key(0), x[0].shape)
        start = jax.tree.map(lambda s: np.zeros(s.shape), start)
        params = module.init(jax.random.key(0), start, x[0])
        params = jax.tree_util.tree_map_with_path(
            lambda path, p: (
                (0.7 if biases or "bias" not in str(path) else 0.0) * rng.standard_normal(p.shape)
            ),
            params,
        )

        def scalar(params, x):
            state, y = start, []
            for t in range(T):
                state, y_t = module.apply(params, state, x[t])
                y.append(y_t)
            y = jax.numpy.stack(y)
            return (y * dy).sum(), y

        (_, y), (grads, dx) = jax.value_and_grad(scalar, argnums=(0, 1), has_aux=True)(params, x)
        return Observed(
            ours(params, 0.0), np.asarray(y), ours(grads, np.nan), np.asarray(dx)
        )  # fmt: skip

    def ours(tree, absent):
        """Stacked by our names; absent: what stands where a gate has no bias of its own."""
        arrays, found = tree["params"], {}
        for name, label in (("ih", inside), ("hh", across)):
            parts = [arrays[label.format(gate)] for gate in gates]
            found[f"weight_{name}"] = np.concatenate([np.asarray(p["kernel"]).T for p in parts])
            if any("bias" in p for p in parts):
                bias = [np.asarray(p.get("bias", np.full(H, absent))) for p in parts]
                found[f"bias_{name}"] = np.concatenate(bias)
        return found

    return observe


LAYERS = [
    ("LSTMCell", ("lstm",), cell(lambda: nn.LSTMCell(H), "ifgo", "i{}", "h{}")),
    (
        "OptimizedLSTMCell",
        ("lstm",),
        cell(lambda: nn.OptimizedLSTMCell(H), "ifgo", "i{}", "h{}"),
    ),
    ("GRUCell", ("gru", "gru_2014"), cell(lambda: nn.GRUCell(H), "rzn", "i{}", "h{}")),
]
