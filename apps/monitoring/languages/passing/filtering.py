"""Filter patterns at AWS: FilterLogEvents, which costs nothing but calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from apps.discovery.aws import Target
from apps.monitoring.languages.answering import asked_of
from apps.monitoring.languages.insights import DEFAULT_ROWS, Answer
from apps.monitoring.languages.passing.awsanswers import answer_of_events
from apps.monitoring.logs.cloudwatch_logs import (
    CloudWatchLogs,
    EventPage,
    EventWindow,
    LogEvent,
)
from apps.monitoring.models import LogQueryRun

State = LogQueryRun.State


class Held(Protocol):
    """A run that a worker holds."""

    run: LogQueryRun

    def beat(self) -> bool: ...
    def save(self, **changes: Any) -> None: ...
    def keep(self, answer: Answer, told: list[str]) -> None: ...
    def end(self, state: State, problem: str = "") -> None: ...


class _Cancelled(Exception):
    """Somebody asked for the run to end."""


def answer(held: Held, place: Target) -> None:
    """Read every page of every group, oldest events first. Raises what the door
    raises: a run that is tried again begins anew, which costs nothing."""
    reading = _Reading(held, CloudWatchLogs(place))
    told, state = list[str](), State.DONE
    try:
        reading.read()
    except _Cancelled:
        state = State.CANCELLED
        told.append("Cancelled: these are the oldest lines that were found by then.")
    if reading.is_cut:
        told.append(
            f"These are the first {len(reading.events):,} lines of the time range, the "
            "oldest: AWS has more. Narrow the time range."
        )
    held.keep(answer_of_events(reading.events), told)
    held.end(state)


class _Reading:
    def __init__(self, held: Held, logs: CloudWatchLogs) -> None:
        self._held, self._logs = held, logs
        self.events: list[tuple[str, LogEvent]] = []
        self.is_cut = False

    def read(self) -> None:
        for group in self._held.run.groups:
            for page in self._pages(group):
                left = DEFAULT_ROWS - len(self.events)
                self.events += [(group, event) for event in page.events[:left]]
                self._held.save(found=len(self.events), matched=len(self.events))
                if len(page.events) > left or (page.token and len(page.events) == left):
                    self.is_cut = True
                    return

    def _pages(self, group: str) -> Iterator[EventPage]:
        """Raises _Cancelled."""
        run = self._held.run
        span = asked_of(run).state.time_range(run.asked_at)
        window = EventWindow(group, span.since_ms, span.until_ms, run.query)
        for page in self._logs.event_pages(window):
            if self._held.beat():
                raise _Cancelled
            yield page
