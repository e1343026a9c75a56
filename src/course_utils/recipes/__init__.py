"""Complete programs to start from, one a file: `python -m course_utils.recipes.classify`.

Importing one of them trains it: they are scripts, to be copied and changed.  The page
``reference/recipes`` says which is for what.
"""
