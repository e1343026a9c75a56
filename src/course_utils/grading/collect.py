"""Find the submissions below a folder or in a zip, nested as deep as they come.

Everything is listed first, what is no submission is set aside with a reason, and `divide` decides
which folders are one student's and which hold several.  Nothing is left out in silence: a name is
either a row or stands in ``left_out``.
"""

import contextlib
import os
import re
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from course_utils.errors import UserError
from course_utils.grading import systems, unzip
from course_utils.grading.divide import Divider, File, is_notebook
from course_utils.grading.files import scratch

METADATA = "submission_metadata.yml"
FOLDERS = {
    "__MACOSX": "made by macOS",
    ".ipynb_checkpoints": "Jupyter's own copies",
    "__pycache__": "Python's own files",
    ".git": "Git's own files",
    ".github": "GitHub's own files",
    "node_modules": "installed packages",
    "site-packages": "installed packages",
    ".venv": "a virtual environment",
}
DEEPEST_FOLDER = 100
RESULTS = {"results", "output", "outputs", "feedback", "records"}
PAPERS = re.compile(
    r"(readme|licen[cs]e|copying|changelog)(\..*)?|thumbs\.db|desktop\.ini|makefile"
    r"|.*\.(ya?ml|toml|csv|tsv|xlsx|md|rst|log|ini|cfg|lock)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass
class Collected:
    """entries: one `Entry` per submission, by name; left_out: (name, why) of everything else."""

    entries: list = field(default_factory=list)
    left_out: list = field(default_factory=list)


@contextlib.contextmanager
def collect(folder, exercise, out=None, known=None, whole=False):
    """The submissions below ``folder`` (a folder, a zip or a file) as `Collected`.

    whole: all of it is one student's.

    out: where results go; never taken for a submission.  known: says of a name whether it is a
    student's (see roster.py).  What zips hold is unpacked into a temporary folder that is removed
    at the end.  Raises UserError where there is no such folder.
    """
    folder = Path(folder)
    if not folder.exists():
        raise UserError(f"folder: there is no {folder}")
    unpacked = scratch("collect")
    try:
        lister = Lister(out, unpacked)
        files, senders = lister.files(folder)
        divider = Divider(exercise, known)
        place = (folder.name,)
        if whole:
            files = [replace(file, parts=place + file.parts) for file in files]
        entries = [divider.one(place, files)] if whole else divider.entries(files)
        entries = [with_senders(entry, senders) for entry in entries]
        yield Collected(sorted(entries, key=lambda e: e.name), sorted(lister.left_out.items()))
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


class Lister:
    """One walk: what is there, what was left out, what archives may still unpack."""

    def __init__(self, out, scratch):
        self.out = Path(out).resolve() if out is not None else None
        self.scratch, self.left_out, self.budget = scratch, {}, unzip.Budget()

    def files(self, folder):
        """(list of `File` that may be submissions, {folder: senders} as Gradescope names them)."""
        if folder.is_dir():
            files = self.listing(folder, ())
        elif is_zip(folder):
            files = self.unpacked(folder, ())
            files = [replace(f, parts=f.parts or (folder.name,)) for f in files]
        else:
            files = [File((folder.name,), folder)]
        senders = {}
        for file in files:
            if file.path is not None and file.parts[-1] == METADATA:
                for name, people in gradescope(file.path).items():
                    senders["/".join((*file.parts[:-1], name))] = tuple(people)
        kept = [self.kept(file) for file in files]
        return self.without_results([f for f in kept if f is not None]), senders

    def listing(self, folder, parts):
        """Every `File` below a folder; links are not followed, zips are looked into."""
        if len(parts) > DEEPEST_FOLDER:
            return [File(parts[:1], None, "folders in folders without end: hand in the notebook")]
        try:
            inside = sorted(os.scandir(folder), key=lambda e: os.fsencode(e.name))
        except OSError as error:
            return [File(parts or (folder.name,), None, unreadable(error))]
        files = [] if inside or not parts else [File(parts, None)]  # an empty folder is a row
        for entry in inside:
            place, path = (*parts, entry.name), Path(entry.path)
            try:
                if entry.is_symlink():
                    files.append(File(place, None, "this is a link, not a file"))
                elif entry.is_dir():
                    files += self.below(path, place)
                elif not entry.is_file():
                    files.append(File(place, None, "this is neither a file nor a folder"))
                elif is_zip(path):
                    files += self.unpacked(path, place)
                else:
                    files.append(File(place, path))
            except OSError as error:
                files.append(File(place, None, unreadable(error)))
        return files

    def below(self, path, place):
        """The files of a folder, unless the whole of it is no submission."""
        why = FOLDERS.get(place[-1], "")
        if self.out is not None and path.resolve() == self.out:
            why = "the results' own folder"
        elif (path / "run.json").is_file() and (path / "records").is_dir():
            why = "results of an earlier run"
        elif (path / "pyvenv.cfg").is_file():
            why = "a virtual environment"
        if why:
            self.left_out["/".join(place)] = why
            return [File(place[:-1], None)] if place[:-1] else []
        return self.listing(path, place)

    def unpacked(self, path, place, depth=0):
        """The files of a zip, below its own name; one that is damaged is one `File`."""
        try:
            inside = unzip.members(path, self.scratch, self.budget, wanted)
        except unzip.BadZip as error:
            return [File(place, None, str(error))]
        homes, files = homes_in([parts for parts, *_ in inside]), []
        for parts, file, why in inside:
            where = (*place, *parts)
            home = next((parts[:k] for k in range(1, len(parts)) if parts[:k] in homes), None)
            if home is not None:
                self.left_out["/".join((*place, *home))] = homes[home]
                files += [File((*place, *home[:-1]), None)] if home[:-1] else []
            elif file is not None and parts[-1].lower().endswith(".zip"):
                if depth < unzip.DEEPEST:
                    files += self.unpacked(file, where, depth + 1)
                else:
                    files.append(File(where, None, "zips in zips in zips: unpack them first"))
            elif parts:
                files.append(File(where, file, why))
        return files or [File(place, None, "the archive is empty")]

    def kept(self, file):
        """A file that may be a submission, the bare folder of one that is none, or None.

        So a folder in which nothing is left is still there, to become a row.
        """
        *above, name = file.parts
        why = next((FOLDERS[n] for n in file.parts if n in FOLDERS), "")
        if not why and (name.startswith("._") or (name[0] == "." and not is_notebook(name))):
            why = "a hidden file of the system"
        if not why and (file.path or file.why) and PAPERS.fullmatch(name):
            why = "" if systems.sender_of(name) else "not a notebook"
        if not why:
            return file
        cut = next((k for k, n in enumerate(file.parts) if n in FOLDERS), len(above))
        self.left_out["/".join(file.parts[: cut + 1])] = why
        return File(file.parts[:cut], None) if cut else None

    def without_results(self, files):
        """Leave out folders called results and the like that hold no notebook."""
        with_work = {f.parts[0] for f in files if is_notebook(f.parts[-1])}
        none = {f.parts[0] for f in files if f.parts[0].lower() in RESULTS} - with_work
        self.left_out.update(dict.fromkeys(none, "no notebook in it"))
        return [f for f in files if f.parts[0] not in none]


def homes_in(places):
    """{folder of an archive: why it is no submission}, by what lies in it."""
    inside = {parts[:k] for parts in places for k in range(1, len(parts) + 1)}
    homes = {}
    for parts in inside:
        if parts[-1] == "pyvenv.cfg":
            homes[parts[:-1]] = "a virtual environment"
        elif parts[-1] == "run.json" and (*parts[:-1], "records") in inside:
            homes[parts[:-1]] = "results of an earlier run"
    return homes


def wanted(parts):
    """Is a member of an archive worth unpacking?"""
    name = parts[-1]
    if any(p in FOLDERS for p in parts) or name.startswith("._"):
        return False
    return is_notebook(name) or name == METADATA or name.lower().endswith(".zip")


def gradescope(path):
    """The senders by folder; a file that cannot be read names none."""
    try:
        return systems.gradescope_senders(path.read_bytes())
    except OSError:
        return {}


def is_zip(path):
    """By its first bytes, not by its name."""
    try:
        with path.open("rb") as stream:
            return stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError:
        return False


def unreadable(error):
    """The reason of a row whose file the system does not give out."""
    return f"it cannot be read: {error.strerror or error}"


def with_senders(entry, senders):
    """An entry with what the download says about its sender."""
    for folder, people in senders.items():
        if f"/{folder}".endswith(f"/{entry.name}"):
            return replace(entry, senders=people)
    said = next(filter(None, map(systems.sender_of, reversed(entry.name.split("/")))), None)
    return replace(entry, senders=(said,)) if said else entry
