"""The clock: sends every periodic task, as long as it leads and somebody listens."""

import logging
from typing import Any

from celery.beat import ScheduleEntry, Scheduler
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from kombu.exceptions import OperationalError

from apps.discovery import heartbeats
from apps.search import connections
from workers import broker
from workers.leadership import AdvisoryLock, Alone

log = logging.getLogger(__name__)

_WHILE_FOLLOWING_SECONDS = 1.0
_BEAT_EVERY_SECONDS = 5.0


class LeadingScheduler(Scheduler):
    """Of any number of clocks, the one that holds the lock ticks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.leadership = (
            Alone() if settings.IS_ONE_PROCESS else AdvisoryLock(settings.DATABASE_URL)
        )
        self._beaten_at = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if not self.leadership.is_ours():
            return _WHILE_FOLLOWING_SECONDS
        self._beat()
        return float(super().tick(*args, **kwargs))

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        # A broker would fill with ticks for as long as no worker runs.
        is_act = str(entry.task).split(".")[-1].startswith("act_")
        queue = broker.ACT if is_act else broker.QUEUE
        if self._waiting(queue) < broker.MOST_WAITING:
            super().apply_entry(entry, producer)

    def close(self) -> None:
        super().close()
        self.leadership.give_up()

    def _beat(self) -> None:
        """Note that the clock works, whether or not anybody hears it."""
        now = timezone.now()
        if now.timestamp() - self._beaten_at < _BEAT_EVERY_SECONDS:
            return
        self._beaten_at = now.timestamp()
        try:
            heartbeats.beat(heartbeats.BEAT, now)
        except DatabaseError as error:
            log.warning("the clock could not note its heartbeat: %s", error)
        finally:
            connections.release()

    def _waiting(self, queue: str) -> int:
        """Messages that no worker has taken; 0 where the broker does not say."""
        connection: Any
        with self.app.pool.acquire(block=True) as connection:
            try:
                return broker.waiting(connection, queue)
            except (OperationalError, *connection.connection_errors):
                return 0
