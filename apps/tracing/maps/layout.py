"""Where everything of the map is drawn: columns of nodes, ways of edges.

Nodes keep their places between refreshes: the same graph is laid out the same, and
nodes that were shown before keep their order. Pure; units are those of the SVG.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from apps.tracing.maps.layering import Layers, Pair, layered

K = TypeVar("K", bound=Hashable)
Point = tuple[float, float]
_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Spacing:
    """Sizes of nodes and of what is between them. `passage`: how much room an edge has
    where it passes a column; `port`: how far ends of edges are apart on a node."""

    width: float = 190
    height: float = 66
    between_columns: float = 86
    between_nodes: float = 26
    passage: float = 18
    port: float = 11
    most_in_a_row: int = 6


ROOMY = Spacing()
DENSE = Spacing(
    height=34, between_columns=84, between_nodes=9, passage=7, port=6, most_in_a_row=8
)


@dataclass(frozen=True, slots=True)
class Route:
    """The way of an edge, in the direction of its calls: points whose neighbours are
    joined by curves between columns and straight lines across them."""

    points: tuple[Point, ...]
    is_back: bool = False
    is_loop: bool = False


@dataclass(frozen=True, slots=True)
class Layout(Generic[K]):
    """`places` are upper left corners; `routes` come in the order of the edges.
    `apart_y` is where nodes that nothing is joined to begin, None without any.
    `order` ranks nodes for the next layout to keep."""

    places: Mapping[K, Point]
    routes: tuple[Route, ...]
    width: float
    height: float
    apart_y: float | None
    order: Mapping[K, float]
    spacing: Spacing


def layout(
    nodes: Sequence[K],
    edges: Sequence[tuple[K, K]],
    before: Mapping[K, float] | None = None,
    spacing: Spacing = ROOMY,
) -> Layout[K]:
    """Nodes in a stable order, those that begin everything first; an edge may be there
    twice. `before` is the order of an earlier layout."""
    joined = {
        end for source, target in edges if source != target for end in (source, target)
    }
    connected = [node for node in nodes if node in joined]
    index = {node: at for at, node in enumerate(connected)}
    pairs = [(index[s], index[t]) for s, t in edges if s != t]
    kept = {index[n]: rank for n, rank in (before or {}).items() if n in index}
    layers = layered(len(connected), pairs, kept)
    heights = _heights(layers, spacing)
    made = _Drawn(layers, spacing, heights)
    places = {node: made.corner(at) for node, at in index.items()}
    bottom = max((y + spacing.height for _, y in places.values()), default=0.0)
    apart_y = bottom + 2 * spacing.between_nodes if connected else 0.0
    alone = [node for node in nodes if node not in joined]
    places |= _apart(alone, apart_y, spacing)
    ways = iter(made.routes(pairs))
    routes = tuple(
        _loop(places[s], spacing) if s == t else next(ways) for s, t in edges
    )
    order = {node: made.middles[at] for node, at in index.items()}
    return Layout(
        places,
        routes,
        max((x + spacing.width for x, _ in places.values()), default=0.0),
        max((y + spacing.height for _, y in places.values()), default=0.0),
        apart_y if alone else None,
        order,
        spacing,
    )


def _apart(alone: Sequence[K], top: float, spacing: Spacing) -> dict[K, Point]:
    step_x = spacing.width + spacing.between_nodes
    step_y = spacing.height + spacing.between_nodes
    return {
        node: (
            at % spacing.most_in_a_row * step_x,
            top + at // spacing.most_in_a_row * step_y,
        )
        for at, node in enumerate(alone)
    }


def _loop(corner: Point, spacing: Spacing) -> Route:
    x, y = corner[0] + spacing.width * 0.62, corner[1]
    return Route(((x, y), (x + 34, y)), is_loop=True)


def _heights(layers: Layers, spacing: Spacing) -> list[float]:
    """The middle of every item, from top to bottom: as near to its neighbours as the
    order and the room between them allow."""
    halves = [
        (spacing.passage if layers.is_passage(item) else spacing.height) / 2
        for item in range(len(layers.layer))
    ]
    middle = [0.0] * len(halves)
    offsets = [_offsets(column, halves, layers, spacing) for column in layers.columns]
    for column, offset in zip(layers.columns, offsets, strict=True):
        shift = -offset[-1] / 2
        for item, down in zip(column, offset, strict=True):
            middle[item] = down + shift
    for turn in range(_ROUNDS):
        _settle(layers, offsets, middle, is_rightwards=turn % 2 == 0)
    top = min((middle[item] - halves[item] for item in range(len(middle))), default=0.0)
    return [one - top for one in middle]


def _offsets(
    column: list[int], halves: list[float], layers: Layers, spacing: Spacing
) -> list[float]:
    """How far below the first item each one is at least."""
    found, down = [0.0], 0.0
    for one, other in itertools.pairwise(column):
        is_tight = layers.is_passage(one) and layers.is_passage(other)
        gap = 0.0 if is_tight else spacing.between_nodes
        down += halves[one] + halves[other] + gap
        found.append(down)
    return found


def _settle(
    layers: Layers,
    offsets: list[list[float]],
    middle: list[float],
    *,
    is_rightwards: bool,
) -> None:
    order = range(len(layers.columns))
    neighbours, others = layers.left, layers.right
    if not is_rightwards:
        order, neighbours, others = order[::-1], layers.right, layers.left
    for at in order:
        column, offset = layers.columns[at], offsets[at]
        wanted, weights = [], []
        for item, down in zip(column, offset, strict=True):
            ends = neighbours[item] or others[item]
            wish = sum([middle[end] for end in ends]) / len(ends)
            wanted.append(wish - down)
            weights.append(6.0 if layers.is_passage(item) else 1.0 + len(ends))
        for item, down, level in zip(
            column, offset, _rising(wanted, weights), strict=True
        ):
            middle[item] = level + down


def _rising(values: list[float], weights: list[float]) -> list[float]:
    """The nearest numbers that never fall: neighbours that would are pooled."""
    pools: list[list[float]] = []  # mean, weight, how many
    for value, weight in zip(values, weights, strict=True):
        pool = [value, weight, 1]
        while pools and pools[-1][0] > pool[0]:
            mean, heavy, many = pools.pop()
            total = heavy + pool[1]
            pool = [(mean * heavy + pool[0] * pool[1]) / total, total, many + pool[2]]
        pools.append(pool)
    return [mean for mean, _, many in pools for _ in range(int(many))]


class _Drawn:
    """Items with their places; knows where edges leave and arrive."""

    def __init__(self, layers: Layers, spacing: Spacing, middles: list[float]) -> None:
        self._layers, self._spacing, self.middles = layers, spacing, middles
        self._step = spacing.width + spacing.between_columns

    def corner(self, item: int) -> Point:
        top = self.middles[item] - self._spacing.height / 2
        return self._layers.layer[item] * self._step, top

    def routes(self, pairs: Sequence[Pair]) -> list[Route]:
        leaving = self._ports(is_right=True)
        arriving = self._ports(is_right=False)
        return [self._route(at, leaving[at], arriving[at]) for at in range(len(pairs))]

    def _route(self, at: int, begin: float, end: float) -> Route:
        chain, width = self._layers.chains[at], self._spacing.width
        x = self._layers.layer[chain[0]] * self._step + width
        points = [(x, begin)]
        for item in chain[1:-1]:
            x, y = self._layers.layer[item] * self._step, self.middles[item]
            points += [(x, y), (x + width, y)]
        points.append((self._layers.layer[chain[-1]] * self._step, end))
        is_back = at in self._layers.turned
        return Route(tuple(reversed(points) if is_back else points), is_back)

    def _ports(self, *, is_right: bool) -> dict[int, float]:
        """The heights at which edges touch a side of their nodes, those that lead up
        above those that lead down."""
        sides: dict[int, list[tuple[float, int]]] = {}
        for at, chain in self._layers.chains.items():
            node, next_ = (chain[0], chain[1]) if is_right else (chain[-1], chain[-2])
            sides.setdefault(node, []).append((self.middles[next_], at))
        found: dict[int, float] = {}
        for node, ends in sides.items():
            ends.sort()
            room = self._spacing.height - 16
            step = min(self._spacing.port, room / max(1, len(ends) - 1))
            first = self.middles[node] - step * (len(ends) - 1) / 2
            found |= {at: first + place * step for place, (_, at) in enumerate(ends)}
        return found
