"""What libraries compute, held against the printed equations: `course audit` for all of them."""

from dataclasses import asdict, dataclass

from course_utils.audit import audit, version


@dataclass(frozen=True)
class Config:
    """The libraries, by their names in the registry; one that is not installed is left out."""

    libraries: tuple = ("torch", "keras", "torchrecurrent", "minGRU-pytorch", "flax", "xlstm")
    seed: int = 0


QUICK = Config(libraries=("torch",))


def run(config, progress=iter):
    """By library: its version, and a row for each layer with the convention that explains it."""
    return {
        name: {"version": version(name), "layers": [row(f) for f in audit(name, config.seed)]}
        for name in progress(config.libraries)
        if version(name)
    }


def row(finding):
    """A finding as plain numbers and words."""
    return asdict(finding) | {"explained": finding.explained, "why": finding.why()}
