"""Places for the nodes of a directed graph: columns by longest path, rows by their neighbours.

The classical method in four steps (Sugiyama, Tagawa and Toda 1981): layers, way points for what
skips a layer, an order with few crossings, coordinates.
"""

from course_utils.figures.endings import spread

SWEEPS = 12


def layers(sources):
    """{node: number of its column}; sources {node: nodes that feed it}, without cycles."""
    found = {}

    def of(node):
        if node not in found:
            found[node] = 1 + max(map(of, sources.get(node, ())), default=-1)
        return found[node]

    for node in sources:
        of(node)
    return found


def ways(layer, targets):
    """{(source, column)}: way points of signals that go on beyond the next column.

    layer {node: column}; targets {source: nodes that it feeds}.
    """
    return {
        (source, column)
        for source, fed in targets.items()
        for column in range(layer[source] + 1, max((layer[t] for t in fed), default=0))
    }


def arrange(columns, links, heights):
    """{item: y}: an order of each column with few crossings, and heights near the neighbours'.

    columns: lists of items, from left to right; links: pairs (item, item of the next column);
    heights {item: room that it takes}.
    """
    before, after = {}, {}
    for a, b in links:
        after.setdefault(a, []).append(b)
        before.setdefault(b, []).append(a)
    columns = [list(column) for column in columns]
    y = {}
    for column in columns:
        _pile(column, dict.fromkeys(column, 0), heights, y)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        near = before if forward else after
        for column in columns if forward else columns[::-1]:
            wish = {k: _mean([y[n] for n in near.get(k, ())], y[k]) for k in column}
            column.sort(key=lambda k: wish[k])
            _pile(column, wish, heights, y)
    for column in columns:  # at last both sides pull, and the order stays
        wish = {k: _mean([y[n] for n in before.get(k, []) + after.get(k, [])], y[k])
                for k in column}  # fmt: skip
        _pile(column, wish, heights, y, ordered=True)
    top = min(y[k] - heights[k] / 2 for k in y)
    return {k: v - top for k, v in y.items()}


def _mean(values, otherwise):
    return sum(values) / len(values) if values else otherwise


def _pile(column, wish, heights, y, ordered=False):
    """Put a column's items as near to their wishes as their heights let them."""
    wanted = [wish[k] for k in column]
    if ordered:  # a running maximum keeps the order that there is
        for k in range(1, len(wanted)):
            wanted[k] = max(wanted[k], wanted[k - 1] + 1e-6)
    else:
        wanted = [w + 1e-6 * k for k, w in enumerate(wanted)]
    placed = spread(wanted, [heights[k] for k in column], -1e6, 1e6)
    y |= dict(zip(column, placed, strict=True))
