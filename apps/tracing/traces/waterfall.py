"""A trace in rows: in which order, how deep, from when until when, and what of it
nobody explains. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from apps.tracing.spans.span import ServiceKey, Span
from apps.tracing.traces.clocks import Clocks, clocks_of
from apps.tracing.traces.criticalpath import Interval, critical_path
from apps.tracing.traces.tracetree import TraceTree

_GAP_SHARE = 0.04
_LEAST_GAP_US = 1_000
_LATE_US = 1_000


@dataclass(slots=True)
class Row:
    """A span of the trace, or the place of one that never came (`span` is None).

    `beneath` counts the rows under it, `failures` those of them that failed.
    `self_us` is its time with no child at work. `gaps` are long stretches of a span
    with children that none of them explains; `critical` those on which the answer
    waited for it alone. `inferred` is what was made up from this call and is not
    shown by itself; `late_us` how long after its caller's end it began.
    """

    key: str
    span: Span | None
    depth: int
    begin_us: int
    end_us: int
    service: int = 0
    beneath: int = 0
    failures: int = 0
    self_us: int = 0
    gaps: Sequence[Interval] = ()
    critical: Sequence[Interval] = ()
    shift_us: int = 0
    late_us: int = 0
    inferred: ServiceKey | None = None
    missing: str = ""

    @property
    def has_failed(self) -> bool:
        return self.span is not None and bool(self.span.outcome)


@dataclass(frozen=True, slots=True)
class ServiceTotal:
    """What a service did in the trace. `critical_us`: how long the answer waited for
    its own work; `failures` of its `spans`."""

    service: ServiceKey
    at: int
    spans: int
    self_us: int
    critical_us: int
    failures: int


@dataclass(frozen=True, slots=True)
class Waterfall:
    """`rows` in order; `services` by their first appearance; `hidden` spans belong to
    accounts that the reader may not see."""

    tree: TraceTree
    rows: Sequence[Row]
    begin_us: int
    end_us: int
    services: Sequence[ServiceTotal]
    clocks: Clocks
    hidden: int = 0

    @property
    def length_us(self) -> int:
        return max(self.end_us - self.begin_us, 1)


def waterfall(spans: Iterable[Span], hidden: frozenset[str] = frozenset()) -> Waterfall:
    """The rows of spans, of which there is one at least. `hidden`: ids of spans that
    are there and not shown."""
    tree = TraceTree(spans)
    return _Building(tree, hidden).built()


class _Building:
    def __init__(self, tree: TraceTree, hidden: frozenset[str]) -> None:
        self._tree = tree
        self._hidden = hidden
        self._clocks = clocks_of(tree)
        self._intervals = _intervals(tree, self._clocks)
        self._critical = critical_path(tree, self._intervals)
        self._folded = {
            span.key
            for span in tree.spans
            if span.is_inferred
            and not tree.children(span)
            and tree.parent(span) is not None
        }
        ends = [end for _, end in self._intervals.values()]
        self._begin = min(begin for begin, _ in self._intervals.values())
        self._end = max(ends)
        self._places: dict[ServiceKey, int] = {}
        self._rows: list[Row] = []

    def built(self) -> Waterfall:
        lost: dict[str, list[Span]] = defaultdict(list)
        for top in self._tree.tops:
            if top.parent_id:
                lost[top.parent_id].append(top)
            else:
                self._add(top, 0)
        for parent_id, children in lost.items():
            self._add_missing(parent_id, children)
        _count(self._rows)
        return Waterfall(
            self._tree,
            self._rows,
            self._begin,
            self._end,
            self._totals(),
            self._clocks,
            len(self._hidden),
        )

    def _add_missing(self, parent_id: str, children: Sequence[Span]) -> None:
        held = [self._intervals[one.key] for one in children]
        self._rows.append(
            Row(
                f"missing-{parent_id}",
                None,
                0,
                min(begin for begin, _ in held),
                max(end for _, end in held),
                missing="hidden" if parent_id in self._hidden else parent_id,
            )
        )
        for child in children:
            self._add(child, 1)

    def _add(self, top: Span, depth: int) -> None:
        waiting = [(top, depth)]
        while waiting:
            span, depth = waiting.pop()
            children = [
                one for one in self._tree.children(span) if one.key not in self._folded
            ]
            self._rows.append(self._row(span, depth, children))
            waiting += [(one, depth + 1) for one in reversed(children)]

    def _row(self, span: Span, depth: int, children: Sequence[Span]) -> Row:
        begin, end = self._intervals[span.key]
        free = _uncovered((begin, end), [self._intervals[one.key] for one in children])
        row = Row(span.key, span, depth, begin, end)
        row.service = self._places.setdefault(span.service, len(self._places))
        row.self_us = sum(stop - start for start, stop in free)
        row.gaps = self._gaps(free) if children else ()
        row.critical = self._critical.get(span.key, ())
        row.shift_us = self._clocks.shifts_us.get(span.key, 0)
        row.late_us = self._late(span, begin)
        row.inferred = next(
            (
                one.service
                for one in self._tree.children(span)
                if one.key in self._folded
            ),
            None,
        )
        return row

    def _gaps(self, free: Sequence[Interval]) -> Sequence[Interval]:
        least = max(_LEAST_GAP_US, _GAP_SHARE * (self._end - self._begin))
        return [(start, stop) for start, stop in free if stop - start >= least]

    def _late(self, span: Span, begin: int) -> int:
        parent = self._tree.parent(span)
        if parent is None or parent.end_us is None:
            return 0
        late = begin - self._intervals[parent.key][1]
        return late if late > _LATE_US else 0

    def _totals(self) -> list[ServiceTotal]:
        counted: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for row in self._rows:
            if row.span is None:
                continue
            figures = counted[row.service]
            figures[0] += 1
            figures[1] += row.self_us
            figures[2] += sum(stop - start for start, stop in row.critical)
            figures[3] += row.has_failed
        totals = [
            ServiceTotal(service, at, *counted[at])
            for service, at in self._places.items()
        ]
        return sorted(totals, key=lambda one: -one.critical_us)


def _intervals(tree: TraceTree, clocks: Clocks) -> dict[str, Interval]:
    """When each span was at work. What is in progress reaches as far as is known."""
    found: dict[str, Interval] = {}
    for span in reversed(tree.spans):
        begin = clocks.start_us(span)
        end = begin + span.duration_us
        if span.is_in_progress:
            beneath = (found[child.key][1] for child in tree.children(span))
            end = max(beneath, default=begin)
        found[span.key] = begin, max(begin, end)
    return found


def _uncovered(whole: Interval, parts: Sequence[Interval]) -> list[Interval]:
    """The stretches of the whole that no part covers."""
    free: list[Interval] = []
    at, end = whole
    for start, stop in sorted(parts):
        if start > at:
            free.append((at, min(start, end)))
        at = max(at, stop)
        if at >= end:
            return free
    return [*free, (at, end)] if at < end else free


def _count(rows: Sequence[Row]) -> None:
    """How many rows, and failures, lie beneath each."""
    above: list[Row] = []

    def leave() -> None:
        left = above.pop()
        if above:
            above[-1].beneath += left.beneath + 1
            above[-1].failures += left.failures + left.has_failed

    for row in rows:
        while above and above[-1].depth >= row.depth:
            leave()
        above.append(row)
    while above:
        leave()


def unfolded(
    rows: Sequence[Row], closed: frozenset[str], deepest: int | None = None
) -> list[int]:
    """The places of the rows that are seen while some are closed, or all those that
    lie as deep as `deepest`."""
    shown: list[int] = []
    at = 0
    while at < len(rows):
        row = rows[at]
        shown.append(at)
        is_closed = row.key in closed or (deepest is not None and row.depth >= deepest)
        at += 1 + (row.beneath if is_closed else 0)
    return shown


def found_in(rows: Sequence[Row], text: str) -> list[int]:
    """The places of rows in which a text occurs, letter case ignored."""
    wanted = text.lower()
    return [
        at
        for at, row in enumerate(rows)
        if row.span is not None and wanted in _searched(row.span).lower()
    ]


def _searched(span: Span) -> str:
    parts = [span.name, span.service.name, span.operation, span.resource, span.id]
    if span.peer is not None:
        parts.append(span.peer.name)
    if span.http is not None:
        parts += [span.http.url, str(span.http.status or "")]
    parts += [f"{key}={value}" for key, value in span.annotations.items()]
    parts += [f"{one.type} {one.message}" for one in span.exceptions]
    return "\n".join(parts)


def parents_of_row(rows: Sequence[Row], at: int) -> Mapping[str, int]:
    """The rows above one, by key."""
    found: dict[str, int] = {}
    depth = rows[at].depth
    for place in range(at - 1, -1, -1):
        if rows[place].depth < depth:
            depth = rows[place].depth
            found[rows[place].key] = place
        if depth == 0:
            break
    return found
