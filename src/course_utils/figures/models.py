"""One look per model: relatives share a hue, and dash and marker tell them apart in grey print.

Each has an ink for light pages, one for dark pages and one for pictures that must sit on both.
Measured by ``tests/figures/test_palette.py``: the six models that charts compare most differ in
lightness by 4.5 L* in light and dark; every other pair differs in dash or marker.
"""

from typing import NamedTuple

DASH = {
    "-": "-", "--": (0, (6, 2)), ":": (0, (1.5, 1.5)), "-.": (0, (7, 2, 1.5, 2)),
    "--.": (0, (11, 3)),
}  # fmt: skip


class Ink(NamedTuple):
    """Colours "#rrggbb" for light, dark and both; dash: a key of ``DASH``; marker: Matplotlib's."""

    family: str
    light: str
    dark: str
    both: str
    dash: str
    marker: str


MODELS = {
    "rnn": Ink("rnn", "#1d56a3", "#598ae7", "#3078de", "-", "o"),
    "rnn_relu": Ink("rnn", "#2267ae", "#72a2ec", "#2d83dc", "--", "s"),
    "rnn_leaky": Ink("rnn", "#1b4293", "#a5acee", "#2e6be5", ":", "^"),
    "clockwork": Ink("rnn", "#1a517d", "#a1c4f1", "#267abb", "-.", "D"),
    "lstm": Ink("lstm", "#8e6913", "#fed26d", "#ab7f18", "-", "s"),
    "lstm_1997": Ink("lstm", "#82450b", "#f4ac74", "#b76313", "--", "s"),
    "lstm_peephole": Ink("lstm", "#74620f", "#e8ca60", "#957f19", ":", "^"),
    "lstm_coupled": Ink("lstm", "#84540e", "#fae4d0", "#ae7017", "-.", "D"),
    "lstm_cifg": Ink("lstm", "#985911", "#e9994d", "#be7018", "--.", "v"),
    "lstm_gers2002": Ink("lstm", "#5a500b", "#d8c458", "#857716", "--", "P"),
    "lstm_nig": Ink("lstm", "#753809", "#f3a06a", "#b45a14", ":", "s"),
    "lstm_nfg": Ink("lstm", "#af4e10", "#ec8a52", "#d76116", "-.", "o"),
    "lstm_nog": Ink("lstm", "#574508", "#f7d068", "#896f13", "--.", "^"),
    "lstm_niaf": Ink("lstm", "#736d14", "#f2e576", "#8e8719", "-", "X"),
    "lstm_noaf": Ink("lstm", "#68480a", "#f7bc60", "#9b6d15", "--", "v"),
    "lstm_fgr": Ink("lstm", "#5f3a08", "#d28c3a", "#9d6212", ":", "D"),
    "depth_gated": Ink("lstm", "#5c5d0e", "#bcbb4d", "#7e8016", "-.", "P"),
    "slstm": Ink("lstm", "#a7400d", "#f2976f", "#d85515", "-", "*"),
    "minlstm": Ink("lstm", "#6c540d", "#e6bc56", "#967616", "--.", "s"),
    "minlstm_log": Ink("lstm", "#473d07", "#bca53b", "#7d6d13", "--.", "X"),
    "gru": Ink("gru", "#196f61", "#5cdec5", "#248f7d", "-", "^"),
    "gru_2014": Ink("gru", "#16604a", "#54cda6", "#22886b", "--", "s"),
    "mgu": Ink("gru", "#1b7651", "#4dbf8c", "#259467", ":", "^"),
    "mut1": Ink("gru", "#156736", "#7eeea0", "#218d4d", "-.", "D"),
    "mut2": Ink("gru", "#125725", "#74d583", "#1e853b", "--.", "v"),
    "mut3": Ink("gru", "#1d7b26", "#5fb35d", "#249831", "--", "P"),
    "mingru": Ink("gru", "#14514e", "#68f2e9", "#1f807a", "--.", "s"),
    "mingru_log": Ink("gru", "#0f4544", "#52c1c0", "#1c7978", ":", "X"),
    "lru": Ink("scan", "#19667c", "#96dcf6", "#2a88a3", "-", "P"),
    "transformer": Ink("attention", "#410c94", "#caa8ef", "#8147d3", "-", "D"),
    "attention": Ink("attention", "#6c13a0", "#c98bea", "#9f47d4", "--", "s"),
    "seq2seq": Ink("attention", "#5249d3", "#cdbff3", "#7b69f4", ":", "v"),
    "ntm": Ink("memory", "#95152e", "#ed7379", "#de2549", "-", "v"),
    "dnc": Ink("memory", "#b51d4c", "#ef94a1", "#ee2967", "--", "s"),
    "programmer": Ink("memory", "#740f11", "#f3b5aa", "#d02025", "-.", "D"),
    "act": Ink("act", "#a71a70", "#ee88bb", "#e22799", "-", "*"),
    "newton": Ink("newton", "#476811", "#bde47a", "#5e8a17", "--", "X"),
    "ngram": Ink("counting", "#3e4043", "#a6a9ac", "#6c6e71", "--", "X"),
    "window": Ink("counting", "#5e6164", "#8e9194", "#7d7f82", ":", "^"),
}

# what the text calls otherwise
ALIASES = {
    "irnn": "rnn_relu", "encoder_decoder": "seq2seq", "xlstm": "slstm", "grid_lstm": "depth_gated",
    "counting": "ngram", "feedforward": "window",
}  # fmt: skip
