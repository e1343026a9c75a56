"""One file an experiment, in the folder of the chapter that shows it: ``<part>/<chapter>/<id>.py``.

A file defines ``Config`` (a frozen dataclass, all fields with defaults, ``seeds`` among them where
there is chance), ``QUICK`` (a small Config) and ``run(config, progress) -> values``: plain numbers,
lists and dicts with text keys; None where something diverged.  ``progress`` wraps the outer loop:
``for seed in progress(config.seeds)``.  ``data(config)``, if there, names the real data that were
read: {"name": …, "sha256": …}.  ``course_utils.lab`` runs and records them, and holds what several
of them share: an experiment never imports another.
"""
