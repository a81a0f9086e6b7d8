"""Edges of the picture: curves between columns, heads, labels where there is room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apps.tracing.maps.escaping import escaped
from apps.tracing.maps.health import Health
from apps.tracing.maps.layout import Layout, Point, Route
from apps.tracing.maps.outlines import CHANGES, SIGNS
from apps.tracing.maps.picture import Change, DrawnEdge, Picture


def edges(picture: Picture, layout: Layout[str]) -> Iterator[str]:
    room = _Room()
    drawn = sorted(
        zip(picture.edges, layout.routes, strict=True),
        key=lambda one: _URGENCY[one[0].health],
    )
    # What fails is labelled first and written last, above what is well.
    written = [_edge(edge, route, picture, room) for edge, route in drawn]
    yield from reversed(written)


_URGENCY = {Health.FAILING: 0, Health.TROUBLED: 1, Health.GOOD: 2, Health.IDLE: 3}


def _edge(edge: DrawnEdge, route: Route, picture: Picture, room: _Room) -> str:
    way = _way(route)
    classes = [f"edge h-{edge.health}", "async" if edge.is_async else "sync"]
    if edge.change:
        classes.append(f"c-{edge.change}")
    if edge.id in picture.chosen:
        classes.append("chosen")
    if picture.found is not None and edge.id not in picture.found:
        classes.append("unfound")
    parts = [
        f'<a class="{" ".join(classes)}" href="{escaped(edge.href)}" tabindex="-1" '
        f'data-id="{escaped(edge.id)}" data-from="{escaped(edge.source)}" '
        f'data-to="{escaped(edge.target)}"><title>{escaped(edge.title)}</title>'
        f'<path class="hit" d="{way}"/><path class="line" d="{way}"/>'
    ]
    if edge.change is Change.NEW:
        parts.append(f'<path class="inner" d="{way}"/>')
    parts.append(f'<path class="head" d="{_head(route, is_open=edge.is_async)}"/>')
    parts += _edge_label(edge, route, room)
    return "".join((*parts, "</a>"))


def _way(route: Route) -> str:
    if route.is_loop:
        (x, y), (x2, y2) = route.points
        begin, end = f"{x:.1f} {y:.1f}", f"{x2:.1f} {y2:.1f}"
        return f"M{begin}C{x - 6:.1f} {y - 34:.1f} {x2 + 6:.1f} {y2 - 34:.1f} {end}"
    (x, y), *rest = route.points
    parts = [f"M{x:.1f} {y:.1f}"]
    for at, (x2, y2) in enumerate(rest):
        if at % 2:
            parts.append(f"H{x2:.1f}")
        else:
            middle = (x + x2) / 2
            parts.append(
                f"C{middle:.1f} {y:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
            )
        x, y = x2, y2
    return "".join(parts)


def _head(route: Route, *, is_open: bool) -> str:
    x, y = route.points[-1]
    end = "" if is_open else "Z"
    if route.is_loop:
        return f"M{x - 3:.1f} {y - 8:.1f}L{x:.1f} {y:.1f}L{x + 5:.1f} {y - 7:.1f}{end}"
    back = 8.5 if route.is_back else -8.5
    behind = f"{x + back:.1f}"
    return f"M{behind} {y - 4.2:.1f}L{x:.1f} {y:.1f}L{behind} {y + 4.2:.1f}{end}"


def _edge_label(edge: DrawnEdge, route: Route, room: _Room) -> Iterator[str]:
    sign = _edge_sign(edge)
    if not (edge.label or sign):
        return
    wide = len(edge.label) * 6.2 + (16 if sign else 0)
    place = room.place(_spots(route), wide)
    crowded = "" if place else " crowded"
    x, y = place or _spots(route)[0]
    yield f'<g class="label{crowded}" transform="translate({x:.1f} {y:.1f})">'
    left = -wide / 2
    if sign:
        yield f'<circle class="sign-back" cx="{left + 6:.1f}" cy="0" r="6.2"/>'
        yield f'<path class="sign" transform="translate({left + 6:.1f} 0)" d="{sign}"/>'
    if edge.label:
        x_text = left + (16 if sign else 0)
        yield f'<text x="{x_text:.1f}" y="3.6">{escaped(edge.label)}</text>'
    yield "</g>"


def _edge_sign(edge: DrawnEdge) -> str:
    if edge.change:
        return CHANGES[edge.change]
    if edge.health in (Health.FAILING, Health.TROUBLED):
        return SIGNS[edge.health]
    return ""


def _spots(route: Route) -> list[Point]:
    """Where a label may stand: along the first and the last curve of the way."""
    if route.is_loop:
        (x, y), (x2, _) = route.points
        return [((x + x2) / 2, y - 30)]
    found = []
    first, last = route.points[:2], route.points[-2:]
    for share in (0.5, 0.38, 0.62, 0.27, 0.73):
        for begin, end in (first, last) if first != last else (first,):
            found.append(_on_curve(begin, end, share))
    return found


def _on_curve(begin: Point, end: Point, share: float) -> Point:
    """A point of the curve between two columns, whose ends are level."""
    rest = 1 - share
    middle = (begin[0] + end[0]) / 2
    near, far = 3 * rest * rest * share, 3 * rest * share * share
    x = rest**3 * begin[0] + (near + far) * middle + share**3 * end[0]
    y = (rest**3 + near) * begin[1] + (share**3 + far) * end[1]
    return x, y


class _Room:
    """Which places are taken by labels, in cells of a coarse grid."""

    _WIDE, _HIGH = 24.0, 15.0

    def __init__(self) -> None:
        self._taken: set[tuple[int, int]] = set()

    def place(self, spots: Sequence[Point], wide: float) -> Point | None:
        for x, y in spots:
            cells = self._cells(x, y, wide)
            if self._taken.isdisjoint(cells):
                self._taken.update(cells)
                return x, y
        return None

    def _cells(self, x: float, y: float, wide: float) -> list[tuple[int, int]]:
        first, last = (x - wide / 2) // self._WIDE, (x + wide / 2) // self._WIDE
        top, bottom = (y - 6) // self._HIGH, (y + 6) // self._HIGH
        return [
            (column, row)
            for column in range(int(first), int(last) + 1)
            for row in range(int(top), int(bottom) + 1)
        ]
