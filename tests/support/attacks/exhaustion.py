"""What takes all there is or ends too soon: errors, loops, bombs, crashes and survivors."""

from attacks.attack import Attack, inside, wrong

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
