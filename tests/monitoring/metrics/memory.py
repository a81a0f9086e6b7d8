"""A store of samples in memory, for tests that look at what was written, and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from apps.monitoring.metrics.lines import Interval
from apps.monitoring.metrics.samples import Reading
from tests.monitoring.metrics.estate import Minutes


@dataclass
class Memory:
    kept: dict[tuple[int, int], Minutes] = field(default_factory=dict)
    statistics: dict[tuple[int, str, int], dict[int, float]] = field(
        default_factory=dict
    )
    covered: list[tuple[tuple[int, ...], int, Interval, int]] = field(
        default_factory=list
    )

    def write_many(self, readings: Iterable[Reading], read_at: int) -> None:
        for one in readings:
            times = one.times.tolist()
            place = (one.series_id, one.period_seconds)
            if one.statistic:
                values = dict(zip(times, one.columns[0].tolist(), strict=True))
                key = (one.series_id, one.statistic, one.period_seconds)
                self.statistics.setdefault(key, {}).update(values)
                continue
            count, total, low, high = (column.tolist() for column in one.columns)
            rows = zip(count, total, low, high, strict=True)
            self.kept.setdefault(place, {}).update(zip(times, rows, strict=True))

    def note_covered(
        self,
        series_ids: Sequence[int],
        period_seconds: int,
        interval: Interval,
        read_at: int,
    ) -> None:
        self.covered.append((tuple(series_ids), period_seconds, interval, read_at))
