"""A statistic over time, as it is asked for and as it is answered. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Seconds: TypeAlias = npt.NDArray[np.int64]
Values: TypeAlias = npt.NDArray[np.float64]

MERGEABLE = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A statistic of a stored series: one of MERGEABLE, or a percentile or trimmed
    statistic as CloudWatch spells it (`p99`, `tm90`), which exists only at the
    periods it was asked for."""

    series_id: int
    statistic: str


@dataclass(frozen=True, slots=True)
class Interval:
    """From `since`, included, until `until`, excluded: seconds since 1970."""

    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Line:
    """The datapoints of a statistic.

    `times`: starts of periods that have a value, ascending, seconds since 1970;
    `values`: as many. A period without datapoint is absent, never zero.
    `period_seconds`: the period really answered, which is longer than the one asked
    for where only roll-ups are left. `covered`: what was really read from
    CloudWatch, ascending and apart: outside of it nothing is known. From
    `provisional_since` on, CloudWatch may still change values; None where none may.
    """

    times: Seconds
    values: Values
    period_seconds: int
    covered: tuple[Interval, ...] = ()
    provisional_since: int | None = None


def no_line(period_seconds: int) -> Line:
    """A line of which nothing is known."""
    return Line(np.empty(0, np.int64), np.empty(0, np.float64), period_seconds)
