"""Runs over a bucket: announced objects, listed objects, then reading them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from apps.audit.covered import cover
from apps.audit.ingest import portions
from apps.audit.kinds import TRAIL
from apps.audit.logkeys import LogKey, day_folders, parse_key
from apps.audit.models import LogObject, TrailSource
from apps.audit.sourceruns import (
    LATE,
    Clock,
    is_due,
    keep_claim,
    renew_claim,
    target_of,
)
from apps.discovery.accounts import note_batch
from apps.discovery.aws import AwsError, AwsGone, AwsThrottled, AwsUnreachable
from apps.discovery.buckets import Bucket
from apps.discovery.coverage import Interval
from apps.discovery.inbox import Inbox
from apps.discovery.notifications import ObjectNotice
from apps.search import quarantine
from apps.search.engines.base import DocumentEngine
from apps.search.intake import Batch, Intake
from apps.search.quarantine import Reading
from apps.search.shutdown import stopping

_SWEEP_EVERY = timedelta(minutes=15)
_DEEP_SWEEP_EVERY = timedelta(hours=24)
_DEEP_SWEEP_DAYS = 7
_OBJECTS_A_RUN = 500
_MAX_ATTEMPTS = 5
_FAILURES_IN_A_ROW = 3


class BucketRun:
    """Notifications, a sweep if one is due, then the objects that wait."""

    def __init__(
        self, source: TrailSource, engine: DocumentEngine, clock: Clock
    ) -> None:
        self._source = source
        self._engine = engine
        self._clock = clock
        self._bucket = Bucket(target_of(source), source.bucket)
        self._inbox = Inbox(
            target_of(source), source.queue_url, source.bucket, source.prefix
        )
        self._listed: list[tuple[str, str, Interval]] = []

    def run(self) -> None:
        """Raises AwsError in the end where something was left undone: a queue that
        fails must not keep the sweep from finding what it announced."""
        problems = [self._problem_of(self._receive)] if self._source.queue_url else []
        if is_due(self._source.swept_at, _SWEEP_EVERY, self._clock()):
            self._sweep()
        problems.append(self._problem_of(self._read_waiting))
        self._cover_listed()
        problems.append(self._inbox.problem)
        if any(problems):
            raise AwsError(" ".join(filter(None, problems)))

    def _problem_of(self, part: Callable[[], None]) -> str:
        try:
            part()
        except AwsError as error:
            return str(error)
        return ""

    def _receive(self) -> None:
        self._inbox.receive(
            self._write_announced, lambda: renew_claim(self._source, self._clock())
        )

    def _write_announced(self, notices: Sequence[ObjectNotice]) -> None:
        """Those that are log files, by their names."""
        keys = ((notice.key, parse_key(notice.key)) for notice in notices)
        self._write_down([(name, key) for name, key in keys if key is not None])

    def _write_down(self, keys: Sequence[tuple[str, LogKey]]) -> None:
        LogObject.objects.bulk_create(
            [
                LogObject(
                    source=self._source,
                    key=name,
                    account=key.account,
                    region=key.region,
                    delivered_at=key.delivered,
                )
                for name, key in keys
            ],
            batch_size=500,
            ignore_conflicts=True,
        )

    def _sweep(self) -> None:
        """List the last days, whatever was or was not announced.

        Names are not listed in the order of delivery, so there is no "after the
        last one": days are listed whole and known keys ignored.
        """
        began = self._clock()
        is_deep = is_due(self._source.deep_swept_at, _DEEP_SWEEP_EVERY, began)
        back = self._days_back(began) if is_deep else 1
        for base, folders in self._bases():
            for folder in folders:
                region = folder.rstrip("/").rsplit("/", 1)[-1]
                self._sweep_region(base, region, began, back)
        if is_deep:
            self._give_another_chance()
        self._note_sweep(began, is_deep=is_deep)

    def _note_sweep(self, began: datetime, *, is_deep: bool) -> None:
        """Unless somebody asked meanwhile for everything to be listed again."""
        source = self._source
        unchanged = TrailSource.objects.filter(
            pk=source.pk, swept_at=source.swept_at, deep_swept_at=source.deep_swept_at
        )
        source.swept_at = began
        source.deep_swept_at = began if is_deep else source.deep_swept_at
        unchanged.update(swept_at=source.swept_at, deep_swept_at=source.deep_swept_at)

    def _give_another_chance(self) -> None:
        """Objects that failed while something else was wrong, such as permissions."""
        LogObject.objects.filter(
            source=self._source,
            state=LogObject.State.FAILED,
            attempts__gte=_MAX_ATTEMPTS,
        ).update(state=LogObject.State.FOUND, attempts=0)

    def _days_back(self, now: datetime) -> int:
        """A week at least, and all the time since days were last listed whole."""
        last = self._source.deep_swept_at
        first = self._source.first_day if last is None else last.date()
        since = (now.date() - first).days + 1 if first else 0
        return max(_DEEP_SWEEP_DAYS, since)

    def _bases(self) -> list[tuple[str, list[str]]]:
        """Each account's CloudTrail folder with the region folders inside it."""
        root = f"{self._source.prefix}AWSLogs/"
        accounts: list[str] = []
        for folder in self._bucket.folders(root):
            keep_claim(self._source, self._clock())
            is_organization = folder[len(root) :].startswith("o-")
            accounts += self._bucket.folders(folder) if is_organization else [folder]
        return [self._base(f"{account}CloudTrail/") for account in accounts]

    def _base(self, base: str) -> tuple[str, list[str]]:
        keep_claim(self._source, self._clock())
        return base, self._bucket.folders(base)

    def _sweep_region(self, base: str, region: str, began: datetime, back: int) -> None:
        found = []
        for prefix in day_folders(base, [region], began.date(), back):
            keep_claim(self._source, self._clock())
            for item in self._bucket.objects(prefix):
                key = parse_key(item.key)
                if key is not None:
                    found.append((item.key, key))
        self._write_down(found)
        account = base.rstrip("/").rsplit("/", 2)[-2]
        first = datetime.combine(
            began.date() - timedelta(days=back), datetime.min.time(), UTC
        )
        self._listed.append((account, region, Interval(first, began - LATE)))

    def _cover_listed(self) -> None:
        """What was listed is covered once all of it was read."""
        for account, region, interval in self._listed:
            unread = LogObject.objects.filter(
                source=self._source,
                account=account,
                region=region,
                delivered_at__gte=interval.since,
            ).exclude(state=LogObject.State.DONE)
            if not unread.exists():
                cover(self._source, account, region, interval)

    def _read_waiting(self) -> None:
        waiting = LogObject.objects.filter(
            source=self._source, state=LogObject.State.FOUND
        ).order_by("delivered_at", "key")[:_OBJECTS_A_RUN]
        read: list[LogObject] = []

        def checkpoint(batch: Batch) -> None:
            now = self._clock()
            renew_claim(self._source, now)
            quarantine.note(batch, now, Reading("cloudtrail", self._source.pk))
            _mark_done(read, batch)

        intake = Intake(self._engine.writer(TRAIL), checkpoint, note_batch)
        failures = _Failures()
        for item in waiting:
            if stopping.is_set() or failures.are_everywhere:
                break
            keep_claim(self._source, self._clock())
            read.append(item)
            try:
                self._read(intake, item)
                failures.in_a_row = 0
            except AwsError as error:
                failures.note(error)
                _note_failure(item, error)
        intake.commit()
        if failures.first is not None:
            raise failures.first

    def _read(self, intake: Intake, item: LogObject) -> None:
        origin = origin_of(self._source, item.key)
        chunks = self._bucket.chunks(item.key)
        intake.read(origin, portions(chunks), self._clock())


