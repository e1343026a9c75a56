"""Problems to learn: a frozen configuration with ``sample(rng, n) -> Batch``, NumPy only
(digits come from scikit-learn, dates from Babel, asked for when they are first drawn).

Sequences are time-major: x (T, n, D), or tokens (T, n).  The same generator and the same
configuration give the same batch, always.
"""

from course_utils.tasks.adding import Adding
from course_utils.tasks.alarm import Alarm
from course_utils.tasks.anbn import AnBn
from course_utils.tasks.asked import checked
from course_utils.tasks.batch import Batch
from course_utils.tasks.bits import AssociativeRecall, CopyBits, RepeatCopy
from course_utils.tasks.copying import Copy
from course_utils.tasks.cue import Cue
from course_utils.tasks.cups import Cups
from course_utils.tasks.dates import Dates
from course_utils.tasks.digit_strings import DigitStrings
from course_utils.tasks.digits import Digits
from course_utils.tasks.echo import Echo
from course_utils.tasks.lamp import Lamp
from course_utils.tasks.order import TemporalOrder
from course_utils.tasks.parity import Parity
from course_utils.tasks.pen import Pen
from course_utils.tasks.reber import EmbeddedReber, ReberStream
from course_utils.tasks.selective import SelectiveCopy
from course_utils.tasks.sorting import Sorting
from course_utils.tasks.tables import Questions, TableQuestions
from course_utils.tasks.xor import TemporalXor

__all__ = [
    "Adding",
    "Alarm",
    "AnBn",
    "AssociativeRecall",
    "Batch",
    "Copy",
    "CopyBits",
    "Cue",
    "Cups",
    "Dates",
    "DigitStrings",
    "Digits",
    "Echo",
    "EmbeddedReber",
    "Lamp",
    "Parity",
    "Pen",
    "Questions",
    "ReberStream",
    "RepeatCopy",
    "SelectiveCopy",
    "Sorting",
    "TableQuestions",
    "TemporalOrder",
    "TemporalXor",
]

for _name in __all__:
    if hasattr(globals()[_name], "sample"):
        checked(globals()[_name])
