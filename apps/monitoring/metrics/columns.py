"""Samples of a metric as columns, and what lies over what. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from apps.monitoring.metrics.lines import Seconds, Values


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What CloudWatch measured in periods: columns of the same length.

    `times`: starts of periods, seconds since 1970; `count`: SampleCount; `sum`,
    `minimum` and `maximum` as CloudWatch gives them, in the metric's unit.
    """

    times: Seconds
    count: Values
    sum: Values
    minimum: Values
    maximum: Values

    def __len__(self) -> int:
        return len(self.times)

    @classmethod
    def made_of(cls, times: Seconds, columns: Sequence[Values]) -> Samples:
        """From columns in the order count, sum, minimum, maximum."""
        count, total, minimum, maximum = columns
        return cls(times, count, total, minimum, maximum)

    @property
    def columns(self) -> tuple[Values, Values, Values, Values]:
        return self.count, self.sum, self.minimum, self.maximum

    def statistic(self, name: str) -> Values:
        """The values of one of lines.MERGEABLE; NaN where an average is of nothing."""
        if name == "Average":
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(self.sum / self.count)
        return {
            "SampleCount": self.count,
            "Sum": self.sum,
            "Minimum": self.minimum,
            "Maximum": self.maximum,
        }[name]

    def where(self, chosen: np.typing.NDArray[np.bool_]) -> Samples:
        """The rows that a mask chooses."""
        columns = [column[chosen] for column in self.columns]
        return Samples.made_of(self.times[chosen], columns)

    def between(self, since: int, until: int) -> Samples:
        return self.where((self.times >= since) & (self.times < until))


def no_samples() -> Samples:
    empty = np.empty(0, np.float64)
    return Samples(np.empty(0, np.int64), empty, empty, empty, empty)


def joined(parts: Sequence[Samples]) -> Samples:
    """Parts that have no time in common, in the order of time."""
    if not parts:
        return no_samples()
    times = np.concatenate([part.times for part in parts])
    order = np.argsort(times, kind="stable")
    columns = zip(*(part.columns for part in parts), strict=True)
    whole = [np.concatenate(column)[order] for column in columns]
    return Samples.made_of(times[order], whole)
