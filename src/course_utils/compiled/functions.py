"""What the compiler knows about each function of the equation language: its slope, and its price.

A slope is itself a line of the language, in the argument ``a`` and the value ``y``; besides, it may
say ``where(p, q, u, v)``: u where p >= q, else v.
"""

import ast

SLOPES = {
    "sigmoid": "y * (1 - y)",
    "tanh": "1 - y * y",
    "relu": "where(0, y, 0, 1)",
    "exp": "y",
    "log": "1 / a",
    "sqrt": "0.5 / y",
    "cos": "-sin(a)",
    "sin": "cos(a)",
    "log_sigmoid": "sigmoid(-a)",
    "positive": "where(a, 0, 1, y * (1 - y))",
}
# computed again on the way back where that is cheaper than to read it from memory
CHEAP = {"copy", "+", "-", "*", "/", "neg", "maximum", "relu", "where", "down", "across"}
BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def slope(graph, function, a, y):
    """The derivative of a function at argument a, where its value is y, as a value of the graph."""
    tree = ast.parse(SLOPES[function], mode="eval").body
    return _walk(graph, tree, {"a": a, "y": y})


def _walk(graph, node, known):
    if isinstance(node, ast.Name):
        return known[node.id]
    if isinstance(node, ast.Constant):
        return graph.constant(node.value)
    if isinstance(node, ast.UnaryOp):
        return graph.minus(_walk(graph, node.operand, known))
    if isinstance(node, ast.Call):
        return graph.add(node.func.id, [_walk(graph, part, known) for part in node.args])
    left, right = (_walk(graph, part, known) for part in (node.left, node.right))
    return graph.add(BINARY[type(node.op)], [left, right])
