"""Samples in the database: written in batches, read as lines.

How they are kept is said in docs/architecture.md, how chunks are packed in `chunks`,
how two writers of one chunk get along in `storing`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from django.db import connection
from django.db.models import Q

from apps.monitoring.metrics import answers, covering, intervals, storing
from apps.monitoring.metrics.answers import Asked, StoredChunk
from apps.monitoring.metrics.columns import Samples
from apps.monitoring.metrics.covering import Covered, note_covered
from apps.monitoring.metrics.lines import (
    MERGEABLE,
    Line,
    Seconds,
    Values,
    Wanted,
    no_line,
)
from apps.monitoring.metrics.storing import ChunkKey, Columns, Written
from apps.monitoring.models import MetricChunk
from apps.monitoring.models.samples import CHUNKS_TABLE

__all__ = [
    "Reading",
    "Samples",
    "Written",
    "newest",
    "note_covered",
    "read",
    "write",
    "write_many",
    "write_statistic",
]

_NAMES = 500


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What was read of one series: samples, or values of one statistic.

    `columns`: count, sum, minimum, maximum; or the values of `statistic`, a percentile
    or trimmed statistic as CloudWatch spells it. `times`: starts of periods in any
    order; of a time that comes twice the last is taken.
    """

    series_id: int
    period_seconds: int
    times: Seconds
    columns: tuple[Values, ...]
    statistic: str = ""

    @classmethod
    def of(cls, series_id: int, period_seconds: int, samples: Samples) -> Reading:
        return cls(series_id, period_seconds, samples.times, samples.columns)


def write(
    series_id: int, period_seconds: int, samples: Samples, read_at: int
) -> Written:
    """Keep samples of a series: new ones, and later values of those that are there."""
    return write_many([Reading.of(series_id, period_seconds, samples)], read_at)


def write_statistic(  # noqa: PLR0913 - the place of a value has so many parts
    series_id: int,
    statistic: str,
    period_seconds: int,
    times: Seconds,
    values: Values,
    read_at: int,
) -> Written:
    """Keep values of a statistic that cannot be merged, as `p99` or `tm90`."""
    reading = Reading(series_id, period_seconds, times, (values,), statistic)
    return write_many([reading], read_at)


def write_many(readings: Iterable[Reading], read_at: int) -> Written:
    """Keep what was read of many series, in one transaction unless others interfere.

    Durable when it returns; safe to repeat, and beside other writers of the same
    chunks. Of two readings of one time the later in `readings` is taken.
    """
    coming: dict[ChunkKey, Columns] = {}
    for one in readings:
        series = (one.series_id, one.period_seconds, one.statistic)
        for key, piece in storing.pieces(series, Columns(one.times, one.columns)):
            known = coming.get(key)
            coming[key] = piece if known is None else storing.newer(known, piece)
    return storing.store(coming, storing.newer, read_at)


def newest(series_ids: Sequence[int]) -> dict[int, int]:
    """The start of the last period that has a sample, by series that have any."""
    found: dict[int, int] = {}
    for begin in range(0, len(series_ids), _NAMES):
        found |= _newest(series_ids[begin : begin + _NAMES])
    return found


