"""Traces that are due: fetched whole, or looked up whether they have changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction

from apps.discovery.leases import Clock
from apps.tracing.collecting.answers import FetchedTrace
from apps.tracing.collecting.delivery import Delivery
from apps.tracing.collecting.listing import MOST_ATTEMPTS, clamped, note_listed, write
from apps.tracing.collecting.spending import Purse
from apps.tracing.collecting.windows import next_look
from apps.tracing.collecting.xray import Times, XRay
from apps.tracing.models import TraceReread, TraceScope

Rank = TraceReread.Rank
AT_ONCE = 50
_CLAIMED_FOR = timedelta(minutes=5)
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=10)
# Traces looked up in one list began so near to each other.
_LOOKED_UP = 400
_NEAR = timedelta(minutes=1)
_LOOKED_UP_PAGES = 20
_READ = ("revision", "is_partial", "is_cut", "rank", "due_at", "claim", "attempts")


class Fetching:
    """What of a scope is due, some at a time. Raises AwsError, EngineUnavailable."""

    def __init__(
        self,
        scope: TraceScope,
        xray: XRay,
        delivery: Delivery,
        purse: Purse,
        clock: Clock,
    ) -> None:
        self._scope = scope
        self._xray = xray
        self._delivery = delivery
        self._purse = purse
        self._clock = clock

    def fetch(self, rank: Rank) -> int:
        """Fetch some of what is due of a rank; how many rows were taken up. They are
        marked as read once the traces are durable."""
        claim = uuid4().hex
        ids = self._claim(claim, rank)
        if not ids:
            return 0
        read_at = self._clock()
        fetched = self._xray.traces(ids)
        self._purse.pay(fetched.calls, fetched=len(fetched.traces))
        found = {
            trace.trace_id: (trace, self._delivery.take(trace))
            for trace in fetched.traces
        }
        self._delivery.then(lambda: self._note_read(claim, found, read_at))
        return len(ids)

    def _claim(self, claim: str, rank: Rank) -> list[str]:
        now = self._clock()
        due = TraceReread.objects.filter(scope=self._scope, rank=rank, due_at__lte=now)
        # The newest of the past first: it is what people look at.
        order = "-changed_at" if rank is Rank.PAST else "due_at"
        some = list(due.order_by(order).values_list("pk", flat=True)[:AT_ONCE])
        due.filter(pk__in=some).update(claim=claim, due_at=now + _CLAIMED_FOR)
        ours = TraceReread.objects.filter(claim=claim)
        return list(ours.values_list("trace_id", flat=True))

    def _note_read(
        self, claim: str, found: dict[str, tuple[FetchedTrace, bool]], read_at: datetime
    ) -> None:
        """Rows that were asked for again meanwhile lost the claim, and are due."""
        with transaction.atomic():
            rows = list(TraceReread.objects.filter(claim=claim))
            new = 0
            for row in rows:
                if row.trace_id in found:
                    new += row.revision is None
                    trace, is_partial = found[row.trace_id]
                    row.is_cut, row.is_partial = trace.is_cut, is_partial
                    _stored(row, read_at)
                else:
                    _not_handed_out(row, read_at)
            write(rows, _READ)
            self._purse.note_stored(new)

    def look_up(self) -> int:
        """Look whether some of the stored traces that are due have changed, by listing
        the time they began in; how many rows were due."""
        rows = self._due_together()
        if not rows:
            return 0
        starts = [row.started_at for row in rows]
        listed = self._listed(min(starts), max(starts))
        with transaction.atomic():
            # What the list said has changed is not of this rank any more.
            same = TraceReread.objects.filter(
                pk__in=[row.pk for row in rows], rank=Rank.WHOLE
            )
            # Not in the list of its own time: only asking for it tells.
            same.exclude(trace_id__in=listed).update(rank=Rank.NEW)
            unchanged = list(same)
            for row in unchanged:
                row.due_at = _next_look(row, self._clock())
            write(unchanged, ("due_at",))
        return len(rows)

    def _listed(self, since: datetime, until: datetime) -> list[str]:
        """The traces that began in a time; those that have changed, and those that
        were not known, are due from now on."""
        ids: list[str] = []
        token = ""
        for _ in range(_LOOKED_UP_PAGES):
            page = self._xray.summaries(since, until, Times.STARTED, token)
            self._purse.pay(1, listed=page.scanned)
            now = self._clock()
            note_listed(self._scope, clamped(page.summaries, now, now), Rank.NEW, now)
            ids += [one.trace_id for one in page.summaries]
            token = page.token
            if not token:
                break
        return ids

    def _due_together(self) -> list[TraceReread]:
        now = self._clock()
        due = TraceReread.objects.filter(
            scope=self._scope, rank=Rank.WHOLE, due_at__lte=now
        )
        first = due.order_by("due_at").first()
        if first is None:
            return []
        near = due.filter(
            started_at__gte=first.started_at - _NEAR,
            started_at__lte=first.started_at + _NEAR,
        )
        return list(near[:_LOOKED_UP])


def _stored(row: TraceReread, read_at: datetime) -> None:
    row.revision = row.wanted
    row.rank = Rank.OPEN if row.is_partial else Rank.WHOLE
    row.claim = ""
    row.attempts = 0
    row.due_at = _next_look(row, read_at)


def _next_look(row: TraceReread, read_at: datetime) -> datetime | None:
    return next_look(row.changed_at, row.started_at, read_at, is_partial=row.is_partial)


def _not_handed_out(row: TraceReread, now: datetime) -> None:
    """Ask again later each time, and in the end not any more."""
    row.claim = ""
    row.attempts += 1
    pause = min(_FIRST_PAUSE * 2 ** (row.attempts - 1), _LONGEST_PAUSE)
    row.due_at = None if row.attempts >= MOST_ATTEMPTS else now + pause
