"""Problems to learn: a frozen configuration with ``sample(rng, n) -> Batch``, NumPy only
(digits come from scikit-learn, asked for when they are first drawn).

Sequences are time-major: x (T, n, D).  The same generator and the same configuration give the same
batch, always.
"""

from course_utils.tasks.adding import Adding
from course_utils.tasks.batch import Batch
from course_utils.tasks.bits import AssociativeRecall, CopyBits, RepeatCopy
from course_utils.tasks.copying import Copy
from course_utils.tasks.cue import Cue
from course_utils.tasks.digits import Digits
from course_utils.tasks.lamp import Lamp
from course_utils.tasks.order import TemporalOrder
from course_utils.tasks.parity import Parity
from course_utils.tasks.reber import EmbeddedReber, ReberStream
from course_utils.tasks.selective import SelectiveCopy
from course_utils.tasks.tables import Questions, TableQuestions
from course_utils.tasks.xor import TemporalXor

__all__ = [
    "Adding",
    "AssociativeRecall",
    "Batch",
    "Copy",
    "CopyBits",
    "Cue",
    "Digits",
    "EmbeddedReber",
    "Lamp",
    "Parity",
    "Questions",
    "ReberStream",
    "RepeatCopy",
    "SelectiveCopy",
    "TableQuestions",
    "TemporalOrder",
    "TemporalXor",
]
