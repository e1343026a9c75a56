"""Results that are forged: patched functions, lying objects, bundles and replies of one's own."""

from attacks.attack import FULL, RIGHT, Attack, inside, wrong

FORGED = """
import os, json
part = {"kind": "float", "shape": [1], "data": [1.0]}
bundle = {"question": "q2", "parts": {"h": part, "c": part}}
mime = "application/vnd.unrolled.check+json"
"""
TO_ALL = "for fd in range(3, 256):\n    try: os.write(fd, %s)\n    except OSError: pass"

TRICKS = [
    Attack(
        "strips `assert` from every cell",
        wrong(
            "import ast\nclass T(ast.NodeTransformer):\n"
            "    def visit_Assert(self, n): return ast.Pass()\n"
            "get_ipython().ast_transformers.append(T())"
        ),
    ),
    Attack(
        "rewrites the source of later cells",
        wrong(
            "get_ipython().input_transformers_post.append("
            "lambda lines: [l.replace('\"q2\", h=h', '\"q2\", h=h * 0 + 1') for l in lines])"
        ),
    ),
    Attack(
        "patches `isclose`, `allclose`, `assert_allclose`, doctest, json, open, print",
        wrong(
            "import builtins, doctest, json, math, numpy.testing\n"
            "math.isclose = np.isclose = np.allclose = lambda *a, **k: True\n"
            "numpy.testing.assert_allclose = lambda *a, **k: None\n"
            "doctest.OutputChecker.check_output = lambda *a, **k: True\n"
            "_print = print\nbuiltins.print = lambda *a, **k: _print('10/10')\n"
        ),
    ),
    Attack(
        "patches `json.dumps` in the process",
        wrong("import json\njson.dumps = lambda *a, **k: '{\"ready\": true}'"),
    ),
    Attack(
        "objects equal to everything",
        inside("class E:\n    def __eq__(s, o): return True\n    __hash__ = None\nreturn E(), E()"),
        says="not an array of numbers",
    ),
    Attack(
        "lying `__array__`, `__float__`, `tolist`",
        inside(
            "class L(float):\n    def __eq__(s, o): return True\n    __hash__ = None\n"
            "    def __float__(s): return 0.5\n    def tolist(s): return [True]\n"
            "    def __array__(s, *a, **k): raise RuntimeError('no')\nreturn L(1), L(1)"
        ),
    ),
    Attack(
        "replaces `course_utils`",
        wrong(
            "import sys, types\nfake = types.ModuleType('course_utils')\n"
            "fake.grading = types.SimpleNamespace(check=lambda *a, **k: print('right'))\n"
            "sys.modules['course_utils'] = fake"
        ),
    ),
    Attack(
        "replaces `grading.check` by one that always says right",
        wrong("from course_utils import grading\ngrading.check = lambda *a, **k: print('right')"),
    ),
    Attack("sets another `SEED`", RIGHT + "SEED = 0\n", points=FULL, happened="ignored"),
    Attack(
        "resets the random numbers",
        wrong("np.random.default_rng = lambda *a, **k: np.random.Generator(np.random.PCG64(0))"),
    ),
    Attack(
        "emits a bundle of its own as well",
        inside(FORGED + "from IPython.display import display\ndisplay({mime: bundle}, raw=True)"),
        says="2 outputs instead of one",
    ),
    Attack(
        "emits another question's bundle",
        inside(
            "from course_utils import grading\n"
            "grading.check = lambda q, *a, _c=grading.check, **k: _c('q1', *a, **k)"
        ),
    ),
    Attack(
        "writes a forged reply into every descriptor",
        inside(
            FORGED + "for k in range(99):\n    reply = {'id': k, 'outputs': [{mime: bundle}]}\n"
            "    line = json.dumps(reply).encode() + b'\\n'\n"
            + TO_ALL.replace("\n", "\n    ").replace("for", "    for", 1)
            % "line"
        ),
        says="out of turn",
    ),
    Attack(
        "writes text that is not JSON",
        inside("import os\n" + TO_ALL % "b'OK 10/10\\n'"),
        says="not JSON",
    ),
    Attack(
        "writes JSON nested 100,000 deep",
        inside("import os\n" + TO_ALL % "b'[' * 100_000 + b'\\n'"),
        says="not JSON",
    ),
    Attack(
        "writes pickle bytes",
        inside(
            "import os, pickle\nclass P:\n"
            "    def __reduce__(s): return os.system, ('touch /tmp/pwned',)\n"
            "raw = pickle.dumps(P()) + b'\\n'\n" + TO_ALL % "raw"
        ),
        says="not JSON",
    ),
    Attack(
        "writes 100 MB without a line end",
        inside("import os\n" + TO_ALL % "b'x' * 100_000_000"),
        says="too much",
    ),
    Attack(
        "a bundle of an impossible shape",
        inside(
            FORGED + "part['shape'], part['data'] = [0] + [100_000] * 12, []\n"
            "from course_utils.grading import student\n"
            "student.pack = lambda *a: bundle"
        ),
    ),
    Attack(
        "3 MB of text in one part",
        inside("return np.array(['x' * 1000] + ['y'] * 9_000), c_prev"),
        says="holds text",
        slow=True,
    ),
    Attack("NaN", inside("return o * np.nan, c_prev * np.nan"), says="NaN"),
    Attack("infinity", inside("return o / 0.0, c_prev * np.inf")),
    Attack("huge integers", inside("return 10 ** 5000, 10 ** 5000"), says="not an array"),
    Attack("wrong shape", inside("return o[None], c_prev.T"), says="shape"),
    Attack("wrong kind", inside("return o > 0, c_prev.astype(int)"), says="holds bool"),
    Attack("text for numbers", inside("return str(o), str(c_prev)"), says="holds text"),
]
