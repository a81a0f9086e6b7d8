"""What reading metrics costs. Pure.

GetMetricData is billed by the metrics that are requested: up to five statistics of the
same metric in one call are one billed metric, whatever the window. Source: CloudWatch
pricing page, "metrics requested".
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable

STATISTICS_A_METRIC = 5


def billed(asked: Iterable[tuple[Hashable, int]]) -> int:
    """Billed metrics of one call, of metrics with how many statistics of each."""
    statistics: Counter[Hashable] = Counter()
    for metric, count in asked:
        statistics[metric] += count
    return sum(math.ceil(count / STATISTICS_A_METRIC) for count in statistics.values())


def dollars(metrics: float, price_per_thousand: float) -> float:
    return metrics * price_per_thousand / 1_000


def affordable(budget_dollars: float, price_per_thousand: float) -> int:
    """How many billed metrics a budget pays for."""
    if not price_per_thousand:
        return 2**62
    # What is exact in dollars must not lose a metric to the last binary digit.
    return math.floor(budget_dollars * 1_000 / price_per_thousand + 1e-6)


def stretched(
    watched: float, background: float, left: float, seconds_left: float
) -> int:
    """How many times less often than planned background series are to be asked, so
    that what is left of a budget lasts for the day: 1, 2, 4, 8 or 12 times.

    `watched` and `background`: billed metrics a second as planned; `left`: billed
    metrics that may still be bought in the `seconds_left` of the day.
    """
    free = left - watched * seconds_left
    for times in (1, 2, 4, 8):
        if background * seconds_left / times <= free:
            return times
    return 12
