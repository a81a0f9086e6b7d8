"""Runs over LookupEvents: whatever is missing, newest first."""

from datetime import UTC, datetime, timedelta

from apps.audit.cloudtrail import Lookup
from apps.audit.covered import cover, covered
from apps.audit.ingest import portion
from apps.audit.kinds import TRAIL
from apps.audit.models import TrailSource
from apps.audit.sourceruns import LATE, Clock, renew_claim, target_of
from apps.discovery.accounts import note_batch
from apps.discovery.coverage import Interval, next_window
from apps.search import quarantine
from apps.search.engines.base import DocumentEngine
from apps.search.intake import Batch, Intake
from apps.search.quarantine import Reading
from apps.search.shutdown import stopping

_WINDOWS_A_RUN = 4
_WINDOW = timedelta(hours=6)
_REACH = timedelta(days=90)
_SETTLE = timedelta(minutes=1)


class LookupRun:
    """Looks up what is missing, newest first, within the rate AWS allows."""

    def __init__(
        self, source: TrailSource, engine: DocumentEngine, clock: Clock
    ) -> None:
        self._source = source
        self._engine = engine
        self._clock = clock

    def run(self) -> None:
        for region in self._source.regions or [self._source.region]:
            lookup = Lookup(target_of(self._source, region))
            for _ in range(_WINDOWS_A_RUN):
                window = self._next(region)
                if window is None or stopping.is_set():
                    break
                self._look_up(lookup, region, window)

    def _next(self, region: str) -> Interval | None:
        now = self._clock()
        earliest = now - _REACH
        if self._source.first_day:
            first = datetime.combine(self._source.first_day, datetime.min.time(), UTC)
            earliest = max(earliest, first)
        read = covered(self._source, self._source.account_id, region)
        within = Interval(earliest, now - _SETTLE)
        return next_window(read, within, LATE, _WINDOW)

    def _look_up(self, lookup: Lookup, region: str, window: Interval) -> None:
        origin = f"lookup://{self._source.account_id}/{region}"

        def checkpoint(batch: Batch) -> None:
            now = self._clock()
            renew_claim(self._source, now)
            quarantine.note(batch, now, Reading("cloudtrail", self._source.pk))

        intake = Intake(self._engine.writer(TRAIL), checkpoint, note_batch)
        for found in lookup.pages(window.since, window.until):
            intake.take(origin, portion(found))
            if stopping.is_set():
                intake.commit()
                return
        intake.commit()
        cover(self._source, self._source.account_id, region, window)
