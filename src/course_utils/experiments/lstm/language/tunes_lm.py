"""Irish tunes in ABC: an LSTM beside n-grams in bits per character, and the tunes they write."""

import lzma
from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch

from course_utils.lab import language_models as lm
from course_utils.lab.statistics import median
from course_utils.lab.torch_models import parameters
from course_utils.tasks import tunes
from course_utils.tasks.abc_check import KINDS, faults
from course_utils.tasks.ngram import KneserNey, NGram


@dataclass(frozen=True)
class Config:
    """The n-grams' orders, the network and its training, and what is written."""

    witten_bell: tuple = (2, 3, 4, 5, 6, 7)
    kneser_ney: tuple = (4, 6, 8, 10, 12)
    embedding: int = 32
    hidden: int = 256
    dropout: float = 0.3
    batch: int = 32
    length: int = 64
    passes: int = 16
    lr: float = 4e-3
    temperatures: tuple = (0.5, 0.75, 1.0)
    written: int = 200  # tunes for each network and temperature
    warm: int = 500  # characters of training tunes that are read before a tune is written
    longest: int = 1200  # characters; a tune that has not ended by then is a fault
    tunes: int = 10**9  # of the collection, from its start
    seeds: tuple = (0, 1, 2)


QUICK = Config(
    witten_bell=(2, 4), kneser_ney=(6,), hidden=48, dropout=0.0, passes=4, lr=1e-2,
    temperatures=(0.5,), written=20, warm=100, longest=600, tunes=400, seeds=(0,),
)  # fmt: skip
START = "\n\n"  # what stands before a tune
SHOWN = "6/8"  # the metre of the tune that is shown


def run(config, progress=iter):
    """Bits per character of the tunes held out, and how many written tunes are well formed."""
    book = read(config)
    parts = {name: book.part(name) for name in tunes.PARTS}
    ids = {name: book.ids(name) for name in tunes.PARTS}
    results = {
        "vocabulary": len(book.text.vocabulary),
        "uniform": float(np.log2(len(book.text.vocabulary))),
        "tunes": {name: len(part) for name, part in parts.items()} | {"all": len(book.tunes)},
        "characters": {name: len(part) for name, part in ids.items()},
        "xz": packed(parts),
        "real": judged(parts["test"], parts["train"]),
    }
    results["ngram"], counting = ngrams(config, book, ids)
    results["counted"] = {
        percent(t): judged(spell(config, book, counting, t), parts["train"])
        for t in config.temperatures
    }
    rows = [one_seed(config, book, ids, seed) for seed in progress(config.seeds)]
    results["lstm"] = {
        "bits": median(rows, "bits"),
        "by_seed": [row["bits"] for row in rows],
        "seen": median(rows, "seen"),
        "empty": median(rows, "empty"),
        "pieces": median(rows, "pieces"),
        "validation": rows[0]["validation"],
        "parameters": rows[0]["parameters"],
        "lines": np.median([row["lines"] for row in rows], axis=0).tolist(),
    }
    results["written"] = {
        t: {"share": median(rows, "written", t, "share"),
            "known": median(rows, "written", t, "known"),
            "by_seed": [row["written"][t]["share"] for row in rows]}
        | {"faults": rows[0]["written"][t]["faults"], "of": rows[0]["written"][t]["of"]}
        for t in rows[0]["written"]
    }  # fmt: skip
    results["cold"] = {
        "share": median(rows, "cold", "share"),
        "by_seed": [row["cold"]["share"] for row in rows],
        "faults": [row["cold"]["faults"] for row in rows],
        "temperature": config.temperatures[0],
    }
    return results | {k: rows[0][k] for k in ("samples", "shown")}


def read(config):
    """The tunes, or the first of them."""
    return tunes.Tunes(tunes.oneill().tunes[: config.tunes])


def data(config):
    """The text by its hash."""
    return {
        "name": "music21 corpus/oneills1850, as tasks.tunes.oneill",
        "sha256": read(config).sha256,
    }


def ngrams(config, book, ids):
    """Bits on the test part, orders chosen on the validation part; the best model."""
    size, results, models = len(book.text.vocabulary), {}, {}
    for name, kind, orders in (("witten_bell", NGram, config.witten_bell),
                               ("kneser_ney", KneserNey, config.kneser_ney)):  # fmt: skip
        fitted = {k: kind(ids["train"], k, size) for k in orders}
        on = {k: bits_of(model, ids, "validation") for k, model in fitted.items()}
        best = min(on, key=on.get)
        models[name] = fitted[best]
        results[name] = {
            "validation": {str(k): v for k, v in on.items()},
            "order": best,
            "bits": bits_of(fitted[best], ids, "test"),
            "entries": fitted[best].entries,
        }
    both = np.concatenate([ids["train"], ids["test"]])
    best = models["kneser_ney"]
    results["lines"] = by_line(best.surprises(both, len(ids["train"])), book.part("test"))
    learning = KneserNey(ids["train"], best.order, size)
    results["learning"] = float(learning.surprises(both, len(ids["train"]), learn=True).mean())
    return results, best


