"""Small books for the tests of the engine: the project's own configuration, pages of their own."""

import os
import shutil
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "tests" / "site" / "pages"
GLOSSARY = "# Glossary\n\n:::{glossary}\ngate\n  A number that multiplies.\n:::\n"
BIBLIOGRAPHY = "# Bibliography\n\n```{bibliography}\n```\n"
BIBTEX = (
    "@article{hochreiter1997, author={Hochreiter, Sepp and Schmidhuber, Jürgen}, year={1997},"
    " title={Long Short-Term Memory}, journal={Neural Computation}}\n"
)
HEADER = """---
jupytext:
  text_representation:
    format_name: myst
kernelspec:
  name: python3
  display_name: Python 3
  language: python
---

"""
# a book on someone's machine or in someone's CI must come out the same
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "UNROLLED_"))}


def write_book(root, chapters, **execute):
    """A book of the given chapters, {"part/name": text or a file to copy}; returns its root.

    Neighbours that share the part's name stand in one part of the table of contents.
    execute overrides ``execute`` of _config.yml, for example timeout=2.
    """
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    config["execute"] |= execute
    extensions = config["sphinx"]["local_extensions"]
    config["sphinx"]["local_extensions"] = dict.fromkeys(extensions, str(ROOT / "book/_ext"))
    config["sphinx"]["config"]["html_static_path"] = [str(ROOT / "book" / "_static")]
    config["sphinx"]["config"]["templates_path"] = [str(ROOT / "book" / "_templates")]
    toc = {
        "format": "jb-book",
        "root": "book/intro",
        "parts": [
            *(
                {
                    "caption": part,
                    "numbered": True,
                    "chapters": [{"file": f"book/{name}"} for name in group],
                }
                for part, group in groupby(chapters, key=lambda name: name.split("/")[0])
            ),
            {
                "caption": "Reference",
                "chapters": [
                    {"file": "book/reference/glossary"},
                    {"file": "book/reference/bibliography"},
                ],
            },
        ],
    }
    files = {
        "_config.yml": yaml.safe_dump(config),
        "_toc.yml": yaml.safe_dump(toc),
        "book/intro.md": "# A small book\n",
        "book/reference/glossary.md": GLOSSARY,
        "book/reference/bibliography.md": BIBLIOGRAPHY,
        "book/references.bib": BIBTEX,
    }
    files |= {f"book/{name}.md": text for name, text in chapters.items()}
    for name, text in files.items():
        path = Path(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, Path):
            shutil.copy(text, path)
        else:
            path.write_text(text, encoding="utf-8")
    return Path(root)


def run(*command, cwd):
    """Run a command of the engine; returns (exit status, everything it printed)."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout


def execute(root):
    """The first half of ``make book``."""
    return run(sys.executable, ROOT / "book/_ext/execute.py", root, cwd=root)


def build(root):
    """The second half of ``make book``."""
    options = ("-W", "-n", "--keep-going", "--quiet")
    return run(Path(sys.executable).with_name("jupyter-book"), "build", root, *options, cwd=root)


def lower(root, target):
    """``make notebooks``."""
    return run(
        sys.executable, ROOT / "book/_ext/lower.py", root / "work", target, "--root", root, cwd=root
    )
