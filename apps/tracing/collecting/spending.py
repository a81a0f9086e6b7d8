"""What a scope was asked for: AWS charges for traces that it looks at and hands out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apps.discovery.leases import Clock, Lease
from apps.tracing.models import TraceScope


class Purse:
    """Counts on their way to the row of a scope; `columns` are to be written to it."""

    def __init__(self, lease: Lease[TraceScope], clock: Clock) -> None:
        self._lease = lease
        self._clock = clock
        self._calls = self._listed = self._fetched = 0
        self._traces = self._late = 0

    def pay(self, calls: int, *, listed: int = 0, fetched: int = 0) -> None:
        self._calls += calls
        self._listed += listed
        self._fetched += fetched

    def note_stored(self, new: int) -> None:
        """Traces that are durable now and were not before."""
        self._traces += new

    def note_late(self, found: int) -> None:
        """Traces that only a sweep has found."""
        self._late += found

    def columns(self) -> dict[str, Any]:
        """The counts with what the row has of this day, and these counts anew."""
        row, today = self._lease.row, self._clock().astimezone(UTC).date()
        of_today = row.spent_on == today
        columns = {
            "spent_on": today,
            "calls": self._calls + (row.calls if of_today else 0),
            "listed": self._listed + (row.listed if of_today else 0),
            "fetched": self._fetched + (row.fetched if of_today else 0),
            "traces": self._traces + row.traces,
            "late_finds": self._late + row.late_finds,
        }
        self._calls = self._listed = self._fetched = 0
        self._traces = self._late = 0
        return columns


def spent_today(scope: TraceScope, now: datetime) -> tuple[int, int]:
    """Calls, and traces that are charged for, since midnight UTC."""
    if scope.spent_on != now.astimezone(UTC).date():
        return 0, 0
    return scope.calls, scope.listed + scope.fetched
