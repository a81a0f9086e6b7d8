"""The sandbox's log groups as tests use them: what is in them, and who was asked."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from apps.monitoring.kinds import LOGS
from apps.monitoring.logs import inventory, polling
from apps.monitoring.models import LogGroup, LogScope
from apps.search import store
from apps.search.engines.base import Hit, SearchRequest
from sandbox.kernel.calls import Finished
from sandbox.kernel.clock import SetClock
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from sandbox.kernel.faults import Fault, FaultKind
from sandbox.logs.service import Logs

PLACE = (SHOP, HOME_REGION)
Event = tuple[str, str, int, str]
"""Group, stream, milliseconds since 1970, and message."""


@dataclass
class World:
    """Time passes only here. `called` are (operation, time) of all that were asked."""

    cloud: Cloud
    clock: SetClock
    logs: Logs
    scope: LogScope
    called: list[tuple[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cloud.on_call(self._note)

    def _note(self, finished: Finished) -> None:
        if finished.call.service == "logs":
            self.called.append((finished.call.operation, finished.call.now))

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now(), UTC)

    @property
    def now_ms(self) -> int:
        return round(self.clock.now() * 1_000)

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.cloud.timers.run_due()

    def say(
        self, *messages: str, group: str = "/shop", stream: str = "one", ago: float = 0
    ) -> None:
        """Live events that happened so many seconds ago."""
        at = self.now_ms - round(ago * 1_000)
        events = [(at, message) for message in messages]
        self.logs.append(PLACE, (group, stream), events, self.clock.now())

    def strike(self, kind: str, where: str, **how: Any) -> Fault:
        return self.cloud.faults.add(Fault(FaultKind(kind), where, **how))

    def truth(self) -> Counter[tuple[int, str]]:
        """(time, message) of every event the sandbox keeps, read from its own file."""
        with closing(sqlite3.connect(self.cloud.home / "logs.sqlite3")) as file:
            return Counter(file.execute("SELECT ts, message FROM events").fetchall())

    def events(self) -> Counter[Event]:
        """Every event that the sandbox keeps, twins as often as they are."""
        names = {
            one.id: (group.name, stream)
            for group in self.logs._groups.everything()  # noqa: SLF001 - the truth
            for stream, one in group.streams.items()
        }
        with closing(sqlite3.connect(self.cloud.home / "logs.sqlite3")) as file:
            rows = file.execute("SELECT stream, ts, message FROM events").fetchall()
        return Counter((*names[stream], ts, message) for stream, ts, message in rows)

    def take_stock(self) -> None:
        LogScope.objects.update(ran_at=None)
        inventory.take_stock(self.scope.pk, self.now)
        self.scope.refresh_from_db()

    def poll(self) -> None:
        """What a worker does when the clock ticks."""
        for scope_id in polling.due_scopes(self.now()):
            polling.poll(scope_id, store.engine(), self.now)

    def poll_for(self, seconds: float, every: float = 5) -> None:
        """So long a worker polls, whenever the clock ticks."""
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            self.poll()
            self.pass_time(every)

    def stored(self) -> Counter[tuple[int, str]]:
        """(time, message) of every line that was collected."""
        return Counter((hit.time_ms, _told(hit)["@message"]) for hit in self._hits())

    def documents(self) -> Counter[Event]:
        """Every line that was collected, as `events` has it."""
        told = [(hit.time_ms, _told(hit)) for hit in self._hits()]
        return Counter(
            (one["@logGroup"], one["@logStream"], time_ms, one["@message"])
            for time_ms, one in told
        )

    def _hits(self) -> Iterator[Hit]:
        asked = SearchRequest(LOGS, self.now(), seconds=60)
        after = None
        while True:
            page = store.reader().find(asked, 1_000, after=after)
            assert page.partial is None, page.partial
            yield from page.hits
            if page.next is None:
                return
            after = page.next

    def group(self, name: str = "/shop") -> LogGroup:
        return LogGroup.objects.get(name=name)

    def most_a_second(self, operation: str) -> int:
        """The most calls within any second."""
        times = sorted(time for name, time in self.called if name == operation)
        return max((_within_a_second(times, at) for at in times), default=0)

    def closest(self, operation: str) -> float:
        """Seconds between the two calls that were nearest to each other."""
        times = sorted(time for name, time in self.called if name == operation)
        return min((after - before for before, after in pairwise(times)), default=1e9)


def _told(hit: Hit) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(hit.raw)
    return told


def _within_a_second(times: Sequence[float], start: float) -> int:
    return sum(start <= time < start + 1 for time in times)
