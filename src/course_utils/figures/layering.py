"""Places for the nodes of a directed graph: columns by longest path, rows by their neighbours.

The classical method in four steps (Sugiyama, Tagawa and Toda 1981): layers, way points for what
skips a layer, an order with few crossings, coordinates.
"""

from course_utils.figures.endings import spread

SWEEPS = 12
LITTLE = 14  # pixels that a way may be off before it is worth a turn


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
            wish = {k: _wish(k, near.get(k, ()), y) for k in column}
            column.sort(key=lambda k: wish[k])
            _pile(column, wish, heights, y)
    for _ in range(SWEEPS):  # at last both sides pull, and the order stays
        for column in columns:
            wish = {k: _wish(k, before.get(k, []) + after.get(k, []), y) for k in column}
            _pile(column, wish, heights, y, ordered=True)
    _straighten(columns, before, heights, y)
    return _closed(heights, y)


def _straighten(columns, before, heights, y):
    """A way point that stands a little off the one before it takes its height, if there is room."""
    for column in columns:
        for item in column:
            came = before.get(item, [])
            if not isinstance(item, tuple) or len(came) != 1 or abs(y[came[0]] - y[item]) > LITTLE:
                continue
            room = (abs(y[came[0]] - y[k]) - (heights[k] + heights[item]) * 0.4
                    for k in column if k != item)  # fmt: skip
            if min(room, default=0) >= 0:
                y[item] = y[came[0]]


def _closed(heights, y):
    """Heights from 0 on, without the bands in which nothing stands."""
    shift, reached, found = 0.0, None, {}
    for item in sorted(y, key=lambda k: y[k] - heights[k] / 2):
        top = y[item] - heights[item] / 2
        shift += top if reached is None else max(0.0, top - reached)
        reached = max(reached or top, y[item] + heights[item] / 2)
        found[item] = y[item] - shift
    return found


def _wish(item, neighbours, y):
    """The mean height of neighbours; way points weigh more, so that long ways are straight."""
    if not neighbours:
        return y[item]
    weights = [1 + 3 * isinstance(n, tuple) + 4 * (isinstance(n, tuple) and isinstance(item, tuple))
               for n in neighbours]  # fmt: skip
    return sum(w * y[n] for w, n in zip(weights, neighbours, strict=True)) / sum(weights)


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
