"""What the book claims and what was measured: claims/<part>/<chapter>.yml, results.

    claim("adding-lstm-solves-100").ours_text      the recorded number, as the prose prints it
    value("adding", "lstm.100.rate")               one recorded number
    result("adding")["values"]                     the whole record
    kinds("speed_ladder")                          what other kinds of CPU gave

Results are written by `course run ID`, claims by hand; `Claim.recomputed` holds the two together.
"""

from course_utils.ledger.claims import Claim, claim, claims
from course_utils.ledger.margins import Margin
from course_utils.ledger.results import (
    LedgerError,
    find,
    folder,
    kinds,
    printed,
    record,
    recorded,
    result,
    value,
)

__all__ = [
    "Claim", "LedgerError", "Margin", "claim", "claims", "find", "folder", "kinds", "printed",
    "record", "recorded", "result", "value",
]  # fmt: skip
