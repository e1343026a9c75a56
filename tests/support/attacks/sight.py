"""Looks from an answer into the check that calls it: its names, its seed, its frames, its tools."""

from attacks.attack import FULL, RIGHT, Attack, inside, wrong


def tells(found):
    """What it found, raised: the error's text comes back to the test."""
    return inside(f"{found}\nraise RuntimeError(f'found {{found}}')")


def tries(line):
    """One look; the error that it ends with, if it does."""
    body = f"try: found = {line}\nexcept Exception as error: found = type(error).__name__"
    return tells(body)


CLOSED = "found RuntimeError"
SIGHT = [
    Attack("names of the check", tries("rng"), says="found NameError"),
    Attack("names of the check by `globals()`", tells("found = 'rng' in globals()"),
           says="found False"),
    Attack("the check's seed by the name `SEED`", tries("np.random.default_rng([SEED, 2]) and 1"),
           says="found 1", happened="that is the public seed, whatever the check's is"),
    Attack("the frame that calls", tries("__import__('sys')._getframe(1).f_globals['SEED']"),
           says=CLOSED),
    Attack("the frame that calls, by `inspect`",
           tries("__import__('inspect').currentframe().f_back.f_globals['SEED']"), says=CLOSED),
    Attack("the frame that calls, by `inspect.stack`",
           tries("__import__('inspect').stack()[1].frame.f_globals['SEED']"), says=CLOSED),
    Attack("the frame that calls, by an exception", tells(
        "try:\n    try: 1 / 0\n    except ZeroDivisionError as error:\n"
        "        found = error.__traceback__.tb_frame.f_back.f_globals['SEED']\n"
        "except RuntimeError: found = 'RuntimeError'"), says=CLOSED),
    Attack("the frame that calls, by a generator", tells(
        "def steps():\n    yield frames.gi_frame.f_back.f_back.f_globals['SEED']\n"
        "frames = steps()\ntry: found = next(frames)\nexcept Exception: found = 'RuntimeError'"),
           says=CLOSED),
    Attack("the frame that calls, by `traceback.walk_stack`",
           tries("[f.f_globals for f, _ in __import__('traceback').walk_stack(None)]"),
           says=CLOSED),
    Attack("the frame that calls, by the shell",
           tries("get_ipython().var_expand('{SEED}', depth=1)"), says="found 1997",
           happened="that is the public seed, whatever the check's is"),
    Attack("all frames", tries("__import__('sys')._current_frames()"), says=CLOSED),
    Attack("all objects, by the garbage collector", tries("__import__('gc').get_objects()"),
           says=CLOSED),
    Attack("a trace function", tries("__import__('sys').settrace(print)"), says=CLOSED),
    Attack("`import` replaced, which the check uses", wrong(
        "import builtins\n_real, seen = builtins.__import__, []\n"
        "def peek(name, space=None, *a, **k):\n    seen.append((space or {}).get('SEED'))\n"
        "    return _real(name, space, *a, **k)\nbuiltins.__import__ = peek").replace(
            "    return o, c_prev", "    told = sorted({n for n in seen if n} | {1997})\n"
            "    raise RuntimeError(f'found {told}')"),
           says="found [1997]"),
    Attack("random numbers replaced by ones that tell their seed", wrong(
        "_real, told = np.random.default_rng, []\n"
        "np.random.default_rng = lambda *a: told.append(a) or _real(*a)").replace(
            "    return o, c_prev", "    raise RuntimeError(f'found {told}')"), says="found []"),
    Attack("`grading.check` replaced while the check runs", inside(
        "from course_utils import grading\nfrom course_utils.grading import student\n"
        "student.pack = grading.check = lambda *a, **k: seen.update(k)")),
    Attack("the grader's own modules", tells(
        "import sys\nfound = sorted({'apart', 'cellrun', 'unseen', 'zygote'} & set(sys.modules))"),
           says="found []"),
    Attack("a thread that reads the next order and answers it", wrong(
        "import json, os, threading\n"
        "def thief(fd):\n    order = json.loads(os.read(fd, 1 << 20))\n"
        "    part = {'kind': 'float', 'shape': [1], 'data': [1.0]}\n"
        "    bundle = {'question': 'q2', 'parts': {'h': part, 'c': part}}\n"
        "    reply = {'id': order['id'], 'printed': '', 'error': None, 'outputs': "
        "[{'application/vnd.unrolled.check+json': bundle}]}\n"
        "    os.write(fd, json.dumps(reply).encode() + b'\\n')\n"
        "for fd in range(3, 256):\n    try: kind = os.readlink(f'/proc/self/fd/{fd}')\n"
        "    except OSError: continue\n    if kind.startswith('socket'):\n"
        "        threading.Thread(target=thief, args=(fd,), daemon=True).start()"),
           says="out of turn", happened="a reply without the mark of this order is refused"),
    Attack("a function that claims to be a library's", tells(
        "import collections, sys\ndef look():\n    frame = sys._getframe(1)\n"
        "    while 'SEED' not in frame.f_globals: frame = frame.f_back\n"
        "    return frame.f_globals['SEED']\n"
        "try:\n    look.__code__ = look.__code__.replace(co_filename=collections.__file__)\n"
        "    found = look()\nexcept RuntimeError: found = 'RuntimeError'"), says=CLOSED),
    Attack("code compiled as a library's", tries(
        "exec(compile('import sys; sys.x = sys._getframe(1)', np.__file__, 'exec'), vars(np))"),
           says=CLOSED),
    Attack("the variables of all frames, in words", tries(
        "__import__('traceback').StackSummary.extract("
        "__import__('traceback').walk_stack(None), capture_locals=True)"), says=CLOSED),
    Attack("a subclass that looks up when a check converts it", wrong(
        "import sys\nclass Looks(np.ndarray):\n    def __array_finalize__(self, other):\n"
        "        raise RuntimeError(f\"found {sys._getframe(1).f_globals.get('SEED')}\")\n"
        ).replace("return o, c_prev", "return o.view(Looks), c_prev"), says="frames and code"),
    Attack("Python's own functions, by `ctypes`",
           tries("__import__('ctypes').pythonapi.PyEval_GetFrame()"), says=CLOSED),
    Attack("`exec` and `isinstance` replaced, which the grader uses", wrong(
        "import builtins\nseen, _exec, _is = [], builtins.exec, builtins.isinstance\n"
        "def tells(code, space=None, *a):\n    seen.append((space or {}).get('SEED', 0))\n"
        "    return _exec(code, space, *a)\nbuiltins.exec = tells\n"
        "builtins.isinstance = lambda a, kind: (_is(a, dict) and 'mark' in a and seen.append(a))"
        " or _is(a, kind)").replace(
            "    return o, c_prev", "    raise RuntimeError(f'found {sorted({*seen, 1997})}')"),
           says="found [1997]"),
    Attack("libraries that look at frames themselves", RIGHT + (
        "import enum, logging, traceback, typing, warnings\n"
        "from collections import namedtuple\nfrom dataclasses import make_dataclass\n"
        "namedtuple('P', 'a b'), make_dataclass('D', ['a']), enum.Enum('E', 'a b')\n"
        "typing.NamedTuple('Q', [('a', int)])\nlogging.warning('x'), warnings.warn('x')\n"
        "traceback.print_stack()\ntry: 1 / 0\nexcept ZeroDivisionError: traceback.print_exc()\n"
        ), points=FULL, happened="goes on as ever"),
]  # fmt: skip
