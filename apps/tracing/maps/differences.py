"""What is different between the maps of two windows of time. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from apps.tracing.maps import significance, wording
from apps.tracing.maps.picture import Change
from apps.tracing.maps.servicemap import Figures, MapEdge, MapNode, ServiceMap
from apps.tracing.spans.span import ServiceKey

CERTAIN = 0.01
"""The rate of false discoveries among the differences that are shown as such."""
_LEAST_SHARE = 0.005
_LEAST_SLOWER = 0.06
_LEAST_RATE = 1.25
_LEAST_LATENCY = 1.1


class Measure(StrEnum):
    FAULTS = "faults"
    ERRORS = "errors"
    LATENCY = "latency"
    CALLS = "calls"


@dataclass(frozen=True, slots=True)
class Shift:
    """A measure that differs by more than chance explains, and by enough to matter.

    `before` and `after`: shares from 0 to 1, p95 in milliseconds, calls a minute.
    `p` is corrected for all tests of the comparison; `effect` is the difference of
    shares, how likely a call is slower now, or how many times as often it comes.
    """

    measure: Measure
    before: float
    after: float
    p: float
    effect: float

    @property
    def is_worse(self) -> bool:
        return self.measure is not Measure.CALLS and self.after > self.before

    @property
    def text(self) -> str:
        """`faults 0.2 % → 6.1 % (very unlikely by chance)`."""
        show = _SHOWN[self.measure]
        name = "p95" if self.measure is Measure.LATENCY else str(self.measure)
        said = f"{name} {show(self.before)} → {show(self.after)}"
        return f"{said} ({significance.in_words(self.p)})"

    @property
    def short(self) -> str:
        """`0.2 → 6.1 %`: the unit once, where both have the same."""
        show = _SHOWN[self.measure]
        before, after = show(self.before), show(self.after)
        number, _, unit = before.partition(" ")
        is_alike = bool(unit) and after.endswith(f" {unit}")
        return f"{number if is_alike else before} → {after}"


def _a_minute(value: float) -> str:
    return wording.rate(value, 60)


_SHOWN: Mapping[Measure, Callable[[float], str]] = {
    Measure.FAULTS: wording.share,
    Measure.ERRORS: wording.share,
    Measure.LATENCY: wording.milliseconds,
    Measure.CALLS: _a_minute,
}

EdgeKey = tuple[ServiceKey, ServiceKey, bool]


@dataclass(frozen=True, slots=True)
class Difference:
    """A node or an edge of either map. `before` and `after` are None where it was not
    there."""

    key: ServiceKey | EdgeKey
    change: Change
    before: Figures | None
    after: Figures | None
    shifts: tuple[Shift, ...] = ()

    @property
    def is_edge(self) -> bool:
        return not isinstance(self.key, ServiceKey)

    @property
    def text(self) -> str:
        if self.change in (Change.NEW, Change.GONE):
            return "new" if self.change is Change.NEW else "gone"
        return "; ".join(shift.text for shift in self.shifts) or "no clear difference"

    @property
    def urgency(self) -> tuple[int, float]:
        """What matters most is least."""
        worst = max((s.effect for s in self.shifts if s.is_worse), default=0.0)
        largest = max((abs(s.effect) for s in self.shifts), default=0.0)
        order = (Change.WORSE, Change.GONE, Change.NEW, Change.BETTER, Change.NONE)
        fails = any(s.is_worse and s.measure is Measure.FAULTS for s in self.shifts)
        place = 0 if fails else 1 + order.index(self.change)
        place += not self.shifts and self.change is Change.NONE
        calls = (self.after or self.before or Figures()).calls
        return place, -(worst or largest or calls)


@dataclass(frozen=True, slots=True)
class Differences:
    """All parts of both maps, what matters most first; `tests`: how many were done."""

    nodes: Sequence[Difference]
    edges: Sequence[Difference]
    tests: int

    @property
    def by_key(self) -> Mapping[ServiceKey | EdgeKey, Difference]:
        return {one.key: one for one in (*self.nodes, *self.edges)}

    def count(self, change: Change) -> int:
        return sum(one.change is change for one in (*self.nodes, *self.edges))


@dataclass(frozen=True, slots=True)
class _Test:
    part: int
    shift: Shift
    is_large: bool


def differences(a: ServiceMap, b: ServiceMap) -> Differences:
    """From `a`, before, to `b`, after."""
    parts = _paired(a, b)
    lengths = (a.until_s - a.since_s, b.until_s - b.since_s)
    tests = [
        replace(test, part=at)
        for at, one in enumerate(parts)
        if one.before is not None and one.after is not None
        for test in _tests(one.before, one.after, lengths)
    ]
    corrected = significance.corrected([test.shift.p for test in tests])
    shifts: dict[int, list[Shift]] = {}
    for test, p in zip(tests, corrected, strict=True):
        if test.is_large and p < CERTAIN:
            shifts.setdefault(test.part, []).append(replace(test.shift, p=p))
    judged = [_judged(one, shifts.get(at, ())) for at, one in enumerate(parts)]
    judged.sort(key=lambda one: one.urgency)
    return Differences(
        [one for one in judged if not one.is_edge],
        [one for one in judged if one.is_edge],
        len(tests),
    )


def union(a: ServiceMap, b: ServiceMap) -> ServiceMap:
    """Every node and edge of either map, as `b` has it where it does."""
    nodes = {node.key: node for node in (*a.nodes, *b.nodes)}
    edges = {edge.key: edge for edge in (*a.edges, *b.edges)}
    return replace(b, nodes=tuple(nodes.values()), edges=tuple(edges.values()))


def _paired(a: ServiceMap, b: ServiceMap) -> list[Difference]:
    def figures(parts: Iterable[MapNode | MapEdge]) -> dict[object, Figures]:
        return {part.key: part.figures for part in parts}

    before = figures((*a.nodes, *a.edges))
    after = figures((*b.nodes, *b.edges))
    found = []
    for key in {**before, **after}:
        one, other = before.get(key), after.get(key)
        change = Change.NEW if one is None else Change.NONE
        change = Change.GONE if other is None else change
        found.append(Difference(key, change, one, other))  # type: ignore[arg-type]
    return found


def _tests(
    before: Figures, after: Figures, lengths: tuple[int, int]
) -> Iterable[_Test]:
    yield _shares(Measure.FAULTS, before, after, (before.faults, after.faults))
    yield _shares(Measure.ERRORS, before, after, (before.errors, after.errors))
    yield _latencies(before, after)
    yield _rates(before, after, lengths)


def _shares(
    measure: Measure, before: Figures, after: Figures, hits: tuple[int, int]
) -> _Test:
    p = significance.of_shares(hits[0], before.calls, hits[1], after.calls)
    one, other = hits[0] / max(1, before.calls), hits[1] / max(1, after.calls)
    shift = Shift(measure, one, other, p, other - one)
    return _Test(0, shift, abs(other - one) >= _LEAST_SHARE)


def _latencies(before: Figures, after: Figures) -> _Test:
    ranks = significance.of_latencies(before.histogram, after.histogram)
    one, other = before.percentile_ms(0.95) or 0.0, after.percentile_ms(0.95) or 0.0
    shift = Shift(Measure.LATENCY, one, other, ranks.p, ranks.slower - 0.5)
    times = max(one, other) / (min(one, other) or 1.0)
    is_large = abs(ranks.slower - 0.5) >= _LEAST_SLOWER and times >= _LEAST_LATENCY
    return _Test(0, shift, is_large)


def _rates(before: Figures, after: Figures, lengths: tuple[int, int]) -> _Test:
    p = significance.of_rates(before.calls, lengths[0], after.calls, lengths[1])
    one, other = before.calls * 60 / lengths[0], after.calls * 60 / lengths[1]
    times = max(one, other) / (min(one, other) or 1e-9)
    shift = Shift(Measure.CALLS, one, other, p, times)
    return _Test(0, shift, times >= _LEAST_RATE)


def _judged(one: Difference, shifts: Sequence[Shift]) -> Difference:
    if one.change is not Change.NONE or not shifts:
        return one
    telling = [shift for shift in shifts if shift.measure is not Measure.CALLS]
    change = Change.NONE
    if telling:
        is_worse = any(shift.is_worse for shift in telling)
        change = Change.WORSE if is_worse else Change.BETTER
    return replace(one, change=change, shifts=tuple(shifts))
