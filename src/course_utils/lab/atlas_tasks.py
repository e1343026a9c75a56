"""The six tasks of the atlas: each asks one thing of a memory, all are trained and scored alike.

A task has ``inputs``, ``outputs``; ``carries``, whether the state goes on from one piece to the
next; ``updates``; ``pieces(rng, updates)``, pairs x (T, B, D) and target to train on;
``held_out(part)``, one such pair: part 0 like the pieces, which chooses the learning rate, part 1
the test, where said longer; and for answers (K, T, B, N) of K nets ``loss(answers, target)`` ->
losses (K,) and the gradient of the answers, and ``score(answers, target)`` -> (K,), the less the
better.  Targets are of one piece, or (K, ...) one of each net.  ``solved`` is the largest score
that counts as solved, or None; ``guess`` the score of an answer that remembers nothing.
"""

import numpy as np

from course_utils.lab.searched_tasks import letters
from course_utils.numpy_nn import many, ops
from course_utils.tasks import Adding, Copy, Cups, counts, reber
from course_utils.tasks.text import streams


def entropies(logits, ids):
    """Cross-entropy over the steps that are asked, those with ids >= 0.

    logits (K, T, B, N), ids (T, B) or (K, T, B) -> losses (K,), gradient of the logits.
    """
    ids = np.broadcast_to(ids, logits.shape[:-1])
    asked = ids >= 0
    weight = asked / asked.sum(axis=(1, 2), keepdims=True)
    one = np.maximum(ids, 0)[..., None]
    log_p = ops.log_softmax(logits)
    picked = np.take_along_axis(log_p, one, axis=-1)
    dlogits = np.exp(log_p)
    np.put_along_axis(dlogits, one, np.expm1(picked), axis=-1)
    losses = -(picked[..., 0] * weight).sum(axis=(1, 2))
    return losses, dlogits * weight[..., None].astype(logits.dtype)


class Asked:
    """What the tasks share whose answers are symbols, some steps of which are asked."""

    solved = 0.05

    def loss(self, answers, target):
        return entropies(answers, target)

    def score(self, answers, target):
        """Share of the asked answers that do not score best."""
        asked = target >= 0
        return 1 - ((answers.argmax(axis=-1) == target) & asked).sum(axis=(1, 2)) / asked.sum()


class AddTwo:
    """The adding problem over 30 steps; score: answers off by 0.04 or more."""

    title, measure = "adding two marked numbers of 30", "wrong answers"
    inputs, outputs, carries, updates = 2, 1, False, 1000
    solved = 0.05
    guess = 0.92**2  # of always 0.5: the chance that |X1 + X2| / 4 is 0.04 or more
    problem = Adding(30)

    def pieces(self, rng, updates):
        return (self.problem.sample(rng, 8)[:2] for _ in range(updates))

    def held_out(self, part):
        return self.problem.sample(np.random.default_rng((7, part)), 200)[:2]

    def loss(self, answers, target):
        losses, last = many.mses(answers[:, -1], target.astype(answers.dtype))
        danswers = np.zeros_like(answers)
        danswers[:, -1] = last
        return losses, danswers

    def score(self, answers, target):
        right = np.abs(answers[:, -1] - target) < self.problem.tolerance
        return 1 - right.mean(axis=(1, 2))


class CopyFive(Asked):
    """Five symbols of four kinds, given back after ten blanks; only they are asked."""

    title, measure = "copying 5 symbols after 10 blanks", "wrong symbols"
    inputs, outputs, carries, updates = 6, 5, False, 1000
    guess = 0.75
    problem = Copy(delay=10, items=5, alphabet=4)

    def sample(self, rng, n):
        x, target, _ = self.problem.sample(rng, n)
        target[: -self.problem.items] = -1
        return x, target

    def pieces(self, rng, updates):
        return (self.sample(rng, 8) for _ in range(updates))

    def held_out(self, part):
        return self.sample(np.random.default_rng((7, part)), 200)


