"""Commands about cells: libraries held against their equations, their code, a language model."""

import sys
from typing import Annotated

import typer

from course_utils.errors import UserError


def audit(
    library: Annotated[
        str | None, typer.Argument(help="torch, keras, torchrecurrent, …; all installed without")
    ] = None,
):
    """Hold an installed library against the printed equations, and say what differs."""
    from course_utils.audit import LIBRARIES, version
    from course_utils.audit import audit as audited

    unexplained = 0
    for name in [library] if library else [n for n in LIBRARIES if version(n)]:
        findings = audited(name)
        print(f"{name} {version(name)}")
        for finding in findings:
            print(f"  {finding.sentence()}")
            unexplained += not finding.explained
    raise typer.Exit(1 if unexplained else 0)


def train_lm(context: typer.Context):
    """Train a language model, stopped and resumed at will; torchrun shares it among GPUs."""
    from course_utils.distributed.language import main as train

    raise typer.Exit(train(context.args))


def show_code(
    key: Annotated[str, typer.Argument(help="a cell, such as lstm")],
    target: Annotated[
        str, typer.Option(help="numba, javascript, triton, torch or numpy")
    ] = "numba",
):
    """Print the code that a cell's equations become; into a file or a pipe without colours."""
    from course_utils.compiled.targets import TARGETS, language, source
    from course_utils.specs import SPECS

    for name, value, known in (("--target", target, TARGETS), ("cell", key, SPECS)):
        if value not in known:
            raise UserError(f"{name}: there is no {value!r}; there are {', '.join(known)}")
    text = source(key, target)
    if not sys.stdout.isatty():
        print(text, end="")
        return
    from rich.console import Console
    from rich.syntax import Syntax

    code = Syntax("", language(target), theme="ansi_dark", background_color="default")
    Console().print(code.highlight(text), soft_wrap=True, end="")  # no line is cut to the width
