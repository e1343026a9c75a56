"""Prepare a release: ``make release VERSION=1.2.3``.

Refuses what would lead readers nowhere (a placeholder address, work that is not committed, a
version that is no step forward, nothing to tell), writes the version where it stands, pins install
lines and Colab's buttons to the tag, runs all that CI runs, and writes the notes.  It commits
nothing: what to do next is printed.
"""

import argparse
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import yaml

import address
from course_utils.files import write

ROOT = Path(__file__).parents[2]
VERSION = re.compile(r"\d+\.\d+\.\d+")
UNRELEASED = re.compile(r"^## Unreleased\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
NEXT = """
{version} is prepared; the notes are in {notes}.  Look at them and at `git diff`, then:

    git commit --all --message "Release {version}"
    git tag v{version}
    git push --follow-tags

and set `branch: main` in _config.yml again for what comes after, with `make notebooks derive`.
"""


class NotReady(Exception):
    """Why there is nothing to release; the message names the remedy."""


def git(root, *words):
    """What git says."""
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def step(version):
    """1.10.0 as (1, 10, 0)."""
    return tuple(int(part) for part in version.split("."))


def check(root, version):
    """The changelog's text for this version, or `NotReady`."""
    if not VERSION.fullmatch(version):
        raise NotReady(f"VERSION={version!r} is not of the form 1.2.3")
    said = yaml.safe_load((root / "_config.yml").read_text("utf-8"))["repository"]
    if address.Address(said["url"]).is_placeholder:
        raise NotReady(
            "repository.url in _config.yml is a placeholder: set it, make notebooks derive"
        )
    if git(root, "status", "--porcelain"):
        raise NotReady("there are changes that are not committed: commit or stash them")
    before = re.search(r'^version = "(.+)"', (root / "pyproject.toml").read_text("utf-8"), re.M)[1]
    tags = git(root, "tag", "--list", "v*").split()
    if f"v{version}" in tags or step(version) < step(before):
        raise NotReady(f"version {version} is no step forward: {before} is written, tags: {tags}")
    found = UNRELEASED.search((root / "CHANGELOG.md").read_text("utf-8"))
    if not found or not found[1].strip():
        raise NotReady("CHANGELOG.md says nothing under Unreleased")
    return found[1].strip() + "\n"


def change(path, pattern, new):
    """Replace the one place of a file that the pattern finds."""
    text, count = re.subn(pattern, new, path.read_text("utf-8"), flags=re.MULTILINE)
    if count != 1:
        raise NotReady(f"{path.name}: {count} places look like {pattern!r}, expected one")
    write(path, text)


def prepare(root, version, today, run):
    """Write the version, pin, build anew, run everything; the path of the notes.

    run: called with the words of each command; raises where one fails.
    """
    notes = check(root, version)
    change(root / "pyproject.toml", r'^version = ".+"', f'version = "{version}"')
    change(root / "CITATION.cff", r"^version: .+", f"version: {version}")
    change(root / "_config.yml", r"^  branch: \S+", f"  branch: v{version}")
    change(root / "CHANGELOG.md", r"^## Unreleased$", f"## Unreleased\n\n## {version}, {today}")
    run("make", "install")
    run("make", "notebooks", "derive")
    run(".ci/run")
    return write(root / "_build" / "release-notes.md", f"# {version}\n\n{notes}")


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("version")
    version = parser.parse_args(words).version
    try:
        notes = prepare(ROOT, version, date.today().isoformat(),
                        lambda *words: subprocess.run(words, cwd=ROOT, check=True))  # fmt: skip
    except NotReady as why:
        sys.exit(f"no release: {why}")
    except subprocess.CalledProcessError as error:
        sys.exit(
            f"no release: {' '.join(error.cmd)} failed; `git restore .` takes the changes back"
        )
    print(NEXT.format(version=version, notes=notes))


if __name__ == "__main__":
    main()