class ReberWalk(Asked):
    """The next symbol of a stream of embedded Reber strings without a break.

    Score: outer symbols that are not predicted, of 1,000 steps from the 50th on.
    """

    title, measure = "continual embedded Reber strings", "wrong outer symbols"
    inputs, outputs, carries, updates = 7, 7, True, 800
    guess = 0.5

    def pieces(self, rng, updates):
        symbols = reber.walk(rng, 40 * updates + 1, 4)
        starts = range(0, 40 * updates, 40)
        return ((np.eye(7)[symbols[k : k + 40]], symbols[k + 1 : k + 41]) for k in starts)

    def held_out(self, part):
        symbols = reber.walk(np.random.default_rng((7, part)), 1001, 4)
        x, target = np.eye(7)[symbols[:-1]], symbols[1:].copy()
        if part:
            asked = reber.outer(reber.states(x))
            asked[:50] = False
            target[~asked] = -1
        return x, target


class CountLetters(Asked):
    """When is aⁿbⁿ over?  Trained on n from 1 to 8, tested on 9 to 12.

    From the first b on each step is asked whether a b follows or the end.  Score: strings with a
    wrong answer.
    """

    title, measure = "counting: aⁿbⁿ, n to 8, tested on 9 to 12", "wrong strings"
    inputs, outputs, carries, updates = 3, 2, False, 600
    guess = 1.0

    def sample(self, rng, n, low, high):
        x, target, mask = counts.AnBn(low, high).sample(rng, n)
        x, target, mask = (grown(a, 2 * high + 1) for a in (x, target, mask))
        return x, np.where(mask, target, -1)

    def pieces(self, rng, updates):
        return (self.sample(rng, 12, 1, 8) for _ in range(updates))

    def held_out(self, part):
        low, high = ((1, 8), (9, 12))[part]
        return self.sample(np.random.default_rng((7, part)), 100, low, high)

    def score(self, answers, target):
        wrong = (answers.argmax(axis=-1) != target) & (target >= 0)
        return wrong.any(axis=1).mean(axis=1)


class ParityFar(Asked):
    """After each bit: was the number of ones odd?  Trained on 12 bits, tested on 25th to 48th."""

    title, measure = "parity: 12 bits, tested on the 25th to 48th", "wrong answers"
    inputs, outputs, carries, updates = 2, 2, False, 600
    guess = 0.5

    def pieces(self, rng, updates):
        return (Cups(2, 12).sample(rng, 16)[:2] for _ in range(updates))

    def held_out(self, part):
        x, target, _ = Cups(2, (12, 48)[part]).sample(np.random.default_rng((7, part)), 100)
        if part:
            target[:24] = -1
        return x, target


class NextLetter(Asked):
    """The next of 27 letters of Python's help text; score: bits a character."""

    title, measure = "letters of Python's help text", "bits a character"
    inputs, outputs, carries, updates = 27, 27, True, 300
    solved = None

    @property
    def guess(self):
        """Bits of the letters' own frequencies."""
        p = np.bincount(letters().train, minlength=27) / len(letters().train)
        return float(-np.log2(p)[self.held_out(1)[1]].mean())

    def pieces(self, rng, updates):
        ids, done = np.roll(letters().train, rng.integers(len(letters().train))), 0
        while done < updates:
            for x, target in streams(ids, 8, 32):
                if done < updates:
                    yield np.eye(27)[x], target
                done += 1

    def held_out(self, part):
        x, target = list(streams(letters().held_out, 16, 300))[part]
        return np.eye(27)[x], target

    def score(self, answers, target):
        return self.loss(answers, target)[0] / np.log(2)


TASKS = {
    "adding": AddTwo,
    "copying": CopyFive,
    "reber": ReberWalk,
    "counting": CountLetters,
    "parity": ParityFar,
    "text": NextLetter,
}


def grown(array, steps):
    """The array (T, ...) with zeros after it, (steps, ...)."""
    return np.concatenate([array, np.zeros((steps - len(array), *array.shape[1:]), array.dtype)])
