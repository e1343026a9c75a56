"""The one table of words for the symbols of equations.

A name is looked up for its cell first, then for all cells; weights, biases and peepholes are named
after the gate that they feed.  Which way an update gate points is read from the spec.
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
IN_A_CELL = {
    "slstm": {
        "i": "the input gate, exponential and scaled by the stabiliser",
        "f": "the forget gate, scaled by the stabiliser",
        "n": "the normaliser: how much has been written so far",
        "m": "the stabiliser: the largest exponent so far, which is taken out of both gates",
        "a_i": "the pre-activation of the input gate, the logarithm of the gate",
        "a_f": "the logarithm of the forget gate",
    },
    "lru": {
        "rho": "the modulus of the eigenvalue: the share of the state that a step keeps",
        "nu": "the parameter from which the modulus is made, so that it stays below 1",
        "theta": "the angle by which a step turns the state",
        "lam_re": "the eigenvalue, real part",
        "lam_im": "the eigenvalue, imaginary part",
        "gamma_log": "the logarithm of the scale of the input",
        "u_re": "the scaled input, real part",
        "u_im": "the scaled input, imaginary part",
        "h_re": "the state, real part",
        "h_im": "the state, imaginary part",
        "B_re": "the input weights, real part",
        "B_im": "the input weights, imaginary part",
        "C_re": "the weights of the readout, real part",
        "C_im": "the weights of the readout, imaginary part",
        "D": "the weights from the input straight to the output",
    },
    "clockwork": {
        "a": "the pre-activation",
        "on": "1 for the units whose module moves at this step, 0 for the others",
        "t": "the clock: the number of steps so far",
        "periods": "the periods of the modules",
    },
    "depth_gated": {
        "below": "the cell state of the layer below, at the same step",
        "q_d": "the weights through which the depth gate sees the cell state of the layer below",
    },
    "rnn_leaky": {"alpha": "the share of the way that the state moves in one step"},
    "minlstm": {
        "f": "the forget gate, before the two gates are scaled to sum to 1",
        "i": "the input gate, before the two gates are scaled to sum to 1",
    },
}
IN_A_CELL["minlstm_log"] = IN_A_CELL["minlstm"]


class Undescribed(KeyError):
    """A symbol that ``course_utils.symbols.words`` has no words for."""

    def __str__(self):
        return self.args[0]


def words(spec, name):
    """What a symbol of a cell means, as a phrase; Undescribed where the table lacks it."""
    own = IN_A_CELL.get(spec.key, {})
    if name in own:
        return own[name]
    if name.endswith("_prev"):
        return f"{words(spec, name.removesuffix('_prev')).partition(':')[0]}, one step before"
    weight = _weight(spec, name)
    if weight:
        return weight
    if name not in EVERYWHERE:
        raise Undescribed(
            f"{spec.key}: the symbol {name!r} has no description; give it one in "
            "course_utils/symbols/words.py"
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
