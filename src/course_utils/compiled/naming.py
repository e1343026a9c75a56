"""Names for values, as a person would give them: those of the equations, and what stands between."""

SIGNS = {"+": "sum", "-": "rest", "*": "part", "/": "ratio", "neg": "minus"}


def name_all(program):
    """Name every value: a target by its equation, others by what they are for."""
    taken = set()

    def give(value, name):
        if value.name is None:
            n, free = 2, name
            while free in taken:
                free, n = f"{name}_{n}", n + 1
            taken.add(free)
            value.name = free

    for target, value in program.named.items():
        if not value.leaf:
            give(value, target)
    for value in program.graph.values:
        if value.op in ("x", "input", "vector", "config", "clock"):
            give(value, value.what)
        elif value.op == "before":
            give(value, f"{value.what}_prev")
    for target, value in program.named.items():
        if value.op not in ("+", "-", "*", "/", "neg") and not value.leaf and len(value.args) == 1:
            give(value.args[0], f"a_{target}")  # the pre-activation
    for value in program.graph.values:
        if value.op == "constant":
            value.name = repr(value.what)
        elif value.op == "product":
            give(value, f"{value.what.symbol}_{value.args[0].name}")
        elif value.op == "concat":
            give(value, "_".join(a.name for a in value.args))
        elif value.op in SIGNS:
            give(value, f"{SIGNS[value.op]}_{_of(value)}")
        else:
            give(value, f"{value.op}_{value.args[0].name if value.args else value.what}")


def _of(value):
    """The equation's name, for a value in the middle of its line."""
    return value.line.split("=")[0].strip()
