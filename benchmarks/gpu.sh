#!/usr/bin/env bash
# Test and measure this project on a GPU, in under eight minutes, on a bare machine.
#
#   benchmarks/gpu.sh [--dry-run] [--seconds N] [OUT]        (also: make bench-gpu)
#
# It needs the repository's files, Linux, one CUDA GPU, and a Python with NumPy, PyTorch, Triton and
# pytest (made for torch 2.11 and Triton 3.6); no network, no installation.  PYTHON names another
# Python than the repository's .venv or python3.  pytest-xdist, if it is there, makes it quicker.
#
# On whatever machine: copy the tracked files there, run it in their root, and bring OUT back (by
# default _build/gpu).  Where a command is stopped after some minutes, nothing is lost: the most
# wanted comes first, and OUT/gpu.json is whole at any moment.  Where time is shorter: --seconds 240.
#
# In OUT: gpu.json (all that was found), log.txt, test-*.jsonl (each test), and, if a persistent
# kernel passed its tests here, persistent_records.json.
#
# Afterwards, someone who has looked at them commits
#   * OUT/gpu.json as benchmarks/results/gpu/<device>.json, and
#   * the entries of OUT/persistent_records.json in src/course_utils/torch_nn/gpu/ under that name,
#     which opens the persistent kernel on that architecture; never without a run that passed.
#
# Tests draw new random numbers in every run; gpu.json names the seed, UNROLLED_SEED=N repeats it.
#
# --dry-run: everything tiny, on the CPU, in Triton's interpreter.  Its numbers mean nothing.
set -uo pipefail

out="" arguments=()
while [ "$#" -gt 0 ]; do
  case "$1" in
    -h | --help) sed -n '2,/^set/{/^set/!s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    --seconds) arguments+=("$1" "${2:?--seconds N}"); shift 2 ;;
    --dry-run | --seconds=*) arguments+=("$1"); shift ;;
    -*) echo "unknown: $1 (--help explains)" >&2; exit 2 ;;
    *) out=$1; shift ;;
  esac
done
dry=" ${arguments[*]-} "

root=$(cd "$(dirname "$0")/.." && pwd)
out=${out:-$root/_build/gpu}
mkdir -p "$out" || exit 2
python=${PYTHON:-}
if [ -z "$python" ]; then
  python=python3
  [ -x "$root/.venv/bin/python" ] && python=$root/.venv/bin/python
fi

"$python" - "$dry" <<'CHECK' || exit 2
import sys
from importlib.util import find_spec

missing = [f"Python 3.11 (this is {sys.version.split()[0]})"] if sys.version_info < (3, 11) else []
missing += [name for name in ("numpy", "torch", "triton", "pytest") if find_spec(name) is None]
if not missing and "--dry-run" not in sys.argv[1]:
    import torch

    if not torch.cuda.is_available():
        missing.append(f"a CUDA device (torch {torch.__version__} sees none)")
if missing:
    print(f"{sys.executable} lacks: {', '.join(missing)}", file=sys.stderr)
    print("PYTHON=... names another Python; --dry-run needs no GPU", file=sys.stderr)
sys.exit(bool(missing))
CHECK

export PYTHONPATH="$root/src${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1
export PYTHONDONTWRITEBYTECODE=1
cache=$(mktemp -d) || exit 2  # a cold one: first calls are measured too
trap 'rm -rf "$cache"' EXIT
export TRITON_CACHE_DIR=$cache
case $dry in
  *" --dry-run "*) export TRITON_INTERPRET=1 OMP_NUM_THREADS=1 ;;
  *) unset TRITON_INTERPRET ;;
esac
"$python" "$root/benchmarks/gpu.py" "${arguments[@]+"${arguments[@]}"}" "$out" 2>&1 | tee "$out/log.txt"
