"""Listens to the queue that hears of changes: each message is stored, then deleted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string

from apps.discovery.accounts import target, why_not_read
from apps.discovery.attempts import problem_of
from apps.discovery.aws import AwsError
from apps.discovery.buckets import Bucket, Message, Queue
from apps.discovery.inventory.config import Config
from apps.discovery.inventory.files import portions
from apps.discovery.inventory.intake import ItemIntake, ItemPortion, portion_of
from apps.discovery.inventory.items import ConfigItem
from apps.discovery.inventory.looks import look_at
from apps.discovery.inventory.notices import (
    ComplianceChanged,
    FileDelivered,
    ItemChanged,
    ItemElsewhere,
    ItemLost,
    Notice,
    Other,
    read_notice,
)
from apps.discovery.inventory.parsing import MalformedItem, Place, parse_items
from apps.discovery.inventory.sourcefiles import bucket_target
from apps.discovery.inventory.supplements import wants_a_look
from apps.discovery.leases import Lease, LeaseLost
from apps.discovery.models import ConfigFile, ConfigNotice, ConfigSource
from apps.search import quarantine
from apps.search.engines.base import DocumentEngine
from apps.search.intake import Batch, Broken
from apps.search.quarantine import Reading
from apps.search.shutdown import stopping

_ASK_EVERY = timedelta(seconds=1)
_AFTER_A_PROBLEM = timedelta(seconds=30)
_RECEIVES_A_RUN = 100
_MOST_NOTICES = 1_000
_MOST_BODY = 256 << 10
_MOST_EXCERPT = 500

Clock = Callable[[], datetime]


def due_queues(now: datetime) -> list[int]:
    """Sources with a queue that nobody listens to."""
    free = Q(hearing_until=None) | Q(hearing_until__lt=now)
    rested = Q(heard_at=None) | Q(hearing_problem="", heard_at__lte=now - _ASK_EVERY)
    rested |= Q(heard_at__lte=now - _AFTER_A_PROBLEM)
    found = ConfigSource.objects.filter(free & rested, is_enabled=True)
    return list(found.exclude(queue_url="").values_list("pk", flat=True))


def hear(source_id: int, engine: DocumentEngine, clock: Clock) -> None:
    """Take in what waits. What goes wrong ends in the row."""
    source = ConfigSource.objects.select_related("account").filter(pk=source_id).first()
    if source is None:
        return
    lease = Lease.take(source, "hearing_until", clock())
    if lease is None:
        return

    def work() -> str:
        try:
            why_not = why_not_read(source.account)
            return why_not or _Hearing(source, lease, engine, clock).run()
        except LeaseLost:
            return ""

    problem = problem_of(work, f"listening to the queue of {source}")
    now = clock()
    since = (source.hearing_problem_since or now) if problem else None
    lease.give_back(heard_at=now, hearing_problem=problem, hearing_problem_since=since)


@dataclass(slots=True)
class _Sorted:
    """What messages hold, by what is to be done with it."""

    portion: ItemPortion = field(default_factory=ItemPortion)
    lost: list[ConfigItem] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    verdicts: list[ComplianceChanged] = field(default_factory=list)
    others: list[tuple[str, str]] = field(default_factory=list)
    broken: list[tuple[str, Broken]] = field(default_factory=list)


class _Hearing:
    """One run over one queue."""

    def __init__(
        self,
        source: ConfigSource,
        lease: Lease[ConfigSource],
        engine: DocumentEngine,
        clock: Clock,
    ) -> None:
        self._source = source
        self._lease = lease
        self._clock = clock
        self._here = target(source.account, source.region)
        self._place = Place(source.account_id, source.region)
        self._origin = f"sqs://{source.queue_url.rsplit('/', 1)[-1]}"
        self._intake = ItemIntake(engine, self._note_broken, clock=clock)
        self._problems: list[str] = []

    def run(self) -> str:
        """What was left undone, in a sentence. Raises AwsError, LeaseLost."""
        queue = Queue(self._here, self._source.queue_url)
        for _ in range(_RECEIVES_A_RUN):
            messages = queue.receive()
            if not messages or stopping.is_set():
                break
            sorted_ = self._take_in(messages)
            for message in messages:
                queue.delete(message)
            self._lease.keep(self._clock())
            self._complete(sorted_)
        return " ".join(dict.fromkeys(self._problems))

    def _take_in(self, messages: Sequence[Message]) -> _Sorted:
        """Everything durable: only then are messages deleted."""
        found = _Sorted()
        for message in messages:
            self._sort(message.body, found)
        self._ask_for_lost(found)
        self._write_files(found.files)
        self._write_others(found.others)
        self._intake.take(self._origin, found.portion)
        self._intake.commit()
        quarantine_of(self._source, found.broken, self._clock())
        tell(found.verdicts, self._clock())
        return found

    def _sort(self, body: str, found: _Sorted) -> None:
        try:
            notice = read_notice(body, self._place)
            self._place_notice(notice, body, found)
        except MalformedItem as error:
            excerpt = body[:_MOST_EXCERPT].encode("utf-8", "replace")
            origin = f"{self._origin}#{_digest(body)[:16]}"
            found.broken.append((origin, Broken(0, str(error), excerpt)))

    def _place_notice(self, notice: Notice, body: str, found: _Sorted) -> None:
        if isinstance(notice, ItemChanged):
            _add(found.portion, portion_of([notice.item]))
        elif isinstance(notice, ItemElsewhere):
            self._fetch(notice, found)
        elif isinstance(notice, ItemLost):
            found.lost.append(notice.summary)
        elif isinstance(notice, ComplianceChanged):
            found.verdicts.append(notice)
        elif isinstance(notice, FileDelivered):
            if notice.bucket == self._source.bucket:
                found.files.append(notice.object_key)
        elif isinstance(notice, Other):
            found.others.append((notice.message_type, body[:_MOST_BODY]))

    def _fetch(self, notice: ItemElsewhere, found: _Sorted) -> None:
        """Anyone may write to a queue: no object of another bucket is fetched. What
        cannot be fetched is asked for."""
        if notice.bucket != self._source.bucket:
            found.lost.append(notice.summary)
            return
        try:
            bucket = Bucket(bucket_target(self._source), notice.bucket)
            for part in portions(bucket.chunks(notice.object_key), self._place):
                _add(found.portion, part)
        except (AwsError, ValueError) as error:
            self._problems.append(f"{notice.object_key}: {error}")
            found.lost.append(notice.summary)

    def _ask_for_lost(self, found: _Sorted) -> None:
        config = Config(self._here)
        for summary in found.lost:
            records = config.past(summary.key.type, summary.key.id, 1)
            _add(found.portion, portion_of(parse_items(records, self._place)))

    def _write_files(self, keys: Sequence[str]) -> None:
        now = self._clock()
        ConfigFile.objects.bulk_create(
            [
                ConfigFile(source=self._source, key=key, found_at=now)
                for key in keys
                if key.startswith(self._source.prefix)
            ],
            ignore_conflicts=True,
        )

    def _write_others(self, others: Sequence[tuple[str, str]]) -> None:
        now, known = self._clock(), ConfigNotice.objects.filter(source=self._source)
        ConfigNotice.objects.bulk_create(
            [
                ConfigNotice(
                    source=self._source,
                    message_type=kind,
                    digest=_digest(body),
                    body=body.replace("\0", ""),
                    received_at=now,
                )
                for kind, body in others
            ],
            ignore_conflicts=True,
        )
        if others:
            old = known.order_by("-pk").values_list("pk", flat=True)
            ConfigNotice.objects.filter(pk__in=list(old[_MOST_NOTICES:])).delete()

    def _note_broken(self, batch: Batch) -> None:
        quarantine.note(batch, self._clock(), Reading("config", self._source.pk))

    def _complete(self, found: _Sorted) -> None:
        """What Config tells only half of is looked at by ourselves."""
        keys = {item.key for item in found.portion.items if wants_a_look(item)}
        for key in sorted(keys):
            problem = look_at(self._source, key, self._intake, self._clock)
            if problem:
                self._problems.append(problem)
            self._lease.keep(self._clock())
        if keys:
            self._intake.commit()


def quarantine_of(
    source: ConfigSource, broken: Sequence[tuple[str, Broken]], now: datetime
) -> None:
    quarantine.note(Batch(broken=list(broken)), now, Reading("config", source.pk))


def tell(verdicts: Sequence[ComplianceChanged], now: datetime) -> None:
    """Whoever asked to be told what rules of Config say."""
    if verdicts:
        for path in settings.COMPLIANCE_CHANGES:
            import_string(path)(verdicts, now)


def _add(portion: ItemPortion, more: ItemPortion) -> None:
    portion.items += more.items
    portion.documents += more.documents
    portion.offsets += more.offsets
    portion.broken += more.broken


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()
