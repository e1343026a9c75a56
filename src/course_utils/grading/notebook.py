"""Any file a student may hand in -> plain cells, or `Unreadable` with a reason for the student.

nbformat is not asked: it refuses or crashes on much that people and Colab do to their files.
"""

import json
import re
from dataclasses import dataclass

from course_utils.errors import UserError

LARGEST_FILE = 64 << 20
MOST_CELLS = 5_000
MOST_SOURCE = 100_000
MOST_CODE = 1_000_000


class Unreadable(UserError, ValueError):
    """The file holds no notebook; the message says why and what to do."""


@dataclass(frozen=True)
class FoundCell:
    """One cell of a submission: its source and what may identify it."""

    is_code: bool
    source: str
    cell_id: str = ""
    grade_id: str = ""
    cut: bool = False


def read_cells(data):
    """Bytes of a submission -> (list of FoundCell, notes for the student)."""
    if len(data) > LARGEST_FILE:
        raise Unreadable(f"the file is larger than {LARGEST_FILE >> 20} MB; clear its outputs")
    if not data.strip():
        raise Unreadable("the file is empty")
    text, notes = decode(data)
    try:
        raw = json.loads(text)
    except RecursionError:
        raise Unreadable("the file is nested too deeply to be a notebook") from None
    except ValueError as error:
        raise Unreadable(kind_of_file(data)) from error
    cells = cells_of(raw)
    if sum(len(cell.source) for cell in cells) > MOST_CODE:
        raise Unreadable("the notebook's cells hold more text than a whole book; shorten them")
    long = sum(cell.cut for cell in cells)
    if long:
        notes.append(f"{long} cells are longer than {MOST_SOURCE // 1000} kB and were left out.")
    return cells, notes


def decode(data):
    """UTF-8 with or without BOM, else UTF-16, else Latin-1; a note where it was not UTF-8."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:4].count(0) == 2:
        try:
            codec = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else guess_utf16(data)
            return data.decode(codec), ["The file was in UTF-16; it was converted."]
        except UnicodeDecodeError:
            raise Unreadable("the file is in no text encoding that notebooks use") from None
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return data.decode("latin-1"), ["The file was not in UTF-8; it was read as Latin-1."]


def guess_utf16(data):
    """UTF-16 without a mark: the zero of an ASCII letter tells the byte order."""
    return "utf-16-be" if data[0] == 0 else "utf-16-le"


def kind_of_file(data):
    """What a file that is not JSON most likely is."""
    head = data[:200].lstrip()
    if head.startswith(b"%PDF"):
        return "this is a PDF; hand in the .ipynb file itself"
    if head.startswith(b"PK"):
        return "this is a zip archive; hand in the .ipynb file itself"
    if head[:1] == b"<":
        return "this is a web page; download the notebook as .ipynb"
    if head[:1] == b"{":
        return "the notebook is cut off or damaged; save and download it again"
    return "this is not a notebook; hand in the .ipynb file itself"


def cells_of(raw):
    """Parsed JSON -> cells; formats 3 and 4 and what comes close."""
    if not isinstance(raw, dict):
        raise Unreadable("the file is JSON, but not a notebook")
    cells = raw.get("cells")
    sheets = raw.get("worksheets")
    if cells is None and isinstance(sheets, list):  # format 3
        cells = [
            cell
            for sheet in sheets
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
            for cell in sheet["cells"]
        ]
    if not isinstance(cells, list):
        raise Unreadable("the file is JSON, but it has no notebook cells")
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"the notebook has more than {MOST_CELLS} cells")
    return [found(cell) for cell in cells if isinstance(cell, dict)]


def found(cell):
    """One cell of foreign JSON as FoundCell; odd fields count as absent."""
    is_code = cell.get("cell_type") == "code"
    source = join(cell.get("source", cell.get("input", "")))
    long = len(source) > MOST_SOURCE  # a text cell may hold pictures
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    grader = metadata.get("nbgrader")
    grade_id = grader.get("grade_id") if isinstance(grader, dict) else None
    return FoundCell(
        is_code=is_code,
        source="" if long else clean(source),
        cell_id=text_or_none(cell.get("id")) or text_or_none(metadata.get("id")) or "",
        grade_id=text_or_none(grade_id) or "",
        cut=long and is_code,
    )


def join(source):
    """A cell's source: a text, or a list of lines."""
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def clean(source):
    """Line ends as Python likes them; characters that no file can hold replaced."""
    source = re.sub(r"\r\n?", "\n", source).replace("\x00", "")
    return source.encode("utf-8", "replace").decode("utf-8")


def text_or_none(value):
    """A short text, else None."""
    return value if isinstance(value, str) and 0 < len(value) <= 200 else None
