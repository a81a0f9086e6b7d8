"""Posted spans between their answer and the store: durable from the answer on.

Whoever works on rows claims them by a conditional update and deletes them once their
spans are durable. A process that dies leaves them claimed; after a minute another
takes them up, and what was stored already is there already.
"""

from __future__ import annotations

import logging
import uuid
import zlib
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Final

from django.db import DatabaseError
from django.db.models import Q, QuerySet, Sum

from apps.discovery.leases import Clock
from apps.search import quarantine
from apps.search.engines.base import DocumentEngine, EngineUnavailable
from apps.search.intake import Batch, Broken
from apps.search.quarantine import Reading
from apps.search.shutdown import stopping
from apps.search.timerange import milliseconds
from apps.tracing.collecting.bodies import items
from apps.tracing.models import SpanDelivery
from apps.tracing.spans import zipkin
from apps.tracing.spans.ingestion import SpanIntake, SpanPortion

log = logging.getLogger(__name__)

MAX_WAITING_BYTES = 256 << 20
_AT_ONCE_BYTES = 2 << 20
_AT_ONCE = 500
_STALE_AFTER = timedelta(minutes=1)
_RUN_SECONDS = 10.0
_LEVEL = 1
_KINDS: Final[Mapping[str, str]] = {SpanDelivery.Format.OTLP_JSON: "otlp"}


class Full(Exception):
    """More waits than is taken."""


def put(
    format_: str, body: bytes, place: tuple[str, str], refused: list[int], now: datetime
) -> None:
    """Keep a body for the account and region of its place. Raises Full and
    DatabaseError."""
    waiting = SpanDelivery.objects.aggregate(Sum("size"))["size__sum"] or 0
    if waiting >= MAX_WAITING_BYTES:
        raise Full
    packed = zlib.compress(body, _LEVEL)
    SpanDelivery.objects.create(
        format=format_,
        account=place[0],
        region=place[1],
        body=packed,
        size=len(packed),
        refused=refused,
        received_at=now,
    )


def ingest_waiting(engine: DocumentEngine, clock: Clock) -> None:
    """Take what waits into the store, for some seconds."""
    until = monotonic() + _RUN_SECONDS
    while monotonic() < until and not stopping.is_set():
        claim = _claimed(clock())
        if claim is None:
            return
        try:
            _ingest(claim, engine, clock)
        except (EngineUnavailable, DatabaseError) as error:
            log.warning("posted spans wait: %s", error)
            _rows(claim).update(claim="", claimed_at=None)
            return


def oldest_waiting() -> SpanDelivery | None:
    return SpanDelivery.objects.defer("body").order_by("pk").first()


def _claimed(now: datetime) -> str | None:
    """The mark of a claim on the oldest that wait; None where nothing waits."""
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - _STALE_AFTER)
    found = _together(SpanDelivery.objects.filter(free).order_by("pk"))
    claim = uuid.uuid4().hex
    rows = SpanDelivery.objects.filter(free, pk__in=found)
    return claim if found and rows.update(claim=claim, claimed_at=now) else None


def _together(waiting: QuerySet[SpanDelivery]) -> list[int]:
    """As many as are stored at once. One that somebody left behind is tried alone: if
    it is what they died of, it takes nothing else with it."""
    found: list[int] = []
    size = 0
    for pk, bytes_kept, claim in waiting.values_list("pk", "size", "claim")[:_AT_ONCE]:
        size += bytes_kept
        if found and (size > _AT_ONCE_BYTES or claim):
            break
        found.append(pk)
        if claim:
            break
    return found


def _rows(claim: str) -> QuerySet[SpanDelivery]:
    return SpanDelivery.objects.filter(claim=claim)


def _ingest(claim: str, engine: DocumentEngine, clock: Clock) -> None:
    """Durable first, then gone from here. Raises EngineUnavailable, DatabaseError."""
    groups: dict[tuple[str, str], list[SpanDelivery]] = defaultdict(list)
    for row in _rows(claim).order_by("pk"):
        groups[_KINDS.get(row.format, row.format), row.account].append(row)
    for (kind, account), rows in groups.items():
        reading = Reading(kind, options={"account": account})
        intake = SpanIntake(engine, partial(_note, clock, reading))
        for row in rows:
            intake.take(f"post://{kind}/{row.pk}", _portion(row))
        intake.commit()
    _rows(claim).delete()


def _note(clock: Clock, reading: Reading, batch: Batch) -> None:
    quarantine.note(batch, clock(), reading)


def _portion(row: SpanDelivery) -> SpanPortion:
    """Spans by their places in the body, without those that were refused."""
    portion, refused = SpanPortion(), frozenset(row.refused)
    body = zlib.decompress(row.body)
    for place, item in enumerate(items(row.format, body, row.account, row.region)):
        if place in refused:
            continue
        if item.problem is not None:
            portion.broken.append(Broken(place, str(item.problem), b""))
        portion.spans += [(span, place) for span in item.spans]
    zipkin.dated(
        (span for span, _ in portion.spans), milliseconds(row.received_at) * 1_000
    )
    return portion
