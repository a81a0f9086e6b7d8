"""Where some traces differ from the rest: which values of which field they share.

A trace has a value where one of its spans does. The share of those selected that have
it is held against the share of the rest; what differs most comes first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from apps.tracing.spans.documents import outcome_word
from apps.tracing.spans.span import Span, SpanKind
from apps.tracing.traces.filters.texts import quoted
from apps.tracing.traces.summaries import root_of

MOST_VALUES = 40_000
_MOST_ANNOTATIONS = 50
_SHOWN_LENGTH = 200
_LEAST_DIFFERENCE = 0.05
_LEAST_COUNT = 2
_CALLS, _THEN = " → ", " · "
_VERSIONS = re.compile(r"(^|[._-])(version|release|build|deployment)$", re.IGNORECASE)

Pair = tuple[str, str]
"""A field and one of its values."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A value of a field, with how many of either side have it. `expression` finds
    the traces that do, as a filter expression; empty where none can."""

    field: str
    value: str
    among: int
    elsewhere: int
    share_among: float
    share_elsewhere: float
    expression: str

    @property
    def percent_among(self) -> float:
        return 100 * self.share_among

    @property
    def percent_elsewhere(self) -> float:
        return 100 * self.share_elsewhere

    @property
    def difference(self) -> float:
        """From -1, only the rest have it, to 1, only those selected do."""
        return self.share_among - self.share_elsewhere


@dataclass(frozen=True, slots=True)
class Breakdown:
    """`fields`: values by field, the field that tells most first. `is_cut`: there
    were too many different values, and some of the rarest were not counted."""

    selected: int
    rest: int
    fields: tuple[tuple[str, tuple[Shared, ...]], ...]
    is_cut: bool = False


@dataclass(slots=True)
class Counting:
    """Counts traces of either side, one after the other."""

    selected: int = 0
    rest: int = 0
    is_cut: bool = False
    _among: Counter[Pair] = field(default_factory=Counter)
    _elsewhere: Counter[Pair] = field(default_factory=Counter)

    def add(self, spans: Sequence[Span], *, is_selected: bool) -> None:
        counts = self._among if is_selected else self._elsewhere
        if is_selected:
            self.selected += 1
        else:
            self.rest += 1
        for pair in set(pairs_of(spans)):
            if len(counts) < MOST_VALUES or pair in counts:
                counts[pair] += 1
            else:
                self.is_cut = True

    def breakdown(self, values: int = 3) -> Breakdown:
        """The values that differ, at most so many a field."""
        by_field: dict[str, list[Shared]] = {}
        for pair in self._among | self._elsewhere:
            found = self._shared(pair)
            if abs(found.difference) >= _LEAST_DIFFERENCE:
                by_field.setdefault(found.field, []).append(found)
        for shared in by_field.values():
            shared.sort(key=lambda one: (-one.difference, -one.among, one.value))
        ordered = sorted(
            by_field.items(), key=lambda item: (-_most_telling(item[1]), item[0])
        )
        fields = tuple((name, tuple(_ends(shared, values))) for name, shared in ordered)
        return Breakdown(self.selected, self.rest, fields, self.is_cut)

    def _shared(self, pair: Pair) -> Shared:
        among, elsewhere = self._among[pair], self._elsewhere[pair]
        share = among / self.selected if self.selected else 0.0
        share_elsewhere = elsewhere / self.rest if self.rest else 0.0
        if among + elsewhere < _LEAST_COUNT:  # chance: nothing can be told from one
            share = share_elsewhere
        return Shared(
            *pair, among, elsewhere, share, share_elsewhere, expression_of(pair)
        )


def _most_telling(shared: Sequence[Shared]) -> float:
    """How much a field tells: what those selected have alone goes before what they
    lack, of which there is always more."""
    return max(shared[0].difference, abs(shared[-1].difference) / 2)


def _ends(shared: Sequence[Shared], most: int) -> Sequence[Shared]:
    """What is more frequent among those selected, then what is rarer, at most so many
    of both."""
    if len(shared) <= most:
        return shared
    more = [one for one in shared if one.difference > 0][: most - 1]
    return [*more, *shared[len(more) - most :]]


def pairs_of(spans: Sequence[Span]) -> Iterator[Pair]:
    """Every field and value of a trace."""
    root = root_of(spans)
    yield (
        "Request",
        f"{root.service.name} {root.operation or root.name}"[:_SHOWN_LENGTH],
    )
    yield "Number of spans", _magnitude(len(spans))
    for span in spans:
        yield from _pairs_of_span(span)


def _pairs_of_span(span: Span) -> Iterator[Pair]:
    owner = span.service.name
    yield "Service", owner
    if span.region:
        yield "Region", span.region
    place = _place(span)
    if span.outcome:
        yield "Failed in", f"{place}: {outcome_word(span)}"[:_SHOWN_LENGTH]
    if span.peer is not None:
        called = f"{_THEN}{span.operation}" if span.operation else ""
        yield "Call", f"{place}{called}"[:_SHOWN_LENGTH]
    if span.http is not None and span.http.status:
        yield "HTTP status", f"{place} {span.http.status}"[:_SHOWN_LENGTH]
    for name, value in (
        ("User", span.user),
        ("Zone", span.availability_zone),
        ("Instance", span.instance_id),
    ):
        if value:
            yield name, value[:_SHOWN_LENGTH]
    for one in span.exceptions:
        yield "Exception", one.type[:_SHOWN_LENGTH]
    yield from _annotations(span)


def _place(span: Span) -> str:
    """A service, whom it called, or what it did within."""
    owner = span.service.name
    if span.peer is not None:
        return f"{owner}{_CALLS}{span.peer.name}"
    is_entry = span.kind in (SpanKind.SERVER, SpanKind.CONSUMER)
    return owner if is_entry else f"{owner}{_THEN}{span.name}"


def _annotations(span: Span) -> Iterator[Pair]:
    for key, value in list(span.annotations.items())[:_MOST_ANNOTATIONS]:
        name = "Version" if _VERSIONS.search(key) else f"annotation.{key}"
        shown = str(value).lower() if isinstance(value, bool) else f"{value}"
        yield (
            name,
            f"{key}={shown}"[:_SHOWN_LENGTH]
            if name == "Version"
            else (shown[:_SHOWN_LENGTH]),
        )


def _magnitude(count: int) -> str:
    """Counts of spans in powers of two: that a trace has 37 tells nothing."""
    lower = 1 << (count.bit_length() - 1)
    return "1" if lower == 1 else f"{lower:,} to {2 * lower - 1:,}"


def expression_of(pair: Pair) -> str:
    """A filter expression for a value; empty where X-Ray's language has none."""
    name, value = pair
    if len(value) >= _SHOWN_LENGTH:
        return ""
    if name.startswith("annotation."):
        return _of_annotation(name.removeprefix("annotation."), value)
    made = _EXPRESSIONS.get(name)
    return made(value) if made else ""


