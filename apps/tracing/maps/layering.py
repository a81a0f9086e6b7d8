"""Which column each node of a graph belongs in, and in what order they stand there.

The first half of a layered layout, after Sugiyama: edges that close a cycle are turned,
columns are distances from where calls begin, edges that span several columns are
followed by a place to pass through in each of them, and sweeps take out crossings.
Everything is decided by the order nodes are given in: the same graph is laid out alike.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Pair = tuple[int, int]
_SWEEPS = 8
_PATIENCE = 2


@dataclass(slots=True)
class Layers:
    """Items are nodes, by their place in the graph, then places to pass through.

    `chains` are the items that an edge goes through, from the left to the right, by
    the place of the edge in the graph; `turned` edges run from right to left.
    `columns` lists the items of each layer from top to bottom.
    """

    nodes: int
    layer: list[int]
    columns: list[list[int]]
    chains: dict[int, list[int]]
    turned: frozenset[int]
    left: list[list[int]] = field(default_factory=list)
    right: list[list[int]] = field(default_factory=list)

    def is_passage(self, item: int) -> bool:
        return item >= self.nodes


def layered(
    nodes: int, edges: Sequence[Pair], before: Mapping[int, float] | None = None
) -> Layers:
    """`edges` without loops, and no node without an edge; `before` ranks nodes that
    were shown already, who keep that order among each other."""
    turned = _turned(nodes, edges)
    straight = [
        (target, source) if at in turned else (source, target)
        for at, (source, target) in enumerate(edges)
    ]
    layers = _with_passages(nodes, straight, _depths(nodes, straight))
    layers.turned = turned
    _ordered(layers, before or {})
    return layers


def _turned(nodes: int, edges: Sequence[Pair]) -> frozenset[int]:
    """The edges to turn so that no cycle is left: those that lead back to a node on
    the way, seen from where nobody calls first."""
    leaving: list[list[tuple[int, int]]] = [[] for _ in range(nodes)]
    called = [False] * nodes
    for at, (source, target) in enumerate(edges):
        leaving[source].append((at, target))
        called[target] = True
    found: set[int] = set()
    state = bytearray(nodes)  # 0: not seen, 1: on the way, 2: done
    for root in sorted(range(nodes), key=lambda one: called[one]):
        if not state[root]:
            _walk(root, leaving, state, found)
    return frozenset(found)


def _walk(
    root: int,
    leaving: list[list[tuple[int, int]]],
    state: bytearray,
    found: set[int],
) -> None:
    state[root] = 1
    way = [(root, iter(leaving[root]))]
    while way:
        node, rest = way[-1]
        for at, target in rest:
            if state[target] == 1:
                found.add(at)
            elif not state[target]:
                state[target] = 1
                way.append((target, iter(leaving[target])))
                break
        else:
            state[node] = 2
            way.pop()


def _depths(nodes: int, edges: Sequence[Pair]) -> list[int]:
    """The longest way to each node; who only calls stands right before whom it calls,
    but for those who begin everything."""
    leaving: list[list[int]] = [[] for _ in range(nodes)]
    waiting = [0] * nodes
    for source, target in edges:
        leaving[source].append(target)
        waiting[target] += 1
    depth = [0] * nodes
    first = [node for node in range(nodes) if not waiting[node]]
    ready = list(first)
    for node in ready:
        for target in leaving[node]:
            depth[target] = max(depth[target], depth[node] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    for node in first[1:]:
        depth[node] = min(depth[target] for target in leaving[node]) - 1
    return depth


def _with_passages(nodes: int, edges: Sequence[Pair], depth: list[int]) -> Layers:
    layer = list(depth)
    chains: dict[int, list[int]] = {}
    for at, (source, target) in enumerate(edges):
        chain = [source]
        for column in range(depth[source] + 1, depth[target]):
            chain.append(len(layer))
            layer.append(column)
        chain.append(target)
        chains[at] = chain
    columns: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
    for item, column in enumerate(layer):
        columns[column].append(item)
    made = Layers(nodes, layer, columns, chains, frozenset())
    made.left = [[] for _ in layer]
    made.right = [[] for _ in layer]
    for chain in chains.values():
        for one, other in itertools.pairwise(chain):
            made.right[one].append(other)
            made.left[other].append(one)
    return made


def _ordered(layers: Layers, before: Mapping[int, float]) -> None:
    """Sweep to and fro, each item towards the middle of its neighbours; the order with
    the fewest crossings is kept."""
    _in_order_of_walk(layers)
    _kept(layers.columns, before)
    best, fewest = [list(one) for one in layers.columns], crossings(layers)
    in_vain = 0
    for sweep in range(_SWEEPS):
        if not fewest or in_vain == _PATIENCE:
            break
        _swept(layers, is_rightwards=sweep % 2 == 0)
        _kept(layers.columns, before)
        found = crossings(layers)
        in_vain += 1
        if found < fewest:
            best, fewest, in_vain = [list(one) for one in layers.columns], found, 0
    layers.columns = best


def _in_order_of_walk(layers: Layers) -> None:
    """What is reached one after the other begins beside each other."""
    rank: dict[int, int] = {}
    for root in layers.columns[0] if layers.columns else ():
        _visit(root, layers.right, rank)
    for item in range(len(layers.layer)):
        _visit(item, layers.right, rank)
    for column in layers.columns:
        column.sort(key=rank.__getitem__)


def _visit(root: int, right: list[list[int]], rank: dict[int, int]) -> None:
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if item not in rank:
            rank[item] = len(rank)
            waiting.extend(reversed(right[item]))


def _swept(layers: Layers, *, is_rightwards: bool) -> None:
    columns = layers.columns if is_rightwards else layers.columns[::-1]
    neighbours = layers.left if is_rightwards else layers.right
    place: dict[int, int] = {}
    for column in columns:
        here = {item: at for at, item in enumerate(column)}
        middle = {
            item: (
                sum([place[one] for one in neighbours[item]]) / len(neighbours[item])
                if neighbours[item]
                else at
            )
            for item, at in here.items()
        }
        column.sort(key=middle.__getitem__)
        place.update({item: at for at, item in enumerate(column)})


def _kept(columns: list[list[int]], before: Mapping[int, float]) -> None:
    """Those that were shown before take their places in the order of before."""
    if not before:
        return
    for column in columns:
        places = [at for at, item in enumerate(column) if item in before]
        known = sorted((column[at] for at in places), key=before.__getitem__)
        for at, item in zip(places, known, strict=True):
            column[at] = item


def crossings(layers: Layers) -> int:
    """How many pairs of edges cross between neighbouring columns."""
    total = 0
    for here, there in zip(layers.columns, layers.columns[1:], strict=False):
        place = {item: at for at, item in enumerate(there)}
        seen: list[int] = []
        for item in here:
            ends = [place[one] for one in layers.right[item]]
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total
