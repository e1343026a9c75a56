"""What makes a recorded result stale, and what does not; with the name of what changed."""

import ast
from pathlib import Path

import pytest

from course_utils import ledger
from course_utils.lab import catalogue, dependencies, running
from course_utils.lab.source_code import canonical

FILES = {
    "__init__.py": "",
    "lab/__init__.py": "",
    "lab/solving.py": '''
"""Train until solved."""

import numpy as np

LIMIT = 3


def train(step):
    """Call step."""
    # as often as it takes
    return helper(step) + np.pi


def helper(step):
    return step * LIMIT


def other(step):
    return 0
''',
    "lab/nets.py": "class Base:\n    seeds: tuple = (0, 1)\n",
    "tasks/__init__.py": "from course_utils.tasks.adding import Adding\n",
    "tasks/adding.py": "class Adding:\n    def sample(self):\n        return 1\n",
    "torch_nn/__init__.py": "from course_utils.torch_nn.recurrent import Recurrent\n",
    "torch_nn/recurrent.py": """
class Recurrent:
    def forward(self, x):
        return x

    def reset_parameters(self):
        return 0.1
""",
    "timing.py": "def interleave(ways):\n    return ways\n",
    "numpy_nn/__init__.py": "def unroll(key):\n    return 1\n",
    "experiments/__init__.py": "",
    "experiments/lstm/__init__.py": "",
    "experiments/lstm/gates/__init__.py": "",
    "experiments/lstm/gates/adding.py": '''
from dataclasses import dataclass

from course_utils import numpy_nn, torch_nn
from course_utils.lab.nets import Base
from course_utils.lab.solving import train
from course_utils.tasks import Adding

NETS = ("lstm_peephole",)


@dataclass(frozen=True)
class Config(Base):
    """Settings."""

    updates: int = 10**3
    nets: tuple = NETS


QUICK = Config(updates=3)


def run(config, progress=iter):
    return {"rate": one(config)}


def one(config):
    assert isinstance(config, (Base, Config))
    return train(Adding().sample()) + numpy_nn.unroll("gru") + torch_nn.Recurrent(3)


def unused():
    return None
''',
    "experiments/lstm/gates/clock.py": """
from course_utils.timing import interleave


class Config:
    pass


def run(config, progress=iter):
    return interleave([])
""",
}
EQUATIONS = {"lstm": "h = 1", "lstm_peephole": "h = 2", "gru": "h = 3"}
VERSIONS = {"numpy": "2.4.6", "torch": "2.13.0+cpu", "python": "3.11.7", "scikit-learn": "1.9.1"}
HOME = "experiments/lstm/gates/adding.py"
CONFIG = {"seeds": [0, 1], "updates": 1000, "nets": ["lstm_peephole"]}


def write(folder, **changed):
    for name, text in {**FILES, **changed}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return dependencies.Sources(folder)


@pytest.fixture
def record(tmp_path):
    code = dependencies.hashes("adding", CONFIG, {}, write(tmp_path), EQUATIONS)
    return {
        "experiment": "adding", "config": CONFIG, "values": {}, "versions": VERSIONS, "code": code
    }  # fmt: skip


def reasons(record, sources, equations=EQUATIONS, versions=VERSIONS):
    return dependencies.reasons(record, sources, equations, versions.get)


def replaced(name, old, new):
    assert old in FILES[name]
    return {name: FILES[name].replace(old, new)}


def test_what_is_followed(record):
    """Functions by name through modules and re-exports, cells by key, and how torch draws."""
    assert sorted(record["code"]) == [
        "equations of gru", "equations of lstm_peephole",
        "experiments.lstm.gates.adding.one", "experiments.lstm.gates.adding.run",
        "lab.solving.LIMIT", "lab.solving.helper", "lab.solving.train",
        "tasks.adding.Adding", "torch_nn.recurrent.Recurrent",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {},
        replaced("lab/solving.py", "# as often as it takes", "# or more often"),
        replaced("lab/solving.py", '"""Call step."""', '"""Call step until it is done."""'),
        replaced("lab/solving.py", '"""Call step."""', ""),
        replaced("lab/solving.py", "(step):", "(step: float) -> float:"),
        replaced("lab/solving.py", "step * LIMIT", "(step   *  LIMIT\n    )"),
        replaced("lab/solving.py", "    return 0\n", "    return 1\n"),
        replaced("torch_nn/recurrent.py", "return x", "return x * 1.0"),
        replaced("numpy_nn/__init__.py", "return 1", "return 2 - 1"),
        replaced(HOME, "def unused():\n    return None", "def unused():\n    return 4"),
        replaced(HOME, "QUICK = Config(updates=3)", "QUICK = Config(updates=4)"),
        replaced(HOME, '"""Settings."""', '"""All of them."""'),
    ],
)
def test_what_changes_nothing(record, tmp_path, changed):
    assert reasons(record, write(tmp_path, **changed)) == []


