"""Files that are whole or not there, under names that no submission can choose."""

import hashlib
import os
import unicodedata
from collections import Counter
from urllib.parse import quote


def write(path, text):
    """Write a file by way of a temporary name, which does not stay when the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, "utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def file_names(names):
    """{submission's name: the stem of its files}: safe to use as a path, and all distinct.

    Distinct even where the file system folds case or Unicode forms: names that differ in nothing
    else carry a hash of their bytes.
    """
    plain = {name: file_name(name) for name in names}
    folded = Counter(unicodedata.normalize("NFKC", shown(name)).casefold() for name in plain)
    clash = {n for n in plain if folded[unicodedata.normalize("NFKC", shown(n)).casefold()] > 1}
    return {name: hashed(name) if name in clash else stem for name, stem in plain.items()}


def file_name(name):
    """One name as the stem of a file: no path, no odd character, not hidden, not too long."""
    safe = quote(raw(name), safe=" ()+,").replace("~", "%7E")
    if safe.startswith((".", " ")):
        safe = f"%{ord(safe[0]):02X}{safe[1:]}"
    return safe if 0 < len(safe) <= 120 else hashed(name)


def hashed(name):
    """The beginning of a name and a hash of it; no other name's stem holds a tilde."""
    digest = hashlib.sha256(raw(name)).hexdigest()[:16]
    return f"{quote(raw(name), safe='').replace('~', '%7E').lstrip('.')[:90]}~{digest}"


def raw(name):
    """A name's bytes as the file system has them; of one that it cannot have, any bytes."""
    try:
        return os.fsencode(name)
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogatepass")


def shown(name):
    r"""A name as text that every file can hold: bytes that are not UTF-8 as \xe9."""
    return raw(name).decode("utf-8", "backslashreplace")
