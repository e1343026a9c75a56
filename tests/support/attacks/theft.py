"""Theft and escape, and modules that are borrowed though they are forbidden."""

from attacks.attack import RIGHT, Attack, inside

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
