"""Measure the page that trains: what an update costs in a browser, and what it leaves in memory.

usage: PYTHONPATH=book/_ext python benchmarks/page.py [--quick] [--out FOLDER]   (make bench-page)

An LSTM of 16 units reads 16 sequences of 30 steps, once as the JavaScript that ``compiled`` prints
and once as a reader types it, run by the page's interpreter.  The two take turns; the clock is the
processor time of all the browser's processes, so that garbage collection counts too.
"""

import argparse
import json
import re
import statistics
import tempfile
from pathlib import Path

import psutil
from bench import machine

import browser
import firefox
from course_utils import figures
from course_utils.figures.training_page import cell_facts
from course_utils.files import write
from course_utils.specs import SPECS

SIZES = {"T": 30, "B": 16, "D": 4, "H": 16, "N": 4}
GOALS_MS = {"printed": 8, "typed": 20}
BEGIN = """(facts, sizes) => {
  const { T, B, D, N } = sizes, { between } = unrolled.use("random")(1, "bench"), how = { optimiser: "adam", rate: 0.001, clip: 1 };
  const { key, ...typed } = facts, drawn = (n) => Float64Array.from({ length: n }, () => between(-1, 1));
  const batches = Array.from({ length: 4 }, () => ({ ...sizes, x: drawn(T * B * D),
    target: Float64Array.from({ length: T * B }, () => Math.floor(between(0, N))),
    asked: Int32Array.from({ length: T * B }, (_, k) => k), allowed: new Uint8Array(T * B * N) }));
  const net = (spec) => unrolled.use("nets").net(spec, { ...sizes, seed: 1 });
  window.nets = { printed: net(facts), typed: net(typed) };
  window.train = (kind, updates) => {
    let loss;
    for (let k = 0; k < updates; k++) loss = nets[kind].update(batches[k % 4], how).loss;
    return loss;
  };
}"""  # noqa: E501


class Chromium:
    """A page of a running Chromium, with the one method of ``firefox.Page`` that is used here."""

    def __init__(self, running):
        self.page = running.new_page()
        self.page.set_default_timeout(0)

    def open(self, path):
        self.page.goto(path.as_uri())

    def evaluate(self, script, *given):
        return self.page.evaluate(f"given => ({script})(...given)", list(given))


def main(arguments=None):
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer updates")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "page")
    given = parser.parse_args(arguments)
    measured = {"machine": machine(), "sizes": SIZES, "goals_ms": GOALS_MS, "browsers": {}}
    with tempfile.TemporaryDirectory() as folder:
        path = page(Path(folder))
        for name, start in (("chromium", browser.chromium), ("firefox", firefox.firefox)):
            try:
                with start() as running:
                    window = Chromium(running) if name == "chromium" else running
                    window.open(path)
                    measured["browsers"][name] = measure(window, given.quick)
            except browser.NoBrowser as why:
                print(why)
    measured["machine"]["load_after"] = machine()["load"]
    for line in table(measured):
        print(line)
    name = re.sub(r"[^a-z0-9]+", "-", measured["machine"]["cpu"].lower()).strip("-")
    given.out.mkdir(parents=True, exist_ok=True)
    written = write(given.out / f"{name}.json", json.dumps(measured, indent=1) + "\n")
    print(f"written: {written}")


def page(folder):
    """A page with the scripts that train; its path."""
    names = figures.write_assets(folder)["js"] + figures.write_training(folder)["js"]
    scripts = "".join(f'<script src="{name}"></script>' for name in names)
    return write(folder / "page.html", f"<!doctype html><meta charset=utf-8>{scripts}")


def measure(window, quick):
    """CPU milliseconds an update, and megabytes after so many updates, by kind of cell."""
    rounds, updates = (3, 10) if quick else (9, 40)
    window.evaluate(BEGIN, cell_facts(SPECS["lstm"]), SIZES)
    train = "(kind, updates) => train(kind, updates)"
    for kind in GOALS_MS:
        window.evaluate(train, kind, updates)  # compiled and allocated from here on
    times, memory = {kind: [] for kind in GOALS_MS}, [megabytes()]
    for _ in range(rounds):
        for kind, found in times.items():
            before = seconds()
            window.evaluate(train, kind, updates)
            found.append(1e3 * (seconds() - before) / updates)
        memory.append(megabytes())
    return {
        "version": window.evaluate("() => navigator.userAgent"),
        "rounds": rounds,
        "updates_a_round": updates,
        "ms": {kind: round(statistics.median(found), 2) for kind, found in times.items()},
        "ms_by_round": {kind: [round(ms, 2) for ms in found] for kind, found in times.items()},
        "megabytes_by_round": memory,
    }


def processes():
    """The browser's processes: those below this one that are no driver."""
    for process in psutil.Process().children(recursive=True):
        if re.search("chrom|firefox", process.exe()):  # names are cut short, and are of the page
            yield process


def seconds():
    """Processor time of all of them."""
    times = (process.cpu_times() for process in processes())
    return sum(t.user + t.system for t in times)


def megabytes():
    """Memory that is theirs alone."""
    return round(sum(process.memory_full_info().uss for process in processes()) / 2**20)


def table(measured):
    """Lines of text."""
    here = measured["machine"]
    yield f"{here['cpu']}, load {here['load']} before and {here['load_after']} after"
    for name, found in measured["browsers"].items():
        for kind, goal in measured["goals_ms"].items():
            ms, rounds = found["ms"][kind], found["ms_by_round"][kind]
            verdict = "met" if ms <= goal else "missed"
            yield (
                f"{name:10}{kind:9}{ms:7.2f} ms CPU an update ({min(rounds):.2f} to "
                f"{max(rounds):.2f}); goal {goal}: {verdict}"
            )
        memory = found["megabytes_by_round"]
        yield f"{name:10}memory   {', '.join(map(str, memory))} MB, round by round"


if __name__ == "__main__":
    main()
