"""Everything students' code may try, each with the points it must end with.

The solution is worth 3 + 2 + 3 + 2.  Unless it says otherwise, an attack replaces the answer to q2
by a wrong one with a payload, so an honest grader gives 3 + 0 + 3 + 2.
"""

from dataclasses import dataclass, field

HONEST = (2, 0, 2, 1, 1, 1, 1)
FULL = (2, 2, 2, 1, 1, 1, 1)
WRONG = "def state(i, f, g, o, c_prev):\n    return o, c_prev\n"


@dataclass(frozen=True)
class Attack:
    """q2: the payload; points: what each question must end with; says: a text the student reads.

    slow: takes seconds.  other: further answers by question.
    """

    title: str
    q2: str
    points: tuple = HONEST
    says: str = ""
    slow: bool = False
    other: dict = field(default_factory=dict)
    happened: str = ""


def wrong(payload):
    """A wrong answer, then the payload in the same cell."""
    return WRONG + payload


def inside(body):
    """The payload inside the function that the check calls."""
    lines = "\n".join(f"    {line}" for line in body.strip("\n").split("\n"))
    return f"def state(i, f, g, o, c_prev):\n{lines}\n    return o, c_prev\n"


RIGHT = "def state(i, f, g, o, c_prev):\n    c = f * c_prev + i * g\n    return o * np.tanh(c), c\n"

LOOPS = [
    Attack("syntax error", "def state(i, f:\n  return", says="Python cannot read it"),
    Attack("exception before the check", wrong("1 / 0"), says="ZeroDivisionError"),
    Attack("`input()`", inside("input('answer? ')"), says="EOFError"),
    Attack("endless loop", "while True:\n    pass", says="time limit", slow=True),
    Attack("endless loop in the function", inside("while True: pass"), says="time", slow=True),
    Attack(
        "loop that swallows every exception",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        says="time limit",
        slow=True,
    ),
    Attack("sleep", wrong("import time; time.sleep(3600)"), says="time limit", slow=True),
]

BOMBS = [
    Attack(
        "memory bomb",
        wrong("x = []\nwhile True: x.append(bytearray(100_000_000))"),
        says="MemoryError",
    ),
    Attack(
        "memory bomb that touches each page",
        wrong("x = []\nwhile True: x.append(b'x' * 50_000_000)"),
        says="MemoryError",
    ),
    Attack(
        "memory bomb of many processes",
        wrong(
            "import os, time\nfor _ in range(20):\n"
            "    if os.fork() == 0:\n        x = b'x' * 200_000_000\n        time.sleep(99)\n"
            "time.sleep(99)"
        ),
        says="while your answer ran",
        slow=True,
        happened="all its processes are ended, by their memory or their time",
    ),
    Attack(
        "fork bomb",
        wrong("import os, time\nfor _ in range(400):\n    if os.fork() == 0: time.sleep(99)"),
        says="BlockingIOError",
    ),
    Attack(
        "thread bomb",
        wrong(
            "import threading, time\nfor _ in range(400):\n"
            "    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()"
        ),
        says="RuntimeError: can't start new thread",
    ),
    Attack(
        "disk full",
        wrong("for k in range(99):\n    open(f'f{k}', 'wb').write(b'x' * 10_000_000)"),
        says="OSError",
    ),
    Attack(
        "memory behind descriptors (`memfd_create`)",
        wrong("import os\nfd = os.memfd_create('x')\nwhile True: os.write(fd, b'x' * 50_000_000)"),
        says="PermissionError",
        slow=True,
    ),
    Attack(
        "memory of System V (`shmget`)",
        inside(
            "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
            "done = [libc.shmget(k, 1 << 30, 0o1600) for k in range(1, 5)]\n"
            "raise RuntimeError(f'{done}')"
        ),
        says="[-1, -1, -1, -1]",
        slow=True,
    ),
    Attack(
        "memory in unread sockets of many processes",
        wrong(
            "import os, socket, time\nfor _ in range(20):\n    if os.fork() == 0:\n"
            "        pairs = [socket.socketpair() for _ in range(100)]\n        time.sleep(99)\n"
            "time.sleep(99)"
        ),
        says="while your answer ran",
        slow=True,
        happened="all its processes are ended, by their memory or their time",
    ),
    Attack(
        "every writable folder filled",
        wrong(
            "for place in ('/dev/shm', '/tmp', '.'):\n    try:\n        for k in range(99):\n"
            "            open(f'{place}/f{k}', 'wb').write(b'x' * 10_000_000)\n"
            "    except OSError: pass\nopen('f', 'wb').write(b'x' * 1_000_000)"
        ),
        says="OSError",
        slow=True,
    ),
    Attack("100 MB printed", wrong("print('x' * 100_000_000)")),
    Attack("a million small prints", wrong("for _ in range(1_000_000): print()"), slow=True),
    Attack(
        "20 MB displayed",
        wrong(
            "from IPython.display import display\n"
            "display({'text/plain': 'x' * 20_000_000}, raw=True)"
        ),
        says="too much output",
    ),
    Attack("deep recursion", inside("import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()")),
]

