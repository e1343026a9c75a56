"""The letters of one cell: its paper's, those of the code, and those of its lines in a table.

A spec's names are those of the code.  Equations print them as ``spec.symbols`` says, and a paper
may have others; whoever reads all three has to be told which is which.
"""

import ast
import re
import unicodedata

from course_utils import equations
from course_utils.figures import compare
from course_utils.symbols import infer

PLAIN = {"sigmoid", "tanh", "relu", "exp", "cos", "sin"}  # functions that need no words
FUNCTIONS = {
    "due": r"$\operatorname{due}(k, P)$ is 1 for the units whose period $P$ divides $k$, 0 for the "
           "others",
    "slower": r"$\operatorname{slower}(W, P)$ is $W$ with zeros where a unit would hear a faster "
              "module",
    "positive": r"$\hat g(a)$ is $a + \frac12$ for $a \ge 0$ and $\sigma(a)$ for $a < 0$",
    "log_sigmoid": r"$\log\sigma$ is the logarithm of the logistic function",
    "maximum": r"$\max$ is taken entry by entry",
    "concat": "$[\\;]$ joins vectors end to end",
}  # fmt: skip
ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar"}
GREEK = {letter: f"\\{name}" for name, letter in equations.LETTERS.items() if name != "lam"} | {
    "λ": r"\lambda", "φ": r"\varphi", "Δ": r"\Delta", "𝒲": r"\mathcal{W}",
}  # fmt: skip
UNICODE = {tex: letter for letter, tex in GREEK.items()}
HEAD = re.compile(r"(\\?[A-Za-z]+(?: t)?)(?:\^(\{[^_]*\}|.))?(?:_(\{.*\}|.))?")


# -- in sentences ----------------------------------------------------------------------------------


def letter(spec, name):
    """A variable in LaTeX without its time."""
    return re.sub(r",t(?=\})|_\{t\}|_t", "", equations.latex_name(name, spec.symbols))


def in_tex(text):
    r"""A paper's letter as a spec has it, in LaTeX: h̃ -> \tilde{h}, y^in -> y^{\mathrm{in}}.

    Words of a paper ("hidden units") stay words, in quotation marks.
    """
    if re.fullmatch(r"[a-z]{2,} [a-z]+", text):
        return f"“{text}”"
    plain = unicodedata.normalize("NFD", text).replace("Δt\u0304", r"\overline{Δt}")
    for mark, name in ACCENTS.items():
        plain = re.sub(f"(.){mark}", rf"\\{name}{{\1}}", plain)
    plain = re.sub(r"([\^_])([a-z]{2,})", r"\1{\\mathrm{\2}}", plain)
    plain = re.sub(r"\b(Re|Im) ", r"\\mathrm{\1}\\,", plain).replace("net", r"\mathrm{net}")
    plain = re.sub(r"([\^_])([^{])", r"\1{\2}", plain)
    return f"${''.join(f'{GREEK[c]} ' if c in GREEK else c for c in plain).strip()}$"


def names(spec):
    """Sentences: what the paper calls what stands in the equations, and what the code calls it."""
    paper = {own: (in_tex(its), f"${letter(spec, own)}$") for own, its in spec.paper_names.items()}
    shared = {own for own, pair in paper.items() if len({re.sub("[ {}]", "", s) for s in pair}) < 2}
    said = [f"{its} for our {ours}" for own, (its, ours) in paper.items() if own not in shared]
    theirs = dict.fromkeys(shared, ", as in the paper,")
    other = [name for name in spec.symbols
             if not name.endswith("_prev") and _other(name, spec.symbols[name])]  # fmt: skip
    coded = [f"${letter(spec, name)}${theirs.get(name, '')} is `{name}`" for name in other]
    drawn = not all(map(equations.is_parameter, other))  # diagrams have no weights
    found = [f"The paper writes {', '.join(said)}."] if said else []
    where = "in the code and in the diagram" if drawn else "in the code"
    return found + ([f"{'; '.join(coded)} {where}."] if coded else [])


def _other(name, latex):
    """Whether a printed letter is another than its name in the code."""
    bare = re.sub(r"\\mathrm|_\{?t\}?$|[^A-Za-z]", "", latex)
    return bare.replace("lambda", "lam") != name.replace("_", "")


def unit_weights(spec):
    """Names of the vectors, one weight for each unit, that multiply a state entry by entry."""
    states = {*spec.states, *spec.inputs, *(f"{s}_prev" for s in spec.states)}
    shapes = infer(spec)
    vectors = {name for p in spec.params for name in p.symbols if shapes[name] == ("H",)}
    found = []
    for line in spec.equations:
        for node in ast.walk(equations.parse(line)[1]):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
                pair = [n.id for n in (node.left, node.right) if isinstance(n, ast.Name)]
                if len(pair) == 2 and states & set(pair):
                    found += [name for name in pair if name in vectors]
    return list(dict.fromkeys(found))


def vectors(spec):
    """A sentence on them, or none."""
    if not (found := unit_weights(spec)):
        return []
    shown = ", ".join(f"${letter(spec, name)}$" for name in found)
    held = [p.name for p in spec.params if set(p.symbols) & set(found)]
    verb, those = ("is a vector", "it") if len(found) == 1 else ("are vectors", "them")
    return [f"{shown} {verb} with one weight for each unit (`{'`, `'.join(held)}` in the code): "
            f"through {those} a unit sees its own entry alone. What other cells call such weights "
            "is in {doc}`/book/reference/notation`."]  # fmt: skip


def functions(spec):
    """A sentence on the functions that the equations call beside the usual ones, or none."""
    called = dict.fromkeys(name for line in spec.equations for name in equations.calls(line))
    said = [FUNCTIONS[name] for name in called if name not in PLAIN]
    return [f"{'; '.join(said)}."] if said else []


# -- in a table ------------------------------------------------------------------------------------


def pieces(line, *specs):
    """``compare.tokens`` of an equation, with the letters that the equations of specs print.

    Of two specs that name a letter the first has its way.
    """
    printed = {
        compare.symbol(name): _html(compare.symbol(name), latex)
        for spec in reversed(specs) for name, latex in spec.symbols.items()
    }  # fmt: skip
    return [printed.get(piece, piece) for piece in compare.tokens(line)]


def _html(symbol, latex):
    """The HTML of a symbol with the letters of its LaTeX; its colour stays."""
    base, up, down = HEAD.fullmatch(latex).groups()
    for tex, sign in UNICODE.items():
        base = base.replace(tex, sign)
    marks = "".join(f"<{tag}>{_words(text)}</{tag}>"
                    for tag, text in (("sup", up), ("sub", down)) if text)  # fmt: skip
    opening = re.match("<var[^>]*>", symbol)[0]
    return f"{opening}{base.replace(' ', '')}{marks}</var>"


def _words(latex):
    return re.sub(r"\\(mathrm|text)|[\\{}]", "", latex).replace("-", "−")
