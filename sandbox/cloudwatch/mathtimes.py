"""MINUTE, HOUR, DAY, DATE, MONTH, YEAR and EPOCH of points, in UTC."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import numpy as np

from sandbox.cloudwatch.samples import Floats
from sandbox.cloudwatch.statistics import Indexes

PARTS: Mapping[str, Callable[[datetime], float]] = {
    "MINUTE": lambda moment: moment.minute,
    "HOUR": lambda moment: moment.hour,
    # Monday is 1.
    "DAY": lambda moment: moment.isoweekday(),
    "DATE": lambda moment: moment.day,
    "MONTH": lambda moment: moment.month,
    "YEAR": lambda moment: moment.year,
    "EPOCH": lambda moment: moment.timestamp(),
}


def part_of_time(name: str, times: Indexes) -> Floats:
    part = PARTS[name]
    moments = (datetime.fromtimestamp(int(time), UTC) for time in times)
    return np.array([part(moment) for moment in moments], np.float64)
