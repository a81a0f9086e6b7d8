"""The graph of an execution that is followed, laid out from top to bottom. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WIDE, HIGH = 200, 44
_GAP_X, _GAP_Y = 24, 34
_LETTERS = 26


@dataclass(frozen=True, slots=True)
class Box:
    """`x` and `y` are of its upper left corner."""

    name: str
    short: str
    kind: str
    state: str
    text: str
    x: int
    y: int

    @property
    def middle(self) -> int:
        return self.x + WIDE // 2

    @property
    def title_y(self) -> int:
        return self.y + 19

    @property
    def state_y(self) -> int:
        return self.y + 35


@dataclass(frozen=True, slots=True)
class Line:
    path: str


@dataclass(frozen=True, slots=True)
class Drawn:
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: int
    height: int


def drawn(progress: Mapping[str, Any]) -> Drawn | None:
    """None where there is no graph."""
    nodes = list(progress.get("graph") or ())
    if not nodes:
        return None
    rows = _rows(nodes)
    widest = max(len(row) for row in rows)
    width = widest * (WIDE + _GAP_X) - _GAP_X
    boxes = {}
    for depth, row in enumerate(rows):
        indent = (width - (len(row) * (WIDE + _GAP_X) - _GAP_X)) // 2
        for at, node in enumerate(row):
            x, y = indent + at * (WIDE + _GAP_X), depth * (HIGH + _GAP_Y)
            boxes[node["name"]] = _box(node, x + 2, y + 2)
    lines = [
        Line(_path(boxes[node["name"]], boxes[name]))
        for node in nodes
        for name in node.get("next", ())
        if name in boxes
    ]
    height = len(rows) * (HIGH + _GAP_Y) - _GAP_Y
    return Drawn(tuple(boxes.values()), tuple(lines), width + 4, height + 4)


def _box(node: Mapping[str, Any], x: int, y: int) -> Box:
    name = str(node["name"])
    short = name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…"
    return Box(name, short, str(node["kind"]), node["state"], node["text"], x, y)


def _rows(nodes: list[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Nodes by how many steps after the first they come; what loops back does not
    count, nor does what nothing leads to."""
    names = {node["name"]: node for node in nodes}
    led_to = {name for node in nodes for name in node.get("next", ())}
    first = [node["name"] for node in nodes if node["name"] not in led_to]
    depth: dict[str, int] = {}
    edge = first or [nodes[0]["name"]]
    level = 0
    while edge and level <= len(nodes):
        for name in edge:
            depth.setdefault(name, level)
        edge = [
            following
            for name in edge
            for following in names[name].get("next", ())
            if following in names and following not in depth
        ]
        level += 1
    rows: list[list[Mapping[str, Any]]] = [[] for _ in range(max(depth.values()) + 1)]
    for node in nodes:
        rows[depth.get(node["name"], 0)].append(node)
    return rows


def _path(one: Box, other: Box) -> str:
    """A curve from the foot of one box to the head of the other."""
    start, end = one.y + HIGH, other.y
    half = (start + end) // 2
    bend = f"{one.middle} {half} {other.middle} {half}"
    return f"M{one.middle} {start}C{bend} {other.middle} {end}"
