"""A sealed function can be called and not looked into."""

import traceback

import pytest

from course_utils.grading import sealed

SECRET = 4711


def peeks(y):
    return y + SECRET


def test_it_gives_what_the_function_gives():
    assert sealed(peeks)(1) == 4712
    assert sealed(lambda a, *, b: (a, b))(1, b=[2]) == (1, [2])


def test_it_shows_neither_name_nor_code_nor_variables():
    shown = sealed(peeks)
    for name in ("__globals__", "__code__", "__closure__", "__wrapped__", "__name__"):
        assert not hasattr(shown, name), name
    assert "peeks" not in repr(shown)


@pytest.mark.parametrize("arguments", [(), (1, 2), ("text",)], ids=str)
def test_an_error_names_neither_it_nor_its_lines(arguments):
    shown = sealed(peeks)
    with pytest.raises(RuntimeError) as caught:
        shown(*arguments)
    assert "TypeError" in str(caught.value)
    assert "peeks" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is caught.value.__cause__ is None
