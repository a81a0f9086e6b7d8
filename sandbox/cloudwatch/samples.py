"""Samples of one metric in one unit, in columns: twelve bytes for most samples."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Times = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples in order of time.

    `values` are the values themselves, each `counts` times (once where that is None).
    Where some were put as StatisticValues, `lows` and `highs` are given and `values`
    are sums.
    """

    times: Times
    values: Floats
    counts: Floats | None = None
    lows: Floats | None = None
    highs: Floats | None = None

    def between(self, start: float, end: float) -> Samples:
        """Those from `start` on and before `end`."""
        first, last = np.searchsorted(self.times, (max(start, 0), max(end, 0)))
        return self.rows(slice(first, last))

    def rows(self, which: slice | NDArray[np.intp]) -> Samples:
        return Samples(
            self.times[which],
            self.values[which],
            None if self.counts is None else self.counts[which],
            None if self.lows is None else self.lows[which],
            None if self.highs is None else self.highs[which],
        )

    def weights(self) -> Floats:
        return np.ones(len(self.times)) if self.counts is None else self.counts

    def wide(self) -> Samples:
        """The same with sums, lows and highs."""
        if self.lows is not None:
            return self
        sums = self.values if self.counts is None else self.values * self.counts
        return Samples(self.times, sums, self.weights(), self.values, self.values)


EMPTY = Samples(np.empty(0, np.uint32), np.empty(0))


def joined(parts: Sequence[Samples]) -> Samples:
    """All parts as one, in order of time."""
    parts = [part for part in parts if len(part.times)]
    if len(parts) < 2:  # noqa: PLR2004 - nothing to join
        return parts[0] if parts else EMPTY
    if any(part.lows is not None for part in parts):
        parts = [part.wide() for part in parts]
    whole = Samples(
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.values for part in parts]),
        _column([part.counts for part in parts], parts),
        _column([part.lows for part in parts], parts),
        _column([part.highs for part in parts], parts),
    )
    return in_order(whole)


def _column(
    columns: Sequence[Floats | None], parts: Sequence[Samples]
) -> Floats | None:
    if all(column is None for column in columns):
        return None
    filled = [
        part.weights() if column is None else column
        for column, part in zip(columns, parts, strict=True)
    ]
    return np.concatenate(filled)


def in_order(samples: Samples) -> Samples:
    if bool(np.all(samples.times[1:] >= samples.times[:-1])):
        return samples
    return samples.rows(np.argsort(samples.times, kind="stable"))


@dataclass(slots=True)
class Column:
    """Samples that grow: new ones wait in flat arrays until somebody reads.

    What is older than `aged_until` has been looked at, to forget what may be forgotten.
    """

    aged_until: int = 0
    _settled: Samples = EMPTY
    _times: array[int] = field(default_factory=lambda: array("I"))
    _values: array[float] = field(default_factory=lambda: array("d"))
    _counts: array[float] | None = None
    _sets: list[tuple[int, float, float, float, float]] = field(default_factory=list)

    def add(self, time: int, value: float) -> None:
        self._times.append(time)
        self._values.append(value)
        if self._counts is not None:
            self._counts.append(1.0)

    def add_counted(
        self, time: int, values: Sequence[float], counts: Sequence[float] | None
    ) -> None:
        """Several values at one time, each as often as its count says."""
        if counts is not None and self._counts is None:
            self._counts = array("d", [1.0]) * len(self._values)
        self._times.extend([time] * len(values))
        self._values.extend(values)
        if self._counts is not None:
            self._counts.extend(counts or [1.0] * len(values))

    def add_set(
        self, time: int, count: float, total: float, low: float, high: float
    ) -> None:
        """A set of statistics: StatisticValues."""
        self._sets.append((time, total, count, low, high))

    def add_columns(self, samples: Samples) -> None:
        if samples.counts is not None or samples.lows is not None:
            self._settled = joined([self.settled(), in_order(samples)])
            return
        self._times.frombytes(np.asarray(samples.times, np.uint32).tobytes())
        self._values.frombytes(np.asarray(samples.values, np.float64).tobytes())
        if self._counts is not None:
            self._counts.extend([1.0] * len(samples.times))

    def replace(self, settled: Samples, aged_until: int) -> None:
        """Other samples for those that were settled."""
        self._settled, self.aged_until = settled, aged_until

    def settled(self) -> Samples:
        """Everything so far; the arrays are never changed afterwards."""
        if self._times or self._sets:
            self._settled = joined(
                [self._settled, self._waiting(), self._waiting_sets()]
            )
            self._times, self._values = array("I"), array("d")
            self._counts, self._sets = None, []
        return self._settled

    def _waiting(self) -> Samples:
        counts = None if self._counts is None else np.array(self._counts)
        times = np.array(self._times, np.uint32)
        return in_order(Samples(times, np.array(self._values), counts))

    def _waiting_sets(self) -> Samples:
        if not self._sets:
            return EMPTY
        times, totals, counts, lows, highs = map(
            np.array, zip(*self._sets, strict=True)
        )
        return in_order(
            Samples(
                times.astype(np.uint32),
                *(part.astype(np.float64) for part in (totals, counts, lows, highs)),
            )
        )
