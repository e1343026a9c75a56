"""``python -m course_utils`` and the command ``course``, also where its packages are missing."""

import sys

from course_utils.errors import needs


def main():
    """Run the command line, or say in one line what it needs."""
    try:
        from course_utils.cli import main as run
    except ModuleNotFoundError as error:
        if str(error.name).startswith("course_utils"):
            raise
        print(f"course: {needs(error.name)}", file=sys.stderr)
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
