"""What the workers of one run of pytest have in common."""

import os


def common_folder(tmp_path_factory, name):
    """A folder that lives as long as this run, the same for all of pytest-xdist's workers."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # a worker's own lies in that of the run
    return base / name
