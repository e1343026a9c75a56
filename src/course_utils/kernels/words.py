"""What a kernel says in place of a function of NumPy, of Python or of Triton that is not there."""

ZEROS = "start with tl.zeros((BLOCK,), tl.float32)"
THERE = (
    "abs", "arange", "cos", "exp", "full", "log", "max", "maximum", "min", "minimum", "sigmoid",
    "sin", "sqrt", "sum", "where", "zeros",
)  # fmt: skip
SIGNS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "true_divide": "/",
    "floor_divide": "//", "remainder": "%", "greater": ">", "greater_equal": ">=", "less": "<",
    "less_equal": "<=", "equal": "==", "not_equal": "!=", "logical_and": "&", "logical_or": "|",
    "logical_not": "~", "negative": "-",
}  # fmt: skip
OTHERWISE = {
    "tanh": "2 * tl.sigmoid(2 * a) - 1 is tanh(a), and `tanh` of the first cell says just that",
    "square": "write x * x",
    "power": "write x * x for a square",
    "relu": "tl.where(x > 0, x, ...) chooses",
    "mean": "tl.sum(x, axis) / n is the mean",
    "dot": "products are the library's here, outside of kernels",
    "matmul": "products are the library's here, outside of kernels",
    "float": "say tl.float32",
    "absolute": "say tl.abs",
    "empty": ZEROS,
    "zeros_like": ZEROS,
    "ones": "start with tl.full((BLOCK,), 1, tl.float32)",
    "PropagateNan": "tl.where(x != x, x, ...) keeps a NaN",
    "fma": "write a * b + c",
}


def instead(name):
    """What to write for a function that is not there; a name of tl only where tl has it."""
    if name in THERE:
        return f"say tl.{name}"
    if name in SIGNS:
        return f"the sign {SIGNS[name]} joins blocks; in place of an array of NumPy {ZEROS}"
    return OTHERWISE.get(name, f"tl has {', '.join(THERE)}")
