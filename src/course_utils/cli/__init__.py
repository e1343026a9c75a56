"""The command ``course``: each line of help says what it does; the work is in the rooms below."""

import sys

import typer

from course_utils.cli import cells, exercises, experiments, grading
from course_utils.cli.shared import complain
from course_utils.errors import UserError, needs, one_line

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Exercises and experiments of Unrolled."
)
ClickError = typer.BadParameter.__mro__[2]  # newer versions of typer carry a Click of their own

for command in (  # in the order of the help
    exercises.derive,
    grading.check,
    grading.grade,
    exercises.new,
    exercises.handout,
    exercises.mutate,
    grading.doctor,
    experiments.run,
    experiments.stale,
    experiments.claims,
    experiments.verify,
    cells.audit,
):
    app.command()(command)
app.command(
    name="train-lm",
    add_help_option=False,  # --help is the program's own
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)(cells.train_lm)
app.command(name="show-code")(cells.show_code)


def main():
    """Entry point: a mistake of the caller becomes one line and exit code 2, not a traceback."""
    try:
        sys.exit(app(standalone_mode=False))
    except ClickError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()  # ``course`` alone: the help
        else:
            complain(f"{error.format_message()} (`course --help` lists what there is)")
    except ModuleNotFoundError as error:
        if str(error.name).startswith("course_utils"):
            raise
        complain(needs(error.name))
    except (UserError, OSError) as error:
        complain(one_line(error))
    except (typer.Abort, KeyboardInterrupt):
        print("course: stopped", file=sys.stderr)
        sys.exit(130)
    sys.exit(2)