def _of_status(value: str) -> str:
    place, _, status = value.rpartition(" ")
    return _within(place, f"http.status = {status}")


def _of_call(value: str) -> str:
    return _within(value.split(_THEN)[0], "")


def _of_failure(value: str) -> str:
    place, _, outcome = value.rpartition(": ")
    return _within(place, outcome)


def _within(place: str, condition: str) -> str:
    """That something held there; X-Ray's language does not ask about work within."""
    braces = f" {{ {condition} }}" if condition else ""
    owner, calls, called = place.partition(_CALLS)
    if calls:
        return f"edge({quoted(owner)}, {quoted(called)}){braces}"
    return "" if _THEN in place else f"service({quoted(place)}){braces}"


_EXPRESSIONS: Mapping[str, Callable[[str], str]] = {
    "Service": lambda value: f"service({quoted(value)})",
    "User": lambda value: f"user = {quoted(value)}",
    "Zone": lambda value: f"availabilityzone = {quoted(value)}",
    "Instance": lambda value: f"instance.id = {quoted(value)}",
    "Exception": lambda value: (
        f"rootcause.fault.exception {{ name = {quoted(value)} }}"
    ),
    "Version": lambda value: _of_annotation(*value.split("=", 1)),
    "HTTP status": _of_status,
    "Call": _of_call,
    "Failed in": _of_failure,
}


def _of_annotation(key: str, value: str) -> str:
    if "]" in key or '"' in key:
        return ""
    name = f'annotation["{key}"]'
    if value in ("true", "false"):
        return f"{name} = {value}"
    is_number = re.fullmatch(r"-?\d+(\.\d+)?", value) is not None
    either = f"({name} = {quoted(value)} OR {name} = {value})"
    return either if is_number else f"{name} = {quoted(value)}"


def count(traces: Iterable[tuple[Sequence[Span], bool]]) -> Breakdown:
    """The breakdown of traces, each with whether it is one of those selected."""
    counting = Counting()
    for spans, is_selected in traces:
        counting.add(spans, is_selected=is_selected)
    return counting.breakdown()
