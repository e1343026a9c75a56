"""Find the convention under which a foreign layer computes what one of our cells does."""

from dataclasses import dataclass
from itertools import chain, combinations, permutations
from typing import NamedTuple

import numpy as np

from course_utils import numpy_nn
from course_utils.specs import SPECS

T, B, D, H = 4, 3, 3, 3  # D = H, for layers that know one size only
ENOUGH = 6  # digits from which two results count as the same function
TURNED = ("z", "f")  # gates that papers turn round: they keep here and write there


class Observed(NamedTuple):
    """What a layer did.

    params: {our name: array}, rows stacked in the layer's own order of gates; those that the layer
    does not have are left out.  y (T, B, H).  grads: as params, the gradient of Σ dy ⊙ y, NaN
    where a part of an array is not the layer's.  dx (T, B, D).
    """

    params: dict
    y: np.ndarray
    grads: dict
    dx: np.ndarray


@dataclass(frozen=True)
class Finding:
    """One layer: the cell and the convention that explain it best.

    layer, its name there; key, our cell; order, its stacked gates in our letters; turned, the gates
    that stand for one minus ours; unread, digits to which the first cell that it was compared with
    agrees on the arrays as they are stored; values, gradients, digits under the convention; biases,
    False where the two agree only while all biases are zero.
    """

    layer: str
    key: str
    order: tuple
    turned: tuple
    unread: float
    values: float
    gradients: float
    biases: bool = True

    @property
    def explained(self):
        """Whether outputs and gradients agree."""
        return min(self.values, self.gradients) >= ENOUGH

    def why(self):
        """The convention in words: what has to be done to the arrays."""
        if not self.explained:
            return f"no cell, order or turned gate explains it; nearest is {self.key}"
        words = [] if self.biases else ["with zero biases only: its biases stand elsewhere"]
        if self.order != SPECS[self.key].gates:
            words.append(f"gates stacked {' '.join(self.order)}")
        words += [f"{gate} is our 1 − {gate}" for gate in self.turned]
        return "; ".join(words) or "nothing: same order, same meaning"

    def sentence(self):
        """One line for the command."""
        return (
            f"{self.layer} = {self.key}: values to {self.values:.0f} digits, gradients to "
            f"{self.gradients:.0f}, as stored to {self.unread:.0f}; {self.why()}"
        )


def explain(name, keys, observe, seed=0):
    """The Finding for one layer; keys, our cells that it might be, the likeliest first.

    observe(rng, x, dy, biases) -> Observed, with weights of its own drawing, and without biases
    where ``biases`` is False.
    """
    finding = _found(name, keys, observe, seed, True)
    bare = finding if finding.explained else _found(name, keys, observe, seed, False)
    return bare if bare.explained else finding


def _found(name, keys, observe, seed, biases):
    rng = np.random.default_rng(seed)
    x, dy = rng.standard_normal((T, B, D)), rng.standard_normal((T, B, H))
    seen = observe(rng, x, dy, biases)
    unread = _agreement(keys[0], seen, SPECS[keys[0]].gates, (), x)
    best = (-1.0,)
    for key in keys:
        for order, turned in _conventions(key):
            values = _agreement(key, seen, order, turned, x)
            if values > best[0] + 1:  # a digit more is rounding; the plainest of equals stays
                best = (values, key, order, turned)
    values, key, order, turned = best
    gradients = _gradients(key, seen, order, turned, x, dy, biases)
    return Finding(name, key, order, turned, unread, values, gradients, biases)


def digits(ours, theirs):
    """To how many decimal digits two arrays agree, relative to the largest entry; 0 to 16.

    Where theirs is NaN nothing is compared.
    """
    there = ~np.isnan(theirs)
    scale, off = np.abs(theirs[there]).max(), np.abs(ours - theirs)[there].max()
    if not np.isfinite(off) or not scale:
        return 0.0
    return float(np.clip(-np.log10(max(off / scale, 1e-16)), 0, 16))


def _conventions(key):
    """Orders of the gates and gates turned round, the plain ones first."""
    gates = SPECS[key].gates
    doubtful = [g for g in gates if g in TURNED and key not in ("lstm", "lstm_peephole")]
    subsets = chain.from_iterable(combinations(doubtful, n) for n in range(len(doubtful) + 1))
    for turned in subsets:
        for order in permutations(gates):
            yield order, turned


def _read(key, params, order, turned):
    """Arrays in our order, rows of turned gates negated: σ(−a) = 1 − σ(a).  Missing ones are 0."""
    spec, read = SPECS[key], {}
    shapes = spec.shapes(D, H)
    for p in spec.params:
        array = params.get(p.name)
        if array is None:
            read[p.name] = np.zeros(shapes[p.name])
            continue
        if len(p.symbols) == 1:
            read[p.name] = array
            continue
        here = [symbol[3:] for symbol in p.symbols]  # W_xi, b_hn: the gate's letter
        there = [gate for gate in order if gate in here]
        blocks = dict(zip(there, np.split(array, len(there)), strict=True))
        signs = {gate: -1 if gate in turned else 1 for gate in here}
        read[p.name] = np.concatenate([signs[gate] * blocks[gate] for gate in here])
    return read


def _agreement(key, seen, order, turned, x):
    """Digits to which the outputs agree; 0 where the arrays are another cell's."""
    if not _fits(key, seen.params):
        return 0.0
    y, _, _ = numpy_nn.unroll(key, _read(key, seen.params, order, turned), x)
    return digits(y, seen.y)


def _fits(key, params):
    shapes = SPECS[key].shapes(D, H)
    return all(shapes.get(name) == array.shape for name, array in params.items())


def _gradients(key, seen, order, turned, x, dy, biases):
    """Digits to which every gradient agrees, that of x and of each parameter compared."""
    if not _fits(key, seen.params):
        return 0.0
    params = _read(key, seen.params, order, turned)
    _, _, tape = numpy_nn.unroll(key, params, x)
    dx, _, grads = numpy_nn.unroll_backward(tape, dy)
    theirs = _read(key, seen.grads, order, turned)
    names = [n for n in seen.grads if biases or "bias" not in n]
    return min(digits(dx, seen.dx), *(digits(grads[n], theirs[n]) for n in names))
