"""Every recurrent cell, one file each: a file here that defines ``SPEC`` is a cell."""

import pkgutil
from importlib import import_module

from course_utils.spec import CellSpec


def _read():
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        spec = getattr(import_module(f"{__name__}.{module.name}"), "SPEC", None)
        if spec is not None:
            if spec.key != module.name:
                raise ValueError(
                    f"specs/{module.name}.py defines the cell {spec.key!r}; use one name"
                )
            yield spec.key, spec


SPECS: dict[str, CellSpec] = dict(_read())


def get_spec(key):
    """The spec of a cell, or a KeyError that lists the cells there are."""
    if isinstance(key, CellSpec):
        return key
    if not isinstance(key, str) or key not in SPECS:
        raise KeyError(f"key: there is no cell {key!r}; choose from {', '.join(SPECS)}")
    return SPECS[key]
