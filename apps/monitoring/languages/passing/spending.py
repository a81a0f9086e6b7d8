"""What queries at AWS cost an account today, and whether more may be spent.

The most a query may cost is counted before it is asked, by an UPDATE that fails where
that would be more than the day's cap; what it really cost is put in its place after.
So any number of processes together stay below the cap.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.conf import settings
from django.db.models import F

from apps.monitoring.languages.passing.prices import money
from apps.monitoring.models import LogQueryDay

# What is exact in dollars must not fail for the last binary digit.
_NOTHING = 1e-9


class CapReached(Exception):
    """The query may cost more than is left of the day's cap."""


def day_of(now: datetime) -> date:
    return now.astimezone(UTC).date()


def spent(account: str, day: date) -> float:
    """Dollars, those of queries on their way at their most included."""
    found = LogQueryDay.objects.filter(account=account, day=day)
    return found.values_list("dollars", flat=True).first() or 0.0


def cap() -> float:
    return float(settings.LOG_QUERY_BUDGET_DOLLARS)


def why_not(account: str, day: date, most_dollars: float) -> str:
    """Why a query cannot be paid for, in a sentence; "" where it can."""
    used = spent(account, day)
    if not most_dollars or used + most_dollars <= cap() + _NOTHING:
        return ""
    return (
        f"This may cost up to {money(most_dollars)}; of the {money(cap())} that "
        f"queries may cost in account {account} today (UTC), {money(used)} are used. "
        "Narrow the time range or choose fewer log groups; an administrator can raise "
        "LOG_QUERY_BUDGET_DOLLARS."
    )


def reserve(account: str, day: date, most_dollars: float) -> None:
    """Count the most that a query may cost. Raises CapReached."""
    LogQueryDay.objects.get_or_create(account_id=account, day=day)
    days = LogQueryDay.objects.filter(account=account, day=day)
    left = cap() - most_dollars + _NOTHING
    affordable = days.filter(dollars__lte=left) if most_dollars else days
    if not affordable.update(
        dollars=F("dollars") + most_dollars, queries=F("queries") + 1
    ):
        raise CapReached(why_not(account, day, most_dollars))


def settle(account: str, day: date, change: float, scanned_bytes: int) -> None:
    """Put what a query cost in the place of what it might have cost."""
    LogQueryDay.objects.filter(account=account, day=day).update(
        dollars=F("dollars") + change, bytes=F("bytes") + scanned_bytes
    )
