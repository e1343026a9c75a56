"""Make the notebooks from the chapters: run the builder with execution off, then replace a folder.

usage: python book/_ext/lower.py WORK TARGET [--root ROOT]

WORK keeps Sphinx's own files; TARGET (``notebooks/`` in the repository) holds afterwards exactly
the notebooks of the present table of contents.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path


def build(root, work):
    """Run Sphinx; returns the folder that holds the notebooks, or exits with its output."""
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(root)]
    command += ["--builder", "custom", "--custom-builder", "notebooks"]
    command += ["--path-output", str(work), "-W", "-n", "--keep-going", "--all"]
    environment = os.environ | {"UNROLLED_EXECUTE": "off"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return Path(work, "_build", "notebooks", "notebooks")


def replace(made, target):
    """Copy what changed into target, delete what is gone; returns the names of the former."""
    new = {path.relative_to(made): path.read_bytes() for path in sorted(made.rglob("*.ipynb"))}
    old = {path.relative_to(target): path.read_bytes() for path in target.rglob("*.ipynb")}
    for name in old.keys() - new.keys():
        (target / name).unlink()
    changed = sorted(name for name, text in new.items() if old.get(name) != text)
    for name in changed:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        draft = (target / name).with_suffix(".part")
        draft.write_bytes(new[name])
        draft.replace(target / name)
    return changed


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--root", type=Path, default=Path.cwd())
    options = parser.parse_args(arguments)
    shutil.rmtree(options.work, ignore_errors=True)
    options.target.mkdir(parents=True, exist_ok=True)
    changed = replace(build(options.root, options.work.absolute()), options.target)
    total = len(list(options.target.rglob("*.ipynb")))
    print(f"{total} notebooks in {options.target}, {len(changed)} changed")
    for name in changed:
        print(f"  {name}")


if __name__ == "__main__":
    main()
