"""Chromium on this machine: where it is and how it is started, for tests and for `make pdf`."""

import shutil
from contextlib import contextmanager

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
PATIENCE_MS = 300_000  # for one answer; a machine of two cores may have ten other things to do


class NoBrowser(RuntimeError):
    """There is no Chromium here; the message says how to get one."""


@contextmanager
def chromium():
    """A running browser; NoBrowser where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise NoBrowser("no Chromium on this machine (Debian: apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=found, chromium_sandbox=False, args=FLAGS, timeout=PATIENCE_MS
        )
        yield started
        started.close()
