"""What a chart says of its own numbers, in words: late, zero and no data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from apps.monitoring.charts.computing import Computed, Drawn
from apps.monitoring.charts.specs import MetricLine
from apps.monitoring.metrics.lines import MERGEABLE, Interval
from apps.search.timerange import from_milliseconds

NoteKind: TypeAlias = Literal[
    "problem", "late", "settling", "uncollected", "empty", "zero", "method"
]
# Longer than collecting takes where nobody looks: then it is no longer just late.
LATE_SECONDS = 3900
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Note:
    """`kind` chooses how it looks."""

    kind: NoteKind
    text: str


def notes(computed: Computed) -> tuple[Note, ...]:
    """Most important first."""
    return (
        *_problems(computed),
        *_uncollected(computed),
        *_settling(computed),
        *_silent(computed),
        *_methods(computed),
    )


def _problems(computed: Computed) -> Iterator[Note]:
    for drawn in computed.lines:
        if drawn.problem:
            yield Note("problem", f"{drawn.label}: {drawn.problem}".rstrip(".") + ".")


def _uncollected(computed: Computed) -> Iterator[Note]:
    gaps = computed.gaps
    until = int(min(computed.now, computed.span.until).timestamp())
    since = int(computed.span.since.timestamp())
    if gaps == (Interval(since, until),):
        yield Note(
            "uncollected",
            "Hatched: nothing was collected in this time. What is looked at is "
            "collected within minutes; CloudWatch keeps single minutes for 15 days.",
        )
        return
    late = late_gap(computed)
    if late:
        minutes = max(1, (late.until - late.since) // 60)
        yield Note("late", f"Late: not collected yet are the last {minutes} min.")
        gaps = gaps[:-1]
    if gaps:
        yield Note("uncollected", f"Hatched: not collected from {_said(gaps)}.")


def late_gap(computed: Computed) -> Interval | None:
    """The end of a chart until now, where it is no longer than collecting takes."""
    gaps, now = computed.gaps, int(computed.now.timestamp())
    since = int(computed.span.since.timestamp())
    if not gaps or computed.span.until < computed.now or gaps[-1].until < now:
        return None
    last = gaps[-1]
    is_all = last.since <= since
    return None if is_all or last.until - last.since > LATE_SECONDS else last


def _said(gaps: tuple[Interval, ...]) -> str:
    named = ", ".join(
        f"{_clock(one.since)} to {_clock(one.until)}" for one in gaps[:_NAMED]
    )
    more = len(gaps) - _NAMED
    return f"{named} UTC" + (f" and {more} times more" if more > 0 else "")


def _settling(computed: Computed) -> Iterator[Note]:
    since = [one.provisional_since for one in computed.lines]
    known = [one for one in since if one is not None]
    if known:
        at = f"{from_milliseconds(min(known) * 1000):%H:%M}"
        yield Note(
            "settling",
            f"Dotted: still settling since {at} UTC; CloudWatch may change it.",
        )


def _silent(computed: Computed) -> Iterator[Note]:
    """Lines that were read and have nothing, and those that are nothing but zero."""
    silent = [one for one in computed.lines if _is_silent(one)]
    if silent:
        yield Note(
            "empty",
            f"No datapoints: {_labels(silent)}. CloudWatch was asked and had none, "
            "which is not zero: many services send nothing while they are idle.",
        )
    waiting = [one for one in computed.lines if _waits_for_statistic(one)]
    if waiting:
        yield Note(
            "empty",
            f"No values yet: {_labels(waiting)}. A percentile cannot be computed from "
            "what is kept: it is collected from the first look on, within minutes. "
            "Where CloudWatch has none, it stays empty.",
        )
    zero = [
        one
        for one in computed.lines
        if not one.is_empty and not np.nansum(np.abs(one.values))
    ]
    if zero:
        yield Note("zero", f"Zero all the time: {_labels(zero)}.")


def _is_silent(drawn: Drawn) -> bool:
    is_asked = bool(drawn.covered) and not _is_unmerged(drawn)
    return drawn.is_empty and not drawn.problem and is_asked


def _waits_for_statistic(drawn: Drawn) -> bool:
    return _is_unmerged(drawn) and drawn.is_empty and not drawn.problem


def _is_unmerged(drawn: Drawn) -> bool:
    """Whether it is read by itself: what was read of its series says nothing of it."""
    line = drawn.line
    return isinstance(line, MetricLine) and line.statistic not in MERGEABLE


def _labels(lines: list[Drawn]) -> str:
    more = len(lines) - _NAMED
    said = ", ".join(one.label for one in lines[:_NAMED])
    return said + (f" and {more} more" if more > 0 else "")


def _methods(computed: Computed) -> Iterator[Note]:
    if computed.spec.compare:
        told = {"1d": "a day", "1w": "a week", "4w": "4 weeks"}[computed.spec.compare]
        longer = computed.before_period_seconds
        period = computed.grid.period_seconds
        text = f"Dashed: {told} before"
        if longer > period:
            text += f", of which periods of {_period(longer)} are kept; sums are spread"
            text += f" over {_period(period)}"
        yield Note("method", f"{text}.")
    if computed.spec.kind == "area" and len(computed.lines) > 1:
        yield Note("method", "Areas lie over each other, from zero. Bars are stacked.")
    if computed.band is not None:
        yield Note("method", f"{computed.band.method}.")
    wanted = computed.spec.period
    if wanted and computed.grid.period_seconds > wanted:
        yield Note(
            "method",
            f"Shown in periods of {_period(computed.grid.period_seconds)}: a chart of "
            f"{_period(wanted)} would have too many points, or they are not kept.",
        )


def _period(seconds: int) -> str:
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {name}s" if count > 1 else f"1 {name}"
    return f"{seconds} seconds"


def _clock(seconds: int) -> str:
    return f"{from_milliseconds(seconds * 1000):%Y-%m-%d %H:%M}"
