"""Rows of a waterfall as the page draws them: places in percent across."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.tracing.spans.documents import outcome_word
from apps.tracing.spans.span import Span
from apps.tracing.traces.durations import shown
from apps.tracing.traces.naming import short_name
from apps.tracing.traces.waterfall import Row, Waterfall

COLOURS = 8
PATTERNS = 3
_RIGHT_OF_BAR = 82.0
_LEAST = 0.12
_DEEPEST = 24
_MICRO_A_MILLI = 1_000
_TICKS = 5
_MOST_LANES = 240
_LEAST_LANE = 1.2
_ROOM = 12.0

Stretch = tuple[float, float]
"""Where it begins and how wide it is, in percent."""


@dataclass(frozen=True, slots=True)
class DrawnRow:
    row: Row
    place: int
    colour: int
    pattern: int
    title: str
    doing: str
    sign: str
    took: str
    self_took: str
    x: float
    width: float
    label_x: float
    label_side: str
    critical: tuple[Stretch, ...]
    gaps: tuple[Stretch, ...]
    notes: tuple[str, ...]
    is_closed: bool
    level: int
    setsize: int

    @property
    def indent(self) -> int:
        return min(self.row.depth, _DEEPEST)


def drawn_rows(
    found: Waterfall, places: Sequence[int], seen: frozenset[int]
) -> list[DrawnRow]:
    """`places` of rows; `seen` are all that are on the page, to tell what is closed."""
    return [_drawn(found, found.rows[at], at, seen) for at in places]


def _drawn(found: Waterfall, row: Row, at: int, seen: frozenset[int]) -> DrawnRow:
    x, width = stretch(found, row.begin_us, row.end_us)
    side = "right"
    if x + width > _RIGHT_OF_BAR:
        side = "left" if x > _ROOM else "inside"
    return DrawnRow(
        row,
        at,
        row.service % COLOURS + 1,
        row.service // COLOURS % PATTERNS,
        _title(row),
        _doing(row.span),
        "" if row.span is None or not row.span.outcome else outcome_word(row.span),
        _took(row),
        shown(row.self_us / _MICRO_A_MILLI),
        x,
        max(width, _LEAST),
        x if side == "left" else x + max(width, _LEAST),
        side,
        tuple(stretch(found, *one) for one in row.critical),
        tuple(stretch(found, *one) for one in row.gaps),
        tuple(_notes(row)),
        bool(row.beneath) and at + 1 not in seen,
        row.depth + 1,
        row.beneath,
    )


def stretch(found: Waterfall, begin_us: int, end_us: int) -> Stretch:
    length = found.length_us
    return (
        100 * (begin_us - found.begin_us) / length,
        100 * (end_us - begin_us) / length,
    )


def _title(row: Row) -> str:
    if row.span is not None:
        return row.span.service.name or "unknown service"
    if row.missing == "hidden":
        return "A span of an account you may not see"
    return "A span that never came"


def _doing(span: Span | None) -> str:
    """What it did, in few words."""
    if span is None:
        return ""
    if span.peer is not None:
        on = span.resource
        on = "" if on == span.peer.name else short_name(on)
        parts = [short_name(span.peer.name), span.operation, on]
        return " ".join(one for one in parts if one)
    if span.operation:
        return span.operation
    return "" if span.name == span.service.name else span.name


def _took(row: Row) -> str:
    if row.span is None:
        return ""
    if row.span.is_in_progress:
        return "in progress"
    return shown(row.span.duration_us / _MICRO_A_MILLI)


def _notes(row: Row) -> Iterable[str]:
    if row.span is None and row.missing != "hidden":
        yield f"{row.missing} was named as a parent and never arrived"
    if row.late_us:
        yield f"began {shown(row.late_us / _MICRO_A_MILLI)} after its caller ended"
    if row.shift_us:
        sign = "+" if row.shift_us > 0 else "−"  # noqa: RUF001  # a minus
        yield f"clock corrected {sign}{shown(abs(row.shift_us) / _MICRO_A_MILLI)}"
    if row.inferred is not None:
        yield f"{row.inferred.name} sent no spans itself"
    if row.span is not None and row.span.is_inferred:
        yield "inferred from its caller"


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    label: str


def ticks(found: Waterfall) -> list[Tick]:
    """Evenly apart; the first is the begin."""
    step = found.length_us / _TICKS / _MICRO_A_MILLI
    return [
        Tick(100 * at / _TICKS, shown(step * at) if at else "0")
        for at in range(_TICKS + 1)
    ]


@dataclass(frozen=True, slots=True)
class Lane:
    """A line of the small map of the whole: `y` in pixels."""

    x: float
    width: float
    y: float
    height: float
    colour: int
    has_failed: bool
    place: int


def lanes(found: Waterfall, height: int) -> list[Lane]:
    """Rows from top to bottom, and of many only some: those that failed, then the
    longest."""
    rows = list(enumerate(found.rows))
    if len(rows) > _MOST_LANES:
        rows.sort(
            key=lambda one: (not one[1].has_failed, one[1].begin_us - one[1].end_us)
        )
        rows = sorted(rows[:_MOST_LANES])
    step = height / max(len(rows), 1)
    return [
        Lane(
            *stretch(found, row.begin_us, row.end_us),
            line * step,
            max(step, _LEAST_LANE),
            row.service % COLOURS + 1,
            row.has_failed,
            at,
        )
        for line, (at, row) in enumerate(rows)
    ]
