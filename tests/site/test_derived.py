"""What is generated and committed is what the code would write today."""

import cover


def test_the_picture_in_the_readme_is_fresh():
    from course_utils import figures

    wanted = figures.standalone(cover.picture()) + "\n"
    assert cover.TARGET.read_text("utf-8") == wanted, "run: make derive"