def _newest(series_ids: Sequence[int]) -> dict[int, int]:
    """Of the last chunk of each period: found in the index, without reading chunks."""
    marks = ", ".join(["%s"] * len(series_ids))
    # Only our own names are put together here; every value is a parameter.
    statement = f"""
        SELECT series_id, MAX(last_at) FROM {CHUNKS_TABLE} JOIN (
            SELECT series_id, period_seconds, statistic, MAX(starts) AS starts
            FROM {CHUNKS_TABLE} WHERE series_id IN ({marks}) AND statistic = ''
            GROUP BY series_id, period_seconds, statistic
        ) AS newest USING (series_id, period_seconds, statistic, starts)
        GROUP BY series_id
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, list(series_ids))
        return dict(cursor.fetchall())


def read(
    wanted: Sequence[Wanted], since: int, until: int, period_seconds: int, now: int
) -> dict[Wanted, Line]:
    """A line for each statistic wanted, in two statements for all of them.

    From `since`, included, until `until`, excluded, in periods of `period_seconds`
    counted from 1970, UTC, beginning with the one that `since` lies in. A period longer
    than what is stored is merged. Where a part of the range is stored at a longer
    period only, the whole line is answered at that one; percentiles are never merged,
    and are there at the very period they were asked for, or not at all.
    """
    asked = Asked(since, until, period_seconds)
    stored = _stored(wanted, asked)
    covered = covering.covered(one.series_id for one in wanted)
    merged: dict[int, _Answer] = {}
    lines: dict[Wanted, Line] = {}
    for one in wanted:
        chunks = stored.get((one.series_id, _kept_as(one.statistic)), [])
        known = _Known(chunks, covered.get(one.series_id, []))
        if one.statistic not in MERGEABLE:
            lines[one] = _line_of_statistic(known, asked, now)
            continue
        if one.series_id not in merged:
            merged[one.series_id] = _answer(known, asked, now)
        lines[one] = merged[one.series_id].line(one.statistic)
    return lines


def _kept_as(statistic: str) -> str:
    return "" if statistic in MERGEABLE else statistic


@dataclass(frozen=True, slots=True)
class _Known:
    """What is stored of a series and what of it was read."""

    chunks: Sequence[StoredChunk]
    covered: Sequence[Covered]


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """What the lines of all statistics of a series are made of."""

    samples: Samples
    frame: Line

    def line(self, statistic: str) -> Line:
        values = self.samples.statistic(statistic)
        is_value = np.isfinite(values)
        times = self.samples.times[is_value]
        return replace(self.frame, times=times, values=values[is_value])


def _answer(known: _Known, asked: Asked, now: int) -> _Answer:
    period, samples = answers.answered(known.chunks, asked)
    return _Answer(samples, _frame(known, asked, period, now))


def _line_of_statistic(known: _Known, asked: Asked, now: int) -> Line:
    period = asked.period_seconds
    of_period = [one for one in known.chunks if one.period_seconds == period]
    covered = [one for one in known.covered if one.period_seconds == period]
    times, values = answers.statistic_only(of_period, asked)
    frame = _frame(_Known(of_period, covered), asked, period, now)
    return replace(frame, times=times, values=values)


def _frame(known: _Known, asked: Asked, period: int, now: int) -> Line:
    """A line without points: what was read of it, and what of it may change."""
    read = intervals.merged(one for some in known.covered for one in some.intervals)
    within = intervals.clipped(read, asked.begins(period), asked.until)
    since = _provisional_since(known, period, now)
    is_provisional = since is not None and since < asked.until
    return replace(
        no_line(period),
        covered=tuple(within),
        provisional_since=since if is_provisional else None,
    )


def _provisional_since(known: _Known, period: int, now: int) -> int | None:
    """The first period that CloudWatch may change still, or that is not over.

    What was read last decides; where only samples are known, when they came.
    """
    if known.covered:
        last = max(known.covered, key=lambda one: one.intervals[-1].until)
        settled = last.settled_until
    elif known.chunks:
        newest = max(known.chunks, key=lambda one: one.read_at)
        settled = covering.settled_until(newest.read_at, newest.period_seconds)
    else:
        return None
    first = min(settled, now)
    return first - first % period


def _stored(
    wanted: Sequence[Wanted], asked: Asked
) -> dict[tuple[int, str], list[StoredChunk]]:
    """The chunks of a range by series and statistic, but for those rolled up."""
    statistics = {_kept_as(one.statistic) for one in wanted}
    is_merged = Q(statistic="") & (
        Q(is_dirty=True) | ~Q(period_seconds__in=answers.needless(asked.period_seconds))
    )
    is_percentile = Q(period_seconds=asked.period_seconds) & ~Q(statistic="")
    rows = MetricChunk.objects.filter(
        is_merged | is_percentile,
        series_id__in={one.series_id for one in wanted},
        statistic__in=statistics,
        starts__lt=asked.until,
        ends__gt=asked.begins(asked.period_seconds),
    )
    found: dict[tuple[int, str], list[StoredChunk]] = defaultdict(list)
    names = ("series_id", "statistic", "period_seconds", "is_dirty", "read_at")
    for row in rows.values_list(*names, "packed"):
        series_id, statistic, period, is_dirty, read_at, packed = row
        chunk = StoredChunk(period, is_dirty, read_at, bytes(packed))
        found[series_id, statistic].append(chunk)
    return found
