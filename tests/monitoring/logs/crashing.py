"""A Trailmap that may be killed before and after each step of collecting logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from apps.discovery.buckets import Bucket, Queue
from apps.discovery.leases import Lease
from apps.monitoring.kinds import LOGS
from apps.monitoring.logs import polling, receiving
from apps.monitoring.logs.archives import ArchiveRun
from apps.monitoring.logs.cloudwatch_logs import CloudWatchLogs
from apps.monitoring.logs.delivery import Delivery
from apps.monitoring.logs.intake import LogIntake
from apps.monitoring.logs.kinesis import KinesisRun, Stream
from apps.monitoring.logs.receiving import Receiver
from apps.search import store
from apps.search.engines.embedded.engine import EmbeddedEngine

Decide = Callable[[str], bool]

POLLING = (
    (CloudWatchLogs, "event_page"),
    (LogIntake, "_offered"),
    (LogIntake, "_find_owners"),
    (Delivery, "take"),
    (Delivery, "commit"),
    (Lease, "write"),
    (Lease, "give_back"),
    (polling, "cover"),
    (polling, "end_outage"),
)
RECEIVING = (
    (Receiver, "take"),
    (Receiver, "commit"),
    (receiving, "_note_groups"),
)
STREAMS = (
    (Stream, "shards"),
    (Stream, "iterator"),
    (Stream, "records"),
    (KinesisRun, "_commit"),
)
ARCHIVES = (
    (Queue, "receive"),
    (Queue, "delete"),
    (Bucket, "objects"),
    (Bucket, "chunks"),
    (ArchiveRun, "_write_down"),
    (ArchiveRun, "_read"),
)
STEPS = (*POLLING, *RECEIVING, *STREAMS, *ARCHIVES)
MOMENTS = [f"{when} {name}" for _, name in STEPS for when in ("before", "after")]


class Killed(BaseException):
    """As kill -9: nothing catches it."""


@dataclass
class Process:
    """The process that collects. Once it is dead no step is taken any more, not even
    by what would clean up after an exception."""

    decide: Decide = lambda moment: False
    is_dead: bool = False
    deaths: list[str] = field(default_factory=list)

    def at(self, moment: str) -> None:
        if not self.is_dead and self.decide(moment):
            self.is_dead = True
            self.deaths.append(moment)
        if self.is_dead:
            raise Killed

    def runs(self, work: Callable[[], object]) -> None:
        """Work until it is done or the process is dead; then another one begins."""
        try:
            work()
        except Killed:
            self.is_dead = False
            _lose_what_is_not_durable()


def _lose_what_is_not_durable() -> None:
    """What the embedded index holds in memory ends with its process; everything else
    that is not durable ended with the objects that held it."""
    engine = store.engine()
    if isinstance(engine, EmbeddedEngine):
        engine._writers[LOGS.name].let_go()  # noqa: SLF001 - as a kill does


def mortal(monkeypatch: pytest.MonkeyPatch) -> Process:
    """A process that may die at every moment of STEPS."""
    process = Process()
    for place, name in STEPS:
        work = getattr(place, name)

        def deadly(
            *given: Any, work: Any = work, name: str = name, **named: Any
        ) -> Any:
            process.at(f"before {name}")
            done = work(*given, **named)
            process.at(f"after {name}")
            return done

        monkeypatch.setattr(place, name, deadly)
    return process
