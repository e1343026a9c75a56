"""Training that outgrows one process: data-parallel, stopped at any moment, resumed exactly.

``language`` is the program: ``python -m course_utils.distributed.language --help``;
``processes``, who takes part and what they tell each other;  ``checkpoints``, files that are whole
or refused;  ``corpora``, the texts;  ``trainer``, one update, its state, and both on disk.
"""
