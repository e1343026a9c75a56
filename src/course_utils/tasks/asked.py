"""What every task checks before it draws: a generator, and how many sequences."""

from functools import wraps

from course_utils.shapes import generator, positive_integer, whole


def checked(task):
    """Let the ``sample(rng, n)`` of a task's class refuse, by name, what draws nothing.

    TypeError for an rng that is no ``np.random.Generator``; ValueError for an n that is no integer,
    negative, or 0 where the task has no empty batch.  One place for all of them: what a task is
    stays in its own file.
    """
    draw = task.sample

    @wraps(draw)
    def sample(self, rng, n):
        generator(rng)
        n = whole("n", n, least=0)
        try:
            return draw(self, rng, n)
        except ValueError:
            if n:
                raise
        return positive_integer(n=n)  # which says what was expected

    task.sample = sample
