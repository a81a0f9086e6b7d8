"""What a query of Logs Insights scans and costs. Pure.

AWS bills the data that is scanned, by the gigabyte (CloudWatch pricing, "Logs
Insights queries"). A gigabyte is counted as 10**9 bytes, so that no price is
understated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.discovery.coverage import Interval

GIGABYTE = 10**9
# AWS counts what a group holds about once a day: a new group may say it holds nothing.
LEAST_BOUND = 1 << 30
_DAY = timedelta(days=1)
# Prices are shown and agreed to in hundredths of a cent.
_STEPS = 10_000
_SMALL = 0.1


@dataclass(frozen=True, slots=True)
class GroupSize:
    """What is known of a log group. `since`: no event is older; None where that is
    not known. `daily_bytes`: what comes in a day; None where that is not known.
    `counted_at`: when AWS was asked for `stored_bytes`."""

    stored_bytes: int
    since: datetime | None
    daily_bytes: float | None
    counted_at: datetime


@dataclass(frozen=True, slots=True)
class Estimate:
    """Bytes that a query likely scans, and the most that the groups should hold."""

    bytes: int
    most_bytes: int


def estimate(groups: Iterable[GroupSize], asked: Interval, now: datetime) -> Estimate:
    """By the share that a time range has of what the groups hold."""
    likely = most = 0.0
    for group in groups:
        held = group.stored_bytes + _grown(group, now)
        likely += held * _share(group, asked, now)
        most += held
    most_bytes = max(math.ceil(most), LEAST_BOUND)
    return Estimate(min(math.ceil(likely), most_bytes), most_bytes)


def _grown(group: GroupSize, now: datetime) -> float:
    """What came in since AWS counted, whose count may be a day old itself."""
    days = (max(timedelta(0), now - group.counted_at) + _DAY) / _DAY
    return (group.daily_bytes or 0.0) * days


def _share(group: GroupSize, asked: Interval, now: datetime) -> float:
    if group.since is None or group.since >= now:
        return 1.0
    overlap = min(asked.until, now) - max(asked.since, group.since)
    return max(timedelta(0), overlap) / (now - group.since)


def dollars(scanned_bytes: float, per_gigabyte: float) -> float:
    return scanned_bytes * per_gigabyte / GIGABYTE


def rounded_up(price: float) -> float:
    """A price to agree to: never less than it is."""
    return math.ceil(round(price * _STEPS, 6)) / _STEPS


def money(price: float) -> str:
    """Dollars to the cent; to a hundredth of a cent below ten cents."""
    if not 0 < price < _SMALL:
        return f"${price:,.2f}"
    if price < 1 / _STEPS:
        return "less than $0.0001"
    whole, parts = f"{price:.4f}".split(".")
    return f"${whole}.{parts.rstrip('0').ljust(2, '0')}"
