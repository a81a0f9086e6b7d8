"""Chunks as rows: read, merged with what is written, written where nobody was faster.

No row is locked while samples are packed. A row is replaced only while it is of the
version that was read; where another process was faster, its samples are read and merged
again. So two writers of a chunk lose nothing, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from django.db import connection, transaction

from apps.monitoring.metrics import chunks, rollups
from apps.monitoring.metrics.columns import Samples
from apps.monitoring.metrics.lines import Seconds, Values
from apps.monitoring.models import MetricChunk
from apps.monitoring.models.samples import CHUNKS_TABLE

# Rows of a statement: SQLite takes 999 parameters on old machines.
_ROWS = 90
_NAMES = 400


@dataclass(frozen=True, slots=True, order=True)
class ChunkKey:
    series_id: int
    period_seconds: int
    statistic: str
    starts: int


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Times, ascending and each once, and as many values in every column."""

    times: Seconds
    values: tuple[Values, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """Samples that were new, that changed what was stored, that were stored already."""

    new: int = 0
    changed: int = 0
    same: int = 0

    def __add__(self, other: Written) -> Written:
        return Written(
            self.new + other.new, self.changed + other.changed, self.same + other.same
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Merged:
    """A chunk as it should become, of the version that it was."""

    version: int
    columns: Columns
    written: Written


# What becomes of stored columns, and of those that come.
Merge: TypeAlias = Callable[[Columns, Columns], Columns]
_Row: TypeAlias = tuple[int, bytes]


def pieces(
    series: tuple[int, int, str], columns: Columns
) -> Iterator[tuple[ChunkKey, Columns]]:
    """What of columns in any order belongs into which chunk; of a time the last."""
    times, first_of_reversed = np.unique(columns.times[::-1], return_index=True)
    order = len(columns.times) - 1 - first_of_reversed
    series_id, period_seconds, statistic = series
    span = chunks.SPAN * period_seconds
    starts = times - times % span
    edges = np.flatnonzero(np.diff(starts, prepend=-1, append=-1))
    for begin, end in pairwise(edges):
        rows = order[begin:end]
        key = ChunkKey(series_id, period_seconds, statistic, int(starts[begin]))
        values = tuple(column[rows] for column in columns.values)
        yield key, Columns(times[begin:end], values)


def newer(stored: Columns, coming: Columns) -> Columns:
    """Stored columns, and over them those that come."""
    if not len(stored.times):
        return coming
    kept = ~np.isin(stored.times, coming.times)
    times = np.concatenate([stored.times[kept], coming.times])
    order = np.argsort(times, kind="stable")
    both = zip(stored.values, coming.values, strict=True)
    values = [np.concatenate([old[kept], new])[order] for old, new in both]
    return Columns(times[order], tuple(values))


def fuller(stored: Columns, made: Columns) -> Columns:
    """Stored samples, and over them what shorter periods say: rollups.overlaid."""
    if not len(stored.times):
        return made
    below = Samples.made_of(stored.times, stored.values)
    over = rollups.overlaid(below, Samples.made_of(made.times, made.values))
    return Columns(over.times, over.columns)


def store(coming: Mapping[ChunkKey, Columns], merge: Merge, read_at: int) -> Written:
    """Merge columns into their chunks, durably; safe to repeat at any time."""
    total, waiting = Written(), dict(coming)
    while waiting:
        stored = _stored(waiting)
        merged = {
            key: _merged(stored.get(key), columns, merge)
            for key, columns in waiting.items()
        }
        changed = {key: one for key, one in merged.items() if _is_change(one.written)}
        done = _replace(changed, read_at)
        waiting = {key: waiting[key] for key in changed if key not in done}
        for key, one in merged.items():
            total += one.written if key not in waiting else Written()
    return total


def _is_change(written: Written) -> bool:
    return bool(written.new or written.changed)


def _stored(keys: Iterable[ChunkKey]) -> dict[ChunkKey, _Row]:
    """Version and bytes of the chunks that are there already.

    Series written for the same stretches, as a collector does, are read together.
    """
    starts_of: dict[tuple[int, int, str], list[int]] = defaultdict(list)
    for key in sorted(keys):
        starts_of[key.series_id, key.period_seconds, key.statistic].append(key.starts)
    alike: dict[tuple[int, str, tuple[int, ...]], list[int]] = defaultdict(list)
    for (series_id, period, statistic), starts in starts_of.items():
        for begin in range(0, len(starts), _NAMES):
            some = tuple(starts[begin : begin + _NAMES])
            alike[period, statistic, some].append(series_id)
    found: dict[ChunkKey, _Row] = {}
    for together, series in alike.items():
        for begin in range(0, len(series), _NAMES):
            found |= _rows_of(together, series[begin : begin + _NAMES])
    return found


def _rows_of(
    together: tuple[int, str, tuple[int, ...]], series: Sequence[int]
) -> dict[ChunkKey, _Row]:
    period, statistic, starts = together
    rows = MetricChunk.objects.filter(
        series_id__in=series,
        period_seconds=period,
        statistic=statistic,
        starts__in=starts,
    ).values_list("series_id", "starts", "version", "packed")
    return {
        ChunkKey(series_id, period, statistic, begins): (version, bytes(packed))
        for series_id, begins, version, packed in rows
    }


def _merged(stored: _Row | None, coming: Columns, merge: Merge) -> _Merged:
    if stored is None:
        return _Merged(0, coming, Written(new=len(coming.times)))
    version, packed = stored
    times, values = chunks.unpack(packed)
    old = Columns(times, tuple(values))
    whole = merge(old, coming)
    return _Merged(version, whole, _difference(old, whole, len(coming.times)))


def _difference(old: Columns, whole: Columns, coming: int) -> Written:
    new = len(whole.times) - len(old.times)
    there = np.isin(whole.times, old.times)
    is_changed = np.zeros(len(old.times), np.bool_)
    for before, after in zip(old.values, whole.values, strict=True):
        is_changed |= chunks.bits(before) != chunks.bits(after[there])
    changed = int(np.count_nonzero(is_changed))
    return Written(new, changed, coming - new - changed)


def _replace(changed: Mapping[ChunkKey, _Merged], read_at: int) -> set[ChunkKey]:
    """Write chunks whose version is still the one that was read; which were."""
    # Packed before the transaction begins, in one order for all, against deadlocks.
    rows = [_row(key, changed[key], read_at) for key in sorted(changed)]
    done: set[ChunkKey] = set()
    with transaction.atomic(), connection.cursor() as cursor:
        for begin in range(0, len(rows), _ROWS):
            some = rows[begin : begin + _ROWS]
            cursor.execute(_upsert(len(some)), [value for row in some for value in row])
            done.update(ChunkKey(*row) for row in cursor.fetchall())
    return done


def _row(key: ChunkKey, one: _Merged, read_at: int) -> tuple[int | str | bytes, ...]:
    times = one.columns.times
    has_tier_above = rollups.tier_above(key.period_seconds) is not None
    return (
        key.series_id,
        key.period_seconds,
        key.statistic,
        key.starts,
        key.starts + chunks.SPAN * key.period_seconds,
        one.version + 1,
        has_tier_above and not key.statistic,
        int(times[-1]),
        read_at,
        chunks.pack(times, one.columns.values),
    )


def _upsert(rows: int) -> str:
    """The statement that SQLite and PostgreSQL both read."""
    names = (
        "series_id, period_seconds, statistic, starts, ends, version, is_dirty,"
        " last_at, read_at, packed"
    )
    values = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"] * rows)
    # Only our own names are put together here; every value is a parameter.
    return f"""
        INSERT INTO {CHUNKS_TABLE} ({names}) VALUES {values}
        ON CONFLICT (series_id, period_seconds, statistic, starts) DO UPDATE SET
            version = excluded.version, is_dirty = excluded.is_dirty,
            last_at = excluded.last_at, read_at = excluded.read_at,
            packed = excluded.packed
        WHERE {CHUNKS_TABLE}.version = excluded.version - 1
        RETURNING series_id, period_seconds, statistic, starts
    """  # noqa: S608
