"""Counts of many observations, in columns.

A part is a node or an edge, by a number that its owner gives it. Tallies of the same
parts add up exactly, and one that was added can be taken away again.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.tracing.maps.latencies import buckets_of
from apps.tracing.maps.linking import NOT_ENDED
from apps.tracing.maps.servicemap import Figures
from apps.tracing.spans.span import Outcome

Integers = NDArray[np.int64]
SEEN, CALLS, FAULTS, ERRORS, THROTTLES, TOTAL_US = range(6)
_COLUMNS = 6
_BUCKETS = 1 << 12
_HEAD = np.dtype("<i8")
_LEVEL = 1


class Counts:
    """Observations of parts, not added up yet."""

    def __init__(self) -> None:
        self._parts: list[int] = []
        self._outcomes: list[int] = []
        self._durations: list[int] = []
        self._weights: list[int] = []

    def add(
        self, part: int, outcome: Outcome, duration_us: int, weight: int = 1
    ) -> None:
        """`weight` is -1 where an observation is taken away."""
        self._parts.append(part)
        self._outcomes.append(outcome)
        self._durations.append(duration_us)
        self._weights.append(weight)

    def tally(self) -> Tally:
        """A call that has not ended is seen, and nothing else; one of unknown length
        is counted and has no latency."""
        if not self._parts:
            return EMPTY
        parts = np.array(self._parts, np.int64)
        durations = np.array(self._durations, np.int64)
        weights = np.array(self._weights, np.int64)
        timed = durations >= 0
        figures = _figures(
            np.array(self._outcomes),
            np.maximum(durations, 0),
            weights * (durations != NOT_ENDED),
        )
        figures[:, SEEN] = weights
        cells = parts * _BUCKETS + buckets_of(durations)
        of_parts, summed = _summed(parts, figures)
        of_cells, counts = _summed(cells[timed], weights[timed, None])
        return _settled(Tally(of_parts, summed, of_cells, counts[:, 0]))


def _figures(outcomes: Integers, durations: Integers, weights: Integers) -> Integers:
    """The columns of figures, of calls that ended as their weights say."""
    faults = outcomes & Outcome.FAULT != 0
    throttles = (outcomes & Outcome.THROTTLE != 0) & ~faults
    errors = (outcomes & Outcome.ERROR != 0) & ~faults | throttles
    columns = np.zeros((len(outcomes), _COLUMNS), np.int64)
    columns[:, CALLS] = weights
    columns[:, FAULTS] = weights * faults
    columns[:, ERRORS] = weights * errors
    columns[:, THROTTLES] = weights * throttles
    columns[:, TOTAL_US] = weights * durations
    return columns


@dataclass(frozen=True)
class Tally:
    """`parts` in rising order, each once; `figures` has a row for each: seen, calls,
    faults, errors, throttles, total µs. `cells` are part and bucket in one number, in
    rising order, `cell_counts` how many calls fell there."""

    parts: Integers
    figures: Integers
    cells: Integers
    cell_counts: Integers

    def __len__(self) -> int:
        return len(self.parts)

    def only(self, part: int) -> Tally:
        """What is counted of one part."""
        first, last = np.searchsorted(self.parts, (part, part + 1)).tolist()
        begin, end = np.searchsorted(
            self.cells, (part * _BUCKETS, (part + 1) * _BUCKETS)
        ).tolist()
        return Tally(
            self.parts[first:last],
            self.figures[first:last],
            self.cells[begin:end],
            self.cell_counts[begin:end],
        )

    def figures_of(self) -> dict[int, Figures]:
        """The figures of every part."""
        owners = self.cells // _BUCKETS
        firsts = np.searchsorted(owners, self.parts, "left").tolist()
        lasts = np.searchsorted(owners, self.parts, "right").tolist()
        buckets = (self.cells % _BUCKETS).tolist()
        counts = self.cell_counts.tolist()
        rows = zip(
            self.parts.tolist(), self.figures.tolist(), firsts, lasts, strict=True
        )
        return {
            part: Figures(
                row[CALLS],
                row[FAULTS],
                row[ERRORS],
                row[THROTTLES],
                row[TOTAL_US],
                dict(zip(buckets[first:last], counts[first:last], strict=True)),
            )
            for part, row, first, last in rows
        }


def _none() -> Integers:
    return np.empty(0, np.int64)


EMPTY = Tally(_none(), np.empty((0, _COLUMNS), np.int64), _none(), _none())


def merged(tallies: Sequence[Tally]) -> Tally:
    """The sum of tallies. What came to nothing is left out."""
    some = [tally for tally in tallies if len(tally)]
    if not some:
        return EMPTY
    parts, figures = _summed(
        np.concatenate([tally.parts for tally in some]),
        np.concatenate([tally.figures for tally in some]),
    )
    cells, counts = _summed(
        np.concatenate([tally.cells for tally in some]),
        np.concatenate([tally.cell_counts for tally in some])[:, None],
    )
    return _settled(Tally(parts, figures, cells, counts[:, 0]))


def _summed(keys: Integers, values: Integers) -> tuple[Integers, Integers]:
    """The values of equal keys added up, by keys in rising order."""
    if not len(keys):
        return _none(), np.empty((0, values.shape[1]), np.int64)
    order = np.argsort(keys, kind="stable")
    in_order = keys[order]
    begins = np.flatnonzero(np.r_[True, in_order[1:] != in_order[:-1]])
    return in_order[begins], np.add.reduceat(values[order], begins, axis=0)


def _settled(tally: Tally) -> Tally:
    some, full = tally.figures.any(axis=1), tally.cell_counts != 0
    return Tally(
        tally.parts[some],
        tally.figures[some],
        tally.cells[full],
        tally.cell_counts[full],
    )


def packed(tally: Tally) -> bytes:
    """A tally as bytes. Differences of what rises, and columns of what is alike,
    are what makes them few."""
    columns = (
        np.array([len(tally.parts), len(tally.cells)], np.int64),
        np.diff(tally.parts, prepend=0),
        *tally.figures.T,
        np.diff(tally.cells, prepend=0),
        tally.cell_counts,
    )
    together = np.concatenate(columns).astype(_HEAD)
    # Bytes of equal weight side by side: most of the high ones are zero.
    planes = together.view(np.uint8).reshape(-1, _HEAD.itemsize).T
    return zlib.compress(np.ascontiguousarray(planes).tobytes(), _LEVEL)


def unpacked(held: bytes) -> Tally:
    """The inverse of `packed`."""
    planes = np.frombuffer(zlib.decompress(held), np.uint8)
    columns = np.ascontiguousarray(planes.reshape(_HEAD.itemsize, -1).T)
    numbers = columns.reshape(-1).view(_HEAD).astype(np.int64, copy=False)
    parts, cells = int(numbers[0]), int(numbers[1])
    ends = np.cumsum([2, parts, *[parts] * _COLUMNS, cells])
    split = np.split(numbers, ends)[1:]
    return Tally(
        np.cumsum(split[0]),
        np.column_stack(split[1 : 1 + _COLUMNS]),
        np.cumsum(split[1 + _COLUMNS]),
        split[2 + _COLUMNS],
    )