@pytest.mark.parametrize(
    "changed, said",
    [
        (replaced("lab/solving.py", "+ np.pi", "- np.pi"), ["lab.solving.train changed"]),
        (replaced("lab/solving.py", "LIMIT = 3", "LIMIT = 4"), ["lab.solving.LIMIT changed"]),
        (replaced("tasks/adding.py", "return 1", "return 2"), ["tasks.adding.Adding changed"]),
        (
            replaced("torch_nn/recurrent.py", "0.1", "0.2"),
            ["torch_nn.recurrent.Recurrent changed"],
        ),
        (
            replaced("lab/solving.py", "return helper(step)", "return other(step)"),
            ["lab.solving.train changed", "lab.solving.LIMIT is used no more",
             "lab.solving.helper is used no more", "lab.solving.other is new"],
        ),
        (replaced(HOME, "10**3", "2000"), ["config.updates 1000 → 2000"]),
        (replaced("lab/nets.py", "= (0, 1)", "= (0,)"), ["config.seeds [0, 1] → [0]"]),
    ],
)  # fmt: skip
def test_what_changed_is_named(record, tmp_path, changed, said):
    assert reasons(record, write(tmp_path, **changed)) == said


def test_the_text_of_code_is_the_same_in_every_python():
    """What 3.11, 3.12 and 3.13 parse alike is written alike, whatever fields a version adds."""
    code = "def f(a: int, *b, c=None) -> str:\n    'doc'\n    return f'{a!r:>4}' + x[1:]"
    assert canonical(ast.parse(code)) == (
        "Module(body=[FunctionDef(name='f',args=arguments(args=[arg(arg='a')],"
        "vararg=arg(arg='b'),kwonlyargs=[arg(arg='c')],kw_defaults=[Constant()]),"
        "body=[Return(value=BinOp(left=JoinedStr(values=[FormattedValue(value=Name(id='a'),"
        "conversion=114,format_spec=JoinedStr(values=[Constant(value='>4')]))]),op=Add(),"
        "right=Subscript(value=Name(id='x'),slice=Slice(lower=Constant(value=1)))))])])"
    )


def test_a_function_that_only_moved_changes_nothing(record, tmp_path):
    text = FILES["lab/solving.py"]
    moved = text.replace("import numpy", "from course_utils.lab.more import helper\nimport numpy")
    start, end = moved.index("def helper"), moved.index("def other")
    more = "from course_utils.lab.solving import LIMIT\n\n\n" + moved[start:end]
    changed = {"lab/solving.py": moved[:start] + moved[end:], "lab/more.py": more}
    assert reasons(record, write(tmp_path, **changed)) == []


def test_a_cell_that_changed_is_named(record, tmp_path):
    sources = write(tmp_path)
    for key, said in {"lstm_peephole": 1, "gru": 1, "lstm": 0}.items():
        found = reasons(record, sources, EQUATIONS | {key: "h = 9"})
        assert found == [f"equations of {key} changed"][:said]


def test_a_library_that_changed_is_named(record, tmp_path):
    """Those that reached code imports; what follows a plus is a build, not a version."""
    newer = VERSIONS | {"numpy": "2.4.7", "torch": "2.13.0", "python": "3.13", "scikit-learn": "9"}
    assert reasons(record, write(tmp_path), versions=newer) == ["numpy 2.4.6 → 2.4.7"]
    newer["torch"] = "2.14.0"
    found = reasons(record, write(tmp_path), versions=newer)
    assert found == ["numpy 2.4.6 → 2.4.7", "torch 2.13.0+cpu → 2.14.0"]


def test_a_result_that_is_a_time_depends_on_the_kernels(tmp_path):
    sources = write(tmp_path)
    before = dependencies.hashes("clock", {}, {}, sources, EQUATIONS)
    changed = replaced("torch_nn/recurrent.py", "return x", "return x * 1.0")
    after = dependencies.hashes("clock", {}, {}, write(tmp_path, **changed), EQUATIONS)
    assert dependencies.differences(before, after) == ["kernels of torch_nn changed"]


def test_a_time_depends_on_the_files_of_the_cells_that_it_names_alone(tmp_path):
    config = {"key": "lstm"}
    with_cell = {"torch_nn/cells/lstm.py": "def step(x):\n    return x\n"}
    before = dependencies.hashes("clock", config, {}, write(tmp_path, **with_cell), EQUATIONS)
    other = with_cell | {"torch_nn/cells/gru.py": "def step(x):\n    return x\n"}
    after = dependencies.hashes("clock", config, {}, write(tmp_path, **other), EQUATIONS)
    assert dependencies.differences(before, after) == []
    own = {"torch_nn/cells/lstm.py": "def step(x):\n    return x * 1.0\n"}
    after = dependencies.hashes("clock", config, {}, write(tmp_path, **own), EQUATIONS)
    assert dependencies.differences(before, after) == ["kernels of torch_nn changed"]


def test_a_result_without_hashes_says_so(record, tmp_path):
    del record["code"]
    assert reasons(record, write(tmp_path)) == ["recorded before code was hashed"]


@pytest.mark.parametrize("name", running.names())
def test_settings_are_read_as_they_are_imported(name):
    sources = dependencies.Sources(Path(dependencies.course_utils.__file__).parent)
    found = dependencies.settings(sources, name)
    assert found == running.plain(running.load(name).Config())


def test_settings_are_read_without_import(monkeypatch):
    """So `course stale` needs no torch: every Config is made of plain values."""
    monkeypatch.delattr(catalogue, "load")
    sources = dependencies.Sources(Path(dependencies.course_utils.__file__).parent)
    for name in ledger.recorded():
        assert dependencies.settings(sources, name)
