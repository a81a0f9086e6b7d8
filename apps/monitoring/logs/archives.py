"""Log files in a bucket: exports of log groups, and what Firehose put there.

Files are found by listing and, where there is a queue, by notifications; a file is a
row before it is read, and done once its lines are durable. How a file is read follows
from what is in it: envelopes of subscription filters, or lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain, islice

from apps.discovery.accounts import target
from apps.discovery.aws import AwsError, AwsGone, AwsThrottled, AwsUnreachable
from apps.discovery.buckets import Bucket, ListedObject
from apps.discovery.inbox import Inbox
from apps.discovery.leases import Clock, Lease
from apps.discovery.notifications import ObjectNotice
from apps.monitoring.logs.archivefiles import exported, is_envelopes
from apps.monitoring.logs.envelopes import from_stream
from apps.monitoring.logs.receiving import Receiver
from apps.monitoring.models import LogArchive, LogSource
from apps.search.engines.base import DocumentEngine
from apps.search.gunzip import InflateError, inflated
from apps.search.intake import Broken
from apps.search.shutdown import stopping

_SWEEP_EVERY = timedelta(minutes=15)
_FILES_A_RUN = 200
_BATCH = 500
_MAX_ATTEMPTS = 5
_FAILURES_IN_A_ROW = 3
# What CloudWatch Logs writes to try whether it may export to a bucket.
_NOT_LOGS = ("aws-logs-write-test",)


class ArchiveRun:
    """Notifications, a listing if one is due, then the files that wait."""

    def __init__(
        self, lease: Lease[LogSource], engine: DocumentEngine, clock: Clock
    ) -> None:
        self._lease = lease
        self._source = lease.row
        self._engine = engine
        self._clock = clock
        self._where = target(self._source.account, self._source.region)
        self._bucket = Bucket(self._where, self._source.bucket)
        self._inbox = Inbox(
            self._where,
            self._source.queue_url,
            self._source.bucket,
            self._source.prefix,
        )

    def run(self) -> None:
        """Raises AwsError in the end where something was left undone."""
        problems = []
        if self._source.queue_url:
            problems += self._receive()
        swept = self._source.swept_at
        if swept is None or self._clock() - swept >= _SWEEP_EVERY:
            self._sweep()
        problems += self._read_waiting()
        if problems:
            raise AwsError(" ".join(problems))

    def _receive(self) -> list[str]:
        """A queue that fails must not keep the listing from finding files."""
        try:
            self._inbox.receive(
                self._write_announced, lambda: self._lease.keep(self._clock())
            )
        except AwsError as error:
            return [str(error)]
        return [self._inbox.problem] if self._inbox.problem else []

    def _write_announced(self, notices: Sequence[ObjectNotice]) -> None:
        self._write_down([ListedObject(one.key, one.size) for one in notices])

    def _sweep(self) -> None:
        """List everything: exports and archives have no common order of names."""
        began = self._clock()
        listing = self._bucket.objects(self._source.prefix)
        while batch := list(islice(listing, _BATCH)):
            self._write_down(batch)
            self._lease.keep(self._clock())
        self._try_again()
        self._lease.write(swept_at=began)

    def _try_again(self) -> None:
        """Whoever mended what kept files from being read need not tell us: what was
        given up has one more attempt."""
        LogArchive.objects.filter(
            source=self._source,
            state=LogArchive.State.FAILED,
            attempts__gte=_MAX_ATTEMPTS,
        ).update(state=LogArchive.State.FOUND, attempts=_MAX_ATTEMPTS - 1)

    def _write_down(self, found: Sequence[ListedObject]) -> None:
        now = self._clock()
        LogArchive.objects.bulk_create(
            [
                LogArchive(
                    source=self._source, key=one.key, size=one.size, found_at=now
                )
                for one in found
                if not one.key.endswith(("/", *_NOT_LOGS))
            ],
            ignore_conflicts=True,
        )

    def _read_waiting(self) -> list[str]:
        rows = LogArchive.objects.filter(
            source=self._source, state=LogArchive.State.FOUND
        )
        failures: list[AwsError] = []
        in_a_row = 0
        # Those that failed before do not keep the others waiting.
        for file in rows.order_by("attempts", "found_at", "key")[:_FILES_A_RUN]:
            if stopping.is_set() or in_a_row >= _FAILURES_IN_A_ROW:
                break
            self._lease.keep(self._clock())
            try:
                self._read(file)
                in_a_row = 0
            except AwsError as error:
                in_a_row += 1
                failures.append(error)
                _note_failure(file, error)
        return [str(error) for error in failures[:1] if not isinstance(error, AwsGone)]

    def _read(self, file: LogArchive) -> None:
        """A file, durable before its row says so. Raises AwsError."""
        receiver = Receiver(self._source, self._engine, self._clock)
        origin = f"s3://{self._source.bucket}/{file.key}"
        try:
            self._read_into(receiver, origin, file)
        except InflateError as error:
            receiver.take(origin, [Broken(0, str(error), b"")])
        receiver.commit()
        LogArchive.objects.filter(pk=file.pk).update(
            state=LogArchive.State.DONE, problem=""
        )

    def _read_into(self, receiver: Receiver, origin: str, file: LogArchive) -> None:
        # Firehose may compress once more what came to it compressed.
        pieces = inflated(inflated(self._kept(self._bucket.chunks(file.key))))
        first = next(pieces, b"")
        if not first:
            return
        whole = chain((first,), pieces)
        if is_envelopes(first):
            receiver.take(origin, from_stream(whole))
        elif self._source.log_group:
            lines = exported(self._source, file.key, whole)
            receiver.take_lines(origin, lines)
        else:
            reason = (
                "a file of plain lines, which do not tell their log group: name it in "
                "the source"
            )
            receiver.take(origin, [Broken(0, reason, first[:2_000])])

    def _kept(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Large files take longer than a claim lasts."""
        for chunk in chunks:
            self._lease.keep(self._clock())
            yield chunk


def _note_failure(file: LogArchive, error: AwsError) -> None:
    """A throttle or an AWS that is not reached is nobody's fault; anything else counts
    against the file."""
    attempts = file.attempts + (not isinstance(error, AwsThrottled | AwsUnreachable))
    is_over = isinstance(error, AwsGone) or attempts >= _MAX_ATTEMPTS
    LogArchive.objects.filter(pk=file.pk, state=LogArchive.State.FOUND).update(
        attempts=attempts,
        state=LogArchive.State.FAILED if is_over else LogArchive.State.FOUND,
        problem=str(error),
    )
