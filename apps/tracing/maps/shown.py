"""A map as a page asks for it: hidden, focused, grouped, found, laid out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from apps.tracing.maps import focusing, svg
from apps.tracing.maps.finding import FindError, Found, parse
from apps.tracing.maps.grouping import Grouped, Grouping, automatic, grouped
from apps.tracing.maps.layout import DENSE, ROOMY, Layout, layout
from apps.tracing.maps.picture import (
    DrawnNode,
    Picture,
    Sign,
    drawn_edge,
    drawn_node,
    edge_id,
    node_id,
)
from apps.tracing.maps.servicemap import (
    CLIENT,
    Figures,
    MapEdge,
    MapNode,
    ServiceMap,
    merged_figures,
)
from apps.tracing.maps.state import MapState
from apps.tracing.spans.span import ServiceKey


class NotOnMap(ValueError):
    """The node to focus on is not there in this time."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An expression that cannot be read: `name` of its parameter, what and where."""

    name: str
    text: str
    error: FindError


@dataclass(frozen=True)
class Shown:
    """`whole` is the map before anything was hidden; `map` what is drawn of it."""

    state: MapState
    whole: ServiceMap
    map: ServiceMap
    grouped: Grouped
    by: Grouping
    focus: tuple[ServiceKey, ...]
    find: Found | None
    problems: tuple[Problem, ...]
    missing_focus: bool = False

    @property
    def seconds(self) -> int:
        return self.map.until_s - self.map.since_s

    def found(self) -> frozenset[str] | None:
        """The ids of what the expression finds; None without one."""
        if self.find is None:
            return None
        find = self.find
        nodes = {node_id(n.key) for n in self.map.nodes if self._finds(find, n)}
        edges = {edge_id(e) for e in self.map.edges if find.edge(e, self.seconds)}
        return frozenset(nodes | edges)

    def _finds(self, find: Found, node: MapNode) -> bool:
        """A group is found where a member is."""
        members = self.grouped.members.get(node.key, (node,))
        return any(find.node(one, self.seconds) for one in members)


@dataclass(frozen=True)
class Extras:
    """What rooms around add to nodes: badges by key, calls that were really made."""

    signs: Mapping[ServiceKey, tuple[Sign, ...]] = field(default_factory=dict)
    sampled: Mapping[ServiceKey, str] = field(default_factory=dict)


NO_EXTRAS = Extras()


def shown(whole: ServiceMap, state: MapState) -> Shown:
    problems: list[Problem] = []
    hide = _read("hide", state.hide, problems)
    find = _read("find", state.find, problems)
    seconds = whole.until_s - whole.since_s
    map_ = whole
    if hide is not None:
        map_ = focusing.without(
            map_, lambda n: hide.node(n, seconds), lambda e: hide.edge(e, seconds)
        )
    focus = matching(map_, state.focus)
    if focus:
        near = focusing.near(map_.edges, focus, state.hops, state.direction)
        map_ = focusing.only(map_, near)
    by = automatic(map_) if state.by is None else state.by
    made = grouped(map_, by, state.opened)
    is_missing = bool(state.focus) and not focus
    drawn = in_order(with_clients(made.map))
    return Shown(
        state, whole, drawn, made, by, focus, find, tuple(problems), is_missing
    )


def with_clients(map_: ServiceMap) -> ServiceMap:
    """Clients have no figures of their own: those of what they call stand for them."""
    made: dict[ServiceKey, Figures] = {}
    for edge in map_.edges:
        if edge.source.type == CLIENT:
            known = made.get(edge.source, Figures())
            made[edge.source] = merged_figures(known, edge.figures)
    nodes = (
        replace(node, figures=made.get(node.key, node.figures))
        if node.key.type == CLIENT and not node.figures.calls
        else node
        for node in map_.nodes
    )
    return replace(map_, nodes=tuple(nodes))


def matching(map_: ServiceMap, text: str) -> tuple[ServiceKey, ...]:
    """The nodes that an id means, or a name alone."""
    if not text:
        return ()
    exact = tuple(node.key for node in map_.nodes if node_id(node.key) == text)
    return exact or tuple(node.key for node in map_.nodes if node.key.name == text)


def in_order(map_: ServiceMap) -> ServiceMap:
    """Nodes and edges in the order that the layout builds on: clients, roots, names."""

    def place(node: MapNode) -> tuple[object, ...]:
        key = node.key
        return key.type != CLIENT, not node.is_root, key.name, key.type, key.account

    nodes = tuple(sorted(map_.nodes, key=place))
    at = {node.key: place for place, node in enumerate(nodes)}
    edges = sorted(
        map_.edges, key=lambda one: (at[one.source], at[one.target], one.is_async)
    )
    return replace(map_, nodes=nodes, edges=tuple(edges))


def picture(
    shown_: Shown, href: Callable[[str], str], extras: Extras = NO_EXTRAS
) -> Picture:
    """`href` makes the link of a part from its id."""
    seconds, label = shown_.seconds, shown_.state.label
    nodes = [_node(one, shown_, href, extras) for one in shown_.map.nodes]
    edges = [drawn_edge(one, label, seconds, href) for one in shown_.map.edges]
    chosen = frozenset((shown_.state.select, *map(node_id, shown_.focus)))
    return Picture(nodes, edges, chosen, shown_.found())


def _node(
    node: MapNode, shown_: Shown, href: Callable[[str], str], extras: Extras
) -> DrawnNode:
    drawn = drawn_node(node, shown_.seconds, href(node_id(node.key)))
    members = shown_.grouped.members.get(node.key, ())
    signs = [sign for one in (node, *members) for sign in extras.signs.get(one.key, ())]
    return replace(
        drawn,
        members=len(members),
        signs=_summed(signs),
        sampled=extras.sampled.get(node.key, ""),
    )


def _summed(signs: list[Sign]) -> tuple[Sign, ...]:
    """One sign of a kind: a group has those of its members."""
    found: dict[str, Sign] = {}
    for sign in signs:
        known = found.get(sign.kind)
        if known is not None:
            sign = replace(known, count=known.count + sign.count)
        found[sign.kind] = sign
    return tuple(found.values())


def laid_out(drawn: Picture, before: Mapping[str, float] | None = None) -> Layout[str]:
    return layout(
        [node.id for node in drawn.nodes],
        [(edge.source, edge.target) for edge in drawn.edges],
        before,
        DENSE if drawn.is_dense else ROOMY,
    )


def drawn(picture_: Picture, before: Mapping[str, float] | None = None) -> str:
    return svg.drawing(picture_, laid_out(picture_, before))


def part(map_: ServiceMap, id_: str) -> MapNode | MapEdge | None:
    """The node or edge with an id."""
    for node in map_.nodes:
        if node_id(node.key) == id_:
            return node
    return next((edge for edge in map_.edges if edge_id(edge) == id_), None)


def _read(name: str, text: str, problems: list[Problem]) -> Found | None:
    if not text:
        return None
    try:
        return parse(text)
    except FindError as error:
        problems.append(Problem(name, text, error))
        return None