class _Failures:
    """Objects that could not be read in this run. One that is gone is no failure of
    the bucket; several in a row are."""

    def __init__(self) -> None:
        self.first: AwsError | None = None
        self.in_a_row = 0

    @property
    def are_everywhere(self) -> bool:
        return self.in_a_row >= _FAILURES_IN_A_ROW

    def note(self, error: AwsError) -> None:
        if isinstance(error, AwsGone):
            return
        self.first = self.first or error
        self.in_a_row += _FAILURES_IN_A_ROW if isinstance(error, AwsThrottled) else 1


def _note_failure(item: LogObject, error: AwsError) -> None:
    """A throttle or an AWS that is not reached is nobody's fault; anything else counts
    against the object, if nobody has read it meanwhile."""
    attempts = item.attempts + (not isinstance(error, AwsThrottled | AwsUnreachable))
    is_over = isinstance(error, AwsGone) or attempts >= _MAX_ATTEMPTS
    LogObject.objects.filter(pk=item.pk, state=LogObject.State.FOUND).update(
        attempts=attempts,
        state=LogObject.State.FAILED if is_over else LogObject.State.FOUND,
        problem=str(error),
    )


def origin_of(source: TrailSource, key: str) -> str:
    return f"s3://{source.bucket}/{key}"


def _mark_done(read: list[LogObject], batch: Batch) -> None:
    """Mark the rows whose files this batch finished; they leave the list."""
    settled = {origin for origin, _ in batch.finished}
    settled |= {origin for origin, _ in batch.skipped}
    done = [row for row in read if origin_of(row.source, row.key) in settled]
    LogObject.objects.filter(pk__in=[row.pk for row in done]).update(
        state=LogObject.State.DONE, problem=""
    )
    read[:] = [row for row in read if row not in done]