def bits_of(model, ids, name):
    """Mean bits of an n-gram on a part, which it reads after the training part."""
    both, start = np.concatenate([ids["train"], ids[name]]), len(ids["train"])
    if isinstance(model, NGram):
        return model.bits(both, start)
    return float(model.surprises(both, start).mean())


def packed(parts):
    """Bits per character of the test part for a general compressor that has read the rest."""
    train, test = (tunes.joined(parts[name]).encode() for name in ("train", "test"))
    size = [len(lzma.compress(text, preset=9)) for text in (train, train + test)]
    return 8 * (size[1] - size[0]) / len(test)


def one_seed(config, book, ids, seed):
    """Train one network, measure it on the test part, let it write."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = lm.CharModel(
        len(book.text.vocabulary), config.embedding, config.hidden, dropout=config.dropout
    )
    passes = [book.shuffled("train", rng) for _ in range(config.passes)]
    before = ids["train"][-2000:]
    watched, _ = lm.train(
        model, passes, batch=config.batch, length=config.length, lr=config.lr,
        watch=lambda m: float(lm.surprises(m, ids["validation"], before).mean()),
    )  # fmt: skip
    test = ids["test"]
    each = lm.surprises(model, test, before)
    measured = {
        "bits": float(each.mean()),
        "seen": float(lm.surprises(model, ids["train"][-len(test) :], ids["train"][:2000]).mean()),
        "empty": float(lm.surprises(model, test).mean()),
        "pieces": float(lm.surprises(model, test, empty_every=config.length).mean()),
        "validation": watched,
        "parameters": parameters(model),
        "lines": by_line(each, book.part("test")),
        "written": {},
        "samples": {},
        "shown": {},
    }
    train = book.part("train")

    def texts_from(start, t):
        drawn = lm.write(model, start, config.longest, config.written, t, (seed, 1))
        return [ended(book.text.decode(column)) for column in drawn.T]

    # from an empty memory, which never met an empty line in training, a tune may lose its head
    cold = texts_from(book.text.encode(START), config.temperatures[0])
    measured["cold"] = judged(cold, train)
    for t in config.temperatures:
        texts = texts_from(ids["train"][-config.warm :], t)
        measured["written"][percent(t)] = judged(texts, train)
        measured["samples"][percent(t)] = [text for text in texts[:5] if text]
        measured["shown"][percent(t)] = first_good(texts, train)
    return measured


def spell(config, book, model, temperature):
    """Tunes drawn from an n-gram, character by character."""
    rng, written = np.random.default_rng((config.seeds[0], 2)), []
    for _ in range(config.written):
        drawn = list(book.text.encode(START))
        while len(drawn) < config.longest:
            p = model.distribution(drawn[-model.order :]) ** (1 / temperature)
            drawn.append(int(rng.choice(len(p), p=p / p.sum())))
            if len(drawn) > 4 and book.text.decode(drawn[-2:]) == START:
                break
        written.append(ended(book.text.decode(drawn[2:])))
    return written


def percent(temperature):
    """A temperature as the key of a result, in which a dot would be read as a path."""
    return str(round(100 * temperature))


def ended(text):
    """The first tune of a text; empty where it does not end."""
    pieces = tunes.pieces(text)
    return pieces[0] if pieces else ""


def judged(texts, train):
    """Share of the tunes without fault, of each kind of fault, of bars that stand in ``train``."""
    kinds = [faults(text) if text else {"ended"} for text in texts]
    counts = Counter(k for flaws in kinds for k in flaws)
    return {
        "share": float(np.mean([not flaws for flaws in kinds])),
        "faults": {k: counts[k] / len(texts) for k in ("ended", *KINDS)},
        "known": tunes.known(texts, train),
        "of": len(texts),
    }


def first_good(texts, train):
    """The first tune without fault in the metre ``SHOWN``, its number, its share of known bars."""
    number = next(
        (k for k, text in enumerate(texts) if f"\nM:{SHOWN}\n" in text and not faults(text)), None
    )
    if number is None:
        return None
    return {
        "tune": texts[number],
        "number": number + 1,
        "known": tunes.known([texts[number]], train),
    }


def by_line(bits, test):
    """Mean bits of the characters of the title, of the other fields, of music lines 1 to 4.

    bits (N,) for the tunes of ``test`` one after the other.
    """
    sums, counts, place = np.zeros(6), np.zeros(6), 0
    for tune in test:
        for k, line in enumerate(tunes.joined([tune]).splitlines(keepends=True)):
            kind = 0 if k == 0 else 1 if k < len(tunes.FIELDS) else k - len(tunes.FIELDS) + 2
            if kind < 6 and line != "\n":
                sums[kind] += bits[place : place + len(line)].sum()
                counts[kind] += len(line)
            place += len(line)
    return (sums / counts).tolist()
