"""A release is prepared from a repository of four files, with every command only written down."""

import subprocess

import pytest

import release

FILES = {
    "pyproject.toml": '[project]\nversion = "0.9.0"\n',
    "CITATION.cff": "title: x\nversion: 0.9.0\n",
    "_config.yml": "repository:\n  url: https://github.com/someone/course\n  branch: main\n",
    "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n- A chapter.\n\n## 0.9.0\n\n- The first.\n",
}


@pytest.fixture
def root(tmp_path):
    """The four files, committed."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    commit(tmp_path, "init", "-q")
    return tmp_path


def commit(root, *first):
    """All files as they are."""
    if first:
        subprocess.run(["git", *first], cwd=root, check=True)
    subprocess.run(["git", "add", "--all"], cwd=root, check=True)
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", *who, "commit", "-qm", "x"], cwd=root, check=True)


def test_a_release_pins_everything_to_its_tag(root):
    commands = []
    notes = release.prepare(root, "1.0.0", "2026-11-28", lambda *words: commands.append(words))
    assert notes.read_text() == "# 1.0.0\n\n- A chapter.\n"
    assert 'version = "1.0.0"' in (root / "pyproject.toml").read_text()
    assert "version: 1.0.0" in (root / "CITATION.cff").read_text()
    assert "branch: v1.0.0" in (root / "_config.yml").read_text()
    assert (
        "## Unreleased\n\n## 1.0.0, 2026-11-28\n\n- A chapter."
        in (root / "CHANGELOG.md").read_text()
    )
    assert commands == [("make", "install"), ("make", "notebooks", "derive"), (".ci/run",)]


@pytest.mark.parametrize(
    "name, old, new, version, said",
    [
        ("_config.yml", "someone/course", "OWNER/REPO", "1.0.0", "is a placeholder"),
        ("CHANGELOG.md", "- A chapter.\n", "", "1.0.0", "says nothing under Unreleased"),
        ("pyproject.toml", "0.9.0", "1.10.0", "1.9.0", "is no step forward"),
        ("pyproject.toml", "0.9.0", "0.8.0", "1.0", "not of the form"),
    ],
)
def test_what_would_lead_nowhere_is_refused(root, name, old, new, version, said):
    path = root / name
    path.write_text(path.read_text().replace(old, new))
    commit(root)
    with pytest.raises(release.NotReady, match=said):
        release.prepare(root, version, "2026-11-28", lambda *words: None)


def test_a_tag_is_given_once_and_only_to_what_is_committed(root):
    (root / "more.txt").write_text("x")
    with pytest.raises(release.NotReady, match="not committed"):
        release.check(root, "1.0.0")
    commit(root)
    subprocess.run(["git", "tag", "v1.0.0"], cwd=root, check=True)
    with pytest.raises(release.NotReady, match="no step forward"):
        release.check(root, "1.0.0")
