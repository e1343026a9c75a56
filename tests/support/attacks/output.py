"""What an answer prints and raises, and the magics of notebooks in it."""

from attacks.attack import FULL, RIGHT, WRONG, Attack, inside

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
