"""One attack, what it must end with, and the answers that attacks are made of.

The solution is worth 3 + 2 + 3 + 2.  Unless it says otherwise, an attack replaces the answer to q2
by a wrong one with a payload, so an honest grader gives 3 + 0 + 3 + 2.
"""

from dataclasses import dataclass, field

HONEST = (2, 0, 2, 1, 1, 1, 1)
FULL = (2, 2, 2, 1, 1, 1, 1)
WRONG = "def state(i, f, g, o, c_prev):\n    return o, c_prev\n"


@dataclass(frozen=True)
class Attack:
    """q2: the payload; points: what each question must end with; says: a text the student reads.

    slow: takes seconds.  other: further answers by question.
    """

    title: str
    q2: str
    points: tuple = HONEST
    says: str = ""
    slow: bool = False
    other: dict = field(default_factory=dict)
    happened: str = ""


def wrong(payload):
    """A wrong answer, then the payload in the same cell."""
    return WRONG + payload


def inside(body):
    """The payload inside the function that the check calls."""
    lines = "\n".join(f"    {line}" for line in body.strip("\n").split("\n"))
    return f"def state(i, f, g, o, c_prev):\n{lines}\n    return o, c_prev\n"


RIGHT = "def state(i, f, g, o, c_prev):\n    c = f * c_prev + i * g\n    return o * np.tanh(c), c\n"
