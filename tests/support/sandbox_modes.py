"""The ways into the sandbox that there are here, a folder that is hidden, what a cell printed."""

import os
from pathlib import Path

import numpy

MODES = ["root", "userns"] if os.geteuid() == 0 else ["userns"]
HIDDEN = str(Path(numpy.__file__).parent / "f2py")  # any folder within what is shown


def printed(reply):
    assert reply["error"] is None, reply
    return reply["printed"].split()
