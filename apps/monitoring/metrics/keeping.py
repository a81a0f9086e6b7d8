"""What CloudWatch answered to one call, put into the store of samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from apps.monitoring.metrics.cloudwatch import COMPLETE, FORBIDDEN, Answer, Points
from apps.monitoring.metrics.lines import Interval
from apps.monitoring.metrics.samples import Reading
from apps.monitoring.metrics.windows import BASE_STATISTICS, Ask, Batch


class Keeper(Protocol):
    """Where samples are kept: `apps.monitoring.metrics.samples`."""

    def write_many(self, readings: Iterable[Reading], read_at: int) -> object:
        """Durable when it returns; safe to repeat."""

    def note_covered(
        self,
        series_ids: Sequence[int],
        period_seconds: int,
        interval: Interval,
        read_at: int,
    ) -> object:
        """What was really read, points or none."""


@dataclass(slots=True)
class Kept:
    """What became of a batch once its points were kept.

    `complete`: series by the period at which everything was answered; `statistics`:
    percentiles that were; `problems`: what CloudWatch said of the other series, those
    `worth_repeating` at once among them.
    """

    complete: dict[int, set[int]] = field(default_factory=dict)
    statistics: list[Ask] = field(default_factory=list)
    problems: dict[int, str] = field(default_factory=dict)
    worth_repeating: set[int] = field(default_factory=set)


def kept(batch: Batch, answer: Answer, keeper: Keeper, read_at: int) -> Kept:
    """Keep every point of an answer; those of an incomplete one too, for they are
    right as far as they go."""
    outcome = Kept()
    readings: list[Reading] = []
    for place, ask in enumerate(batch.asks):
        found = [
            answer.points[f"q{place}_{number}"] for number in range(len(ask.statistics))
        ]
        if ask.statistics == BASE_STATISTICS:
            readings += _samples(ask, found)
        else:
            readings += _statistics(ask, found, batch.window.until)
        _note(ask, found, outcome)
    keeper.write_many(readings, read_at)
    return outcome


def _note(ask: Ask, found: Sequence[Points], outcome: Kept) -> None:
    unanswered = [points for points in found if points.status != COMPLETE]
    if not unanswered:
        if ask.statistics == BASE_STATISTICS:
            outcome.complete.setdefault(ask.period_seconds, set()).add(ask.series_id)
        else:
            outcome.statistics.append(ask)
        return
    first = unanswered[0]
    outcome.problems[ask.series_id] = ": ".join([first.status, *first.messages[:1]])
    if first.status != FORBIDDEN:
        outcome.worth_repeating.add(ask.series_id)


def _samples(ask: Ask, found: Sequence[Points]) -> Iterator[Reading]:
    """A sample is kept once all of its four numbers are known."""
    counts, sums, minima, maxima = (points.values for points in found)
    times = sorted(counts.keys() & sums.keys() & minima.keys() & maxima.keys())
    if times:
        columns = tuple(
            np.array([values[moment] for moment in times], np.float64)
            for values in (counts, sums, minima, maxima)
        )
        starts = np.array(times, np.int64)
        yield Reading(ask.series_id, ask.period_seconds, starts, columns)


def _statistics(ask: Ask, found: Sequence[Points], until: int) -> Iterator[Reading]:
    """Percentiles of periods that are over: they cannot be made whole later."""
    for statistic, points in zip(ask.statistics, found, strict=True):
        times = sorted(
            moment for moment in points.values if moment + ask.period_seconds <= until
        )
        if times:
            values = np.array([points.values[moment] for moment in times], np.float64)
            starts = np.array(times, np.int64)
            yield Reading(
                ask.series_id, ask.period_seconds, starts, (values,), statistic
            )
