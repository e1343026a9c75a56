"""A wheel, installed where no checkout is near, brings its claims, results and assets along."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import course_utils
from course_utils import ledger

ROOT = Path(__file__).parents[2]
PACKAGE = Path(course_utils.__file__).parent
ASK = """
import json
from pathlib import Path
import course_utils
from course_utils import ledger
root = Path(course_utils.__file__).parent
claim = ledger.claims()[0]
print(json.dumps({
    "where": str(root),
    "claims": sorted(c.id for c in ledger.claims()),
    "verdicts": all(c.verdict == c.recomputed for c in ledger.claims()),
    "results": ledger.recorded(),
    "files": sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()
                    and p.suffix not in (".py", ".pyc")),
}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """What a Python says that has the unpacked wheel in place of the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    # a copy, so that a build leaves nothing beside the sources and takes nothing stale from there
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "src",
         "pyproject.toml", "README.md"],
        cwd=ROOT, capture_output=True, check=True,
    ).stdout.decode().split("\0")  # fmt: skip
    for name in filter(None, files):
        if (ROOT / name).is_file():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    offline = ["--no-deps", "--no-index"]
    subprocess.run(
        [*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", folder, source], check=True
    )
    [wheel] = folder.glob("*.whl")
    site = folder / "site"
    subprocess.run([*pip, "install", *offline, "--target", site, wheel], check=True)
    start = f"import sys; sys.path.insert(0, {str(site)!r})\n"
    said = subprocess.run(
        [sys.executable, "-I", "-c", start + ASK], cwd=folder, capture_output=True, check=True
    )
    return json.loads(said.stdout) | {"site": str(site)}


def data_files():
    kinds = ("ledger/claims/*/*.yml", "ledger/results/*/*/*.json", "figures/assets/*",
             "grading/public/*.json")  # fmt: skip
    return sorted(p.relative_to(PACKAGE).as_posix() for kind in kinds for p in PACKAGE.glob(kind))


@pytest.mark.slow
def test_an_installed_copy_has_every_claim_and_result(installed):
    assert installed["where"].startswith(installed["site"])
    assert installed["claims"] == sorted(claim.id for claim in ledger.claims())
    assert installed["results"] == ledger.recorded()
    assert installed["verdicts"]


@pytest.mark.slow
def test_an_installed_copy_has_every_file_that_is_no_code(installed):
    assert set(data_files()) <= set(installed["files"])
    for room in ("ledger/claims", "ledger/results", "figures/assets"):
        assert any(name.startswith(room) for name in installed["files"])


@pytest.mark.slow
def test_fonts_come_from_where_they_are_published(installed):
    """The book takes the font of formulas from MathJax's package; the wheel holds none."""
    fonts = (".woff", ".woff2", ".ttf", ".otf")
    assert not [name for name in installed["files"] if name.endswith(fonts)]
    for name in installed["files"]:
        if name.endswith((".css", ".js")):
            text = (Path(installed["where"]) / name).read_text("utf-8")
            assert "@font-face" not in text and ";base64," not in text, name


@pytest.mark.slow
def test_no_kind_of_data_file_is_forgotten(installed):
    """Whatever is no code in the package's folders is in the wheel."""
    here = subprocess.run(
        ["git", "ls-files", "-z", "src/course_utils"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode().split("\0")  # fmt: skip
    data = {Path(n).relative_to("src/course_utils").as_posix() for n in here if n
            and not n.endswith(".py")}  # fmt: skip
    assert data <= set(installed["files"])
