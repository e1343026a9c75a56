"""Words for the symbols of equations.

A name is looked up in the cell's own ``words`` first, then in the table for all cells; weights,
biases and peepholes are named after the gate that they feed.  Which way an update gate points is
read from the spec.
"""

EVERYWHERE = {
    "x": "the input at this time step",
    "h": "the hidden state: what the layer shows, and what the next step reads",
    "c": "the cell state: what is carried from step to step",
    "y": "the output of the layer",
    "i": "the input gate: how much of the candidate is written",
    "f": "the forget gate: how much of the old cell state stays",
    "o": "the output gate: how much of the cell state is shown",
    "g": "the candidate: what may be written",
    "d": "the depth gate: how much of the cell state of the layer below comes in",
    "r": "the reset gate: how much of the old state the candidate sees",
    "z": "the update gate",
    "n": "the candidate: what may be written",
    "p": "the peephole",
}
KEPT = {1: "how much of the old state stays", -1: "how much of the old state is replaced"}


class Undescribed(KeyError):
    """A symbol that neither its cell nor the table for all cells has words for."""

    def __str__(self):
        return self.args[0]


def words(spec, name):
    """What a symbol of a cell means, as a phrase; Undescribed where there are none."""
    if name in spec.words:
        return spec.words[name]
    if name.endswith("_prev"):
        return f"{words(spec, name.removesuffix('_prev')).partition(':')[0]}, one step before"
    weight = _weight(spec, name)
    if weight:
        return weight
    if name not in EVERYWHERE:
        raise Undescribed(
            f"{spec.key}: the symbol {name!r} has no description; give it one in the spec's words"
        )
    if name in dict(spec.retention) and name in "fz" and "c" not in spec.states:
        return f"{EVERYWHERE[name].partition(':')[0]}: {KEPT[dict(spec.retention)[name]]}"
    return EVERYWHERE[name]


def _weight(spec, name):
    """W_xf, W_hf, R_f, b_f, b_xf, b_hf, p_f by the gate that they feed, or None."""
    letter, _, sub = name.partition("_")
    gate = sub[-1:]
    if letter not in ("W", "R", "b", "p") or gate not in spec.gates:
        return None
    into = "the new hidden state" if gate == "h" else words(spec, gate).partition(":")[0]
    kind = letter + sub[:-1]
    into = into.partition(",")[0]
    table = {
        "Wx": f"the input weights of {into}",
        "Wh": f"the recurrent (hidden-to-hidden) weights of {into}",
        "R": f"the weights through which {into} reads the gates of the step before",
        "b": f"the bias of {into}",
        "bx": f"the input bias of {into}",
        "bh": f"the recurrent bias of {into}",
        "p": f"the peephole weights of {into}: through them it sees the cell state",
    }
    return table.get(kind)
