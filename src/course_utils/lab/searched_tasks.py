"""Four small tasks on which many nets side by side are trained and scored in one way.

Each has ``inputs`` and ``outputs``; ``chance``, a loss that no memory is needed for; ``carries``,
whether the state goes on from one piece to the next; ``pieces(rng, updates)``, what to train on,
pairs x (T, B, D) and target; ``held_out(part)``, one such pair, longer, for part 0 and 1; and for
answers (K, T, B, N) of K nets ``loss(answers, target)`` -> losses (K,) and the gradient of the
answers, and ``wrong(answers, target)``, the share (K,) of answers that are wrong.
"""

from functools import cache

import numpy as np

from course_utils.numpy_nn import many
from course_utils.tasks import Adding, Alarm, reber
from course_utils.tasks.text import Text, python_help, streams


class Sums:
    """The adding problem over 30 steps; wrong is an answer off by 0.04 or more."""

    inputs, outputs, carries = 2, 1, False
    chance = 1 / 24  # the variance of (X1 + X2) / 4
    problem = Adding(30)

    def pieces(self, rng, updates):
        return (self.problem.sample(rng, 8)[:2] for _ in range(updates))

    def held_out(self, part):
        return self.problem.sample(np.random.default_rng((7, part)), 500)[:2]

    def loss(self, answers, target):
        losses, last = many.mses(answers[:, -1], target.astype(answers.dtype))
        danswers = np.zeros_like(answers)
        danswers[:, -1] = last
        return losses, danswers

    def wrong(self, answers, target):
        right = np.abs(answers[:, -1] - target) < self.problem.tolerance
        return 1 - right.mean(axis=(1, 2))


class Stream:
    """The next symbol of an endless stream of embedded Reber strings.

    Wrong is an outer symbol that does not score above every other, from step 50 on.
    """

    inputs, outputs, carries = 7, 7, True
    chance = float(np.log(7))

    def pieces(self, rng, updates):
        symbols = reber.walk(rng, 40 * updates + 1, 4)
        starts = range(0, 40 * updates, 40)
        return ((np.eye(7)[symbols[k : k + 40]], symbols[k + 1 : k + 41]) for k in starts)

    def held_out(self, part):
        symbols = reber.walk(np.random.default_rng((7, part)), 1001, 8)
        return np.eye(7)[symbols[:-1]], symbols[1:]

    def loss(self, answers, target):
        return many.cross_entropies(answers, target)

    def wrong(self, answers, target):
        read = np.concatenate([np.zeros_like(target[:1]), target[:-1]])  # a stream begins with B
        states = reber.states(np.eye(7)[read])
        asked = reber.outer(states)[50:]
        return 1 - reber.right(answers, states)[:, 50:][:, asked].mean(axis=1)


class Counting:
    """Ring eight steps after each pulse, trained on 40 steps, held out on 160; wrong is a ring
    missed or beside its step."""

    inputs, outputs, carries = 1, 2, False
    problem, longer = Alarm(40, 8), Alarm(160, 8)
    chance = 0.24  # about the entropy of a ring in every sixteenth step

    def pieces(self, rng, updates):
        return (self.problem.sample(rng, 4)[:2] for _ in range(updates))

    def held_out(self, part):
        return self.longer.sample(np.random.default_rng((7, part)), 50)[:2]

    def loss(self, answers, target):
        return many.cross_entropies(answers, target)

    def wrong(self, answers, target):
        return self.problem.missed(answers[..., 1] > answers[..., 0], target)


class Letters:
    """The next of 27 letters of Python's help text; wrong is a letter that does not score best."""

    inputs, outputs, carries = 27, 27, True
    chance = float(np.log(27))

    def pieces(self, rng, updates):
        ids, done = letters().train, 0
        ids = np.roll(ids, rng.integers(len(ids)))
        while done < updates:
            for x, target in streams(ids, 8, 32):
                if done < updates:
                    yield np.eye(27)[x], target
                done += 1

    def held_out(self, part):
        x, target = list(streams(letters().held_out, 16, 500))[part]
        return np.eye(27)[x], target

    def loss(self, answers, target):
        return many.cross_entropies(answers, target)

    def wrong(self, answers, target):
        return (answers.argmax(axis=-1) != target).mean(axis=(1, 2))


TASKS = {"adding": Sums, "reber": Stream, "timing": Counting, "text": Letters}


@cache
def letters():
    """The help text of this Python in a to z and the space; its last tenth is held out."""
    small = python_help().characters.lower()
    kept = "".join(c if "a" <= c <= "z" else " " for c in small)
    return Text("pydoc_data.topics, a to z", " ".join(kept.split()))
