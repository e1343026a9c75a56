"""Execute the chapters that changed, two at a time, into the cache that the Sphinx build reads.

usage: python book/_ext/execute.py [ROOT]

Sphinx would execute one after the other and say little.  Here each finished chapter prints a line,
and one that fails prints chapter, cell and the end of the traceback.  Text on stderr is a failure
too: a warning in a chapter is a defect.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.readers import NbReadError
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from cache_key import cache_folder, forget_old

READER = {"name": "myst_nb_md", "type": "plugin"}
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
LAST_LINES = 15
UNREAD = """
A caption with a colon or a number sign begins on a line of its own:
    :caption: >
    :  Two things: the first and the second."""
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Failure:
    """What went wrong in a chapter: cell counts code cells from 1, or None."""

    chapter: str
    cell: int | None
    source: str
    why: str

    def __str__(self):
        where = f"{self.chapter}, code cell {self.cell}" if self.cell else self.chapter
        first = f" ({self.source.strip().splitlines()[0]})" if self.source.strip() else ""
        return f"FAILED {where}{first}\n{self.why}"


def chapters(root):
    """The files of the table of contents that hold code cells, in its order."""
    for name in _files(yaml.safe_load(Path(root, "_toc.yml").read_text("utf-8"))):
        path = Path(root, name).with_suffix(".md")
        if not path.exists():
            raise SystemExit(f"_toc.yml names {name}, but {path} does not exist")
        if "\n```{code-cell}" in path.read_text("utf-8"):
            yield path


def _files(node):
    if isinstance(node, list):
        for part in node:
            yield from _files(part)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in ("root", "file"):
                yield value
            else:
                yield from _files(value)


def execute(path, notebook, timeout):
    """Run every cell of a notebook in its chapter's folder; returns seconds and a Failure or None.

    The notebook is filled in place.
    """
    chapter = name_of(path)
    started = time.monotonic()
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,  # it writes into the cells, and the cache would not know them again
    )
    why = None
    try:
        # the kernel's own log is not the chapter's
        client.execute(stderr=subprocess.DEVNULL)
    except CellTimeoutError:
        why = f"a cell ran longer than {timeout} s (execute.timeout in _config.yml)"
    except DeadKernelError:
        why = "the kernel died"
    except CellExecutionError as error:
        why = "\n".join(COLOUR.sub("", str(error)).strip().splitlines()[-LAST_LINES:])
    seconds = time.monotonic() - started
    return seconds, _failure(chapter, notebook, why)


def _failure(chapter, notebook, why):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, 1):
        said = "".join(o.text for o in cell.outputs if o.get("name") == "stderr")
        if said:
            return Failure(chapter, number, cell.source, f"wrote to stderr:\n{said.strip()}")
    if why is None:
        return None
    run = [n for n, cell in enumerate(code, 1) if cell.get("execution_count") or cell.outputs]
    broken = [n for n, c in enumerate(code, 1) if any(o.output_type == "error" for o in c.outputs)]
    number = broken[0] if broken else (max(run, default=0) + 1)
    number = min(number, len(code))
    return Failure(chapter, number, code[number - 1].source, why)


def name_of(path):
    """book/lstm/gates.md -> lstm/gates."""
    return f"{path.parent.name}/{path.stem}"


def stale(cache, paths):
    """(path, notebook, uri) of the chapters without an up-to-date run in the cache."""
    for path in paths:
        record = cache.add_nb_to_project(str(path.absolute()), read_data=READER)
        try:
            if cache.get_cached_project_nb(record.pk) is None:
                yield path, cache.get_project_notebook(record.pk).nb, record.uri
        except NbReadError as error:
            raise SystemExit(f"FAILED {name_of(path)}: {error}{UNREAD}") from None


def run(root, workers, timeout):
    """Execute what is stale; returns the failures."""
    os.environ["UNROLLED_BOOK"] = "1"
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))  # else two chapters fight over two cores
    cache = get_cache(str(cache_folder(root)))
    paths = list(chapters(root))
    todo = list(stale(cache, paths))
    print(f"{len(paths)} chapters, {len(todo)} to execute", flush=True)
    failures = []
    with ThreadPoolExecutor(workers) as pool:
        jobs = {pool.submit(execute, p, nb, timeout): (p, nb, uri) for p, nb, uri in todo}
        for done, job in enumerate(as_completed(jobs), 1):
            path, notebook, uri = jobs[job]
            seconds, failure = job.result()
            if failure:
                failures.append(failure)
                print(failure, file=sys.stderr, flush=True)
                continue
            bundle = CacheBundleIn(notebook, uri, data={"execution_seconds": seconds})
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            line = f"executed {name_of(path)} in {seconds:.1f} s ({done} of {len(todo)})"
            print(line, flush=True)
    forget_old(root)
    return failures


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?", default=".", type=Path)
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args(arguments)
    config = yaml.safe_load((options.root / "_config.yml").read_text("utf-8"))
    failures = run(options.root, options.workers, config["execute"]["timeout"])
    if failures:
        names = ", ".join(f.chapter for f in failures)
        print(f"{len(failures)} chapters failed: {names}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