CRASHES = [
    Attack("`os._exit(0)`", wrong("import os; os._exit(0)"), says="process ended"),
    Attack("`os._exit(0)` in the function", inside("import os; os._exit(0)"), says="ended"),
    Attack("`sys.exit()`", wrong("import sys; sys.exit()")),
    Attack("SIGKILL to itself", inside("import os; os.kill(os.getpid(), 9)")),
    Attack("SIGKILL to everybody", inside("import os; os.kill(-1, 9)")),
    Attack("segmentation fault", inside("import ctypes; ctypes.string_at(0)"), says="ended"),
    Attack(
        "a process that survives",
        wrong("import subprocess\nsubprocess.Popen(['sleep', '7777'], start_new_session=True)"),
    ),
    Attack("`atexit` hook", wrong("import atexit, os; atexit.register(lambda: os._exit(0))")),
    Attack(
        "hook after each cell",
        wrong("get_ipython().events.register('post_run_cell', lambda *a: print('all right'))"),
    ),
]

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
        says="not a reply",
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
        points=(2, 0, 0, 0, 0, 0, 0),
        happened="the replacement emits nothing: it costs the attacker the later questions too",
    ),
    Attack(
        "replaces `grading.check` by one that always says right",
        wrong("from course_utils import grading\ngrading.check = lambda *a, **k: print('right')"),
        points=(2, 0, 0, 0, 0, 0, 0),
        happened="emits nothing: costs the attacker the later questions too",
    ),
    Attack("sets another `SEED`", RIGHT + "SEED = 0\n", points=FULL, happened="ignored"),
    Attack(
        "resets the random numbers",
        wrong("np.random.default_rng = lambda *a, **k: np.random.Generator(np.random.PCG64(0))"),
        points=(2, 0, 0, 0, 0, 0, 0),
        happened="other inputs, so other values: costs the later questions too",
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
        points=(2, 0, 0, 0, 0, 0, 0),
        says="belongs to another question",
        happened="refused; costs the later questions too",
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
        points=(2, 0, 0, 0, 0, 0, 0),
        says="cannot be read",
        happened="a part that cannot be read is wrong; costs the later questions too",
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

# What a thief finds, it raises; the error's text comes back to the test.
SEARCH = """
import os, re
found = []
for top in ("/", "/proc/1/root/", os.getcwd()):
    for folder, folders, files in os.walk(top):
        folders[:] = [d for d in folders if d not in ("proc", "sys", "usr", "lib", "site-packages")]
        for name in files:
            if name.endswith(".ipynb") or name in ("run.json", "grades.csv") or "secret" in name:
                found.append(os.path.join(folder, name))
"""
MEMORY = """
import os, re
read = 0
for pid in (p for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid()):
    try:
        open(f"/proc/{pid}/mem", "rb").read(1)
        read += 1
    except OSError:
        pass
try:
    parent = os.getppid()
    open(f"/proc/{parent}/maps").read()
    read += 1
except OSError:
    pass
raise RuntimeError(f"read {read} other processes, parent {parent}")
"""

THEFT = [
    Attack("looks for notebooks, seeds, grades",
           inside(SEARCH + "raise RuntimeError(f'got {found}')"),
           says="got []"),
    Attack("imports the reference implementation",
           inside("from course_utils import numpy_nn"), says="numpy_nn"),
    Attack("reads the package's public references",
           inside("import course_utils.grading as g, pathlib\n"
                  "there = (pathlib.Path(g.__file__).parent / 'public').exists()\n"
                  "raise RuntimeError(f'there: {there}')"), says="there: False"),
    Attack("reads the memory of other processes", inside(MEMORY), says="read 0 other processes"),
    Attack("looks at the environment",
           inside("import os\nraise RuntimeError(str(os.environ.get('COURSE_SECRET')))"),
           says="RuntimeError: None"),
    Attack("looks for open descriptors",
           inside("import os\nkinds = set()\nfor fd in range(3, 256):\n"
                  "    try: kinds.add(os.readlink(f'/proc/self/fd/{fd}').split(':')[0])\n"
                  "    except OSError: pass\nraise RuntimeError(f'open: {sorted(kinds)}')"),
           says="open: ['socket']"),
    Attack("writes outside its folder",
           inside("for place in ('/usr/x', '/etc/x', '/x', '/proc/sys/kernel/hostname'):\n"
                  "    try: open(place, 'w').write('x')\n    except OSError: continue\n"
                  "    raise RuntimeError('wrote ' + place)\nraise RuntimeError('wrote nothing')"),
           says="wrote nothing"),
    Attack("connects to the network",
           inside("import socket\nsocket.create_connection(('127.0.0.1', 22), 2)"), says="OSError"),
    Attack("calls `mount`, `unshare`, `ptrace`",
           inside("import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
                  "done = [libc.unshare(0x10000000), libc.mount(b'a', b'/tmp', b'tmpfs', 0, None),"
                  " libc.ptrace(0, 0, 0, 0)]\nraise RuntimeError(f'{done}')"),
           says="[-1, -1, -1]"),
    Attack("makes a user namespace by `clone` and `clone3`",
           inside("import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
                  "done = [libc.syscall(56, 0x10000011, 0, 0, 0, 0), libc.syscall(435, 0, 0)]\n"
                  "raise RuntimeError(f'{done}')"), says="[-1, -1]", slow=True),
    Attack("opens sockets to the kernel and to virtual machines",
           inside("import socket\nfound = []\nfor family in (10, 16, 17, 38, 40):\n"
                  "    try: found.append(socket.socket(family, socket.SOCK_DGRAM))\n"
                  "    except OSError: pass\nraise RuntimeError(f'{len(found)} open')"),
           says="0 open", slow=True),
    Attack("tells the secret seed in an error",
           inside("raise ValueError(f'the seed is {SEED}')"), says="the seed is 1997",
           happened="only the public seed is told; of the secret ones, that there was an error"),
    Attack("tells the secret seed as a value",
           inside("return np.full(o.shape, float(SEED)), c_prev"), says="1997",
           happened="only the public seed is told; of the secret ones, that values differ"),
    Attack("becomes root again", inside("import os\ntry: os.setuid(0)\n"
           "except OSError: raise RuntimeError('still nobody')"), says="still nobody"),
    Attack("copies the public answers",
           inside("return np.array([[0.5]]), np.array([[0.5]])"), says="shape"),
]  # fmt: skip

BORROWED = [
    Attack(
        title,
        RIGHT,
        other={"q1": f"def gates(params, x, h_prev):\n    {line}\n    raise ValueError\n"},
        points=(0, 2, 2, 1, 1, 1, 1),
        says=says,
        happened="the module is not there; flagged for review",
    )
    for title, line, says in (
        ("forbidden module by `import`", "import torch", "torch"),
        ("forbidden module by `importlib`", "__import__('importlib').import_module('torch')",
         "torch"),
        ("forbidden module by `eval`", "eval('__import__(\"torch\")')", "torch"),
        ("forbidden module after `sys.modules.pop`",
         "import sys; sys.modules.pop('torch', None); import torch; torch.tensor", "torch"),
        ("forbidden module in another process",
         "import subprocess, sys; subprocess.run([sys.executable, '-c', "
         "'import torch; torch.tensor(1)'], check=True)", "CalledProcessError"),
    )
]  # fmt: skip

OUTPUT = [
    Attack("lone surrogate printed", RIGHT + "print('\\ud800')", points=FULL, happened="harmless"),
    Attack("control characters raised", inside("raise ValueError('\\x1b[2J\\x00\\ud800')"),
           says="ValueError"),
    Attack("HTML and script raised", inside("raise ValueError('<script>alert(1)</script>')"),
           says="ValueError", happened="escaped in the feedback"),
    Attack("spreadsheet formula raised", inside("raise ValueError('=cmd|calc')"), says="=cmd"),
    Attack("nbval's markers in the answer", "# NBVAL_SKIP\n# NBVAL_IGNORE_OUTPUT\n" + WRONG),
    Attack("package installer", "%pip install torch\n!pip install nbval\n" + RIGHT, points=FULL,
           happened="left out, with a note"),
    Attack("`%matplotlib inline` above the answer", "%matplotlib inline\n" + RIGHT, points=FULL,
           happened="costs nothing"),
    Attack("`!ls`, `%ls`, `!python -m pip …` above the answer",
           "!ls\n%ls\n!python -m pip install \\\n    torch\n" + RIGHT, points=FULL,
           happened="the first two run inside the sandbox, the third is left out with a note"),
    Attack("a magic that does not exist", "%no_such_magic 1\n" + RIGHT, points=FULL,
           happened="skipped"),
    Attack("`%` and `!pip` where they are no magic",
           "note = '''\n!pip install x\n'''\nx = (7\n% 4)\n" + RIGHT
           + "assert x == 3 and 'pip' in note\n", points=FULL, happened="left as it is"),
    Attack("names of the notebook used for something else",
           RIGHT.replace("np.", "numpy.") + "import numpy\nnp = grading = SEED = None\n",
           points=FULL, happened="costs no other question"),
    Attack("shell magic", RIGHT + "\n!ls / > /dev/null\n%timeit -n1 -r1 0\n", points=FULL,
           happened="runs inside the sandbox"),
]  # fmt: skip

GROUPS = {
    "Errors and loops": LOOPS,
    "Bombs": BOMBS,
    "Crashes and survivors": CRASHES,
    "Forged results": TRICKS,
    "Theft and escape": THEFT,
    "Borrowed answers": BORROWED,
    "Output": OUTPUT,
}
