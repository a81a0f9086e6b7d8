"""Lists of traces turned into rows: which are new, which have changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from apps.tracing.collecting.answers import TraceSummary
from apps.tracing.models import TraceReread, TraceScope, TraceWindow

Rank = TraceReread.Rank
MOST_ATTEMPTS = 10
"""So often is a trace asked for that X-Ray lists and does not hand out."""
_CHANGES = ("started_at", "changed_at", "wanted", "is_partial", "rank", "due_at")
_RESET = (*_CHANGES, "claim", "attempts")


def note_listed(
    scope: TraceScope, summaries: Sequence[TraceSummary], rank: Rank, now: datetime
) -> int:
    """Have every trace of a list fetched that is not stored as it is now; how many
    those are that were not known to be wanted before. A trace whose revision is known
    is left alone."""
    latest = _latest(summaries)
    rows = TraceReread.objects.filter(scope=scope, trace_id__in=list(latest))
    known = {row.trace_id: row for row in rows}
    new = [
        _new(scope, one, rank, now)
        for one in latest.values()
        if one.trace_id not in known
    ]
    changed, promoted = [], []
    for trace_id, row in known.items():
        summary = latest[trace_id]
        if not _is_as_listed(row, summary):
            changed.append(_asked_again(row, summary, now))
        elif rank is Rank.NEW and row.rank == Rank.PAST and row.due_at is not None:
            row.rank = Rank.NEW
            promoted.append(row)
    with transaction.atomic():
        TraceReread.objects.bulk_create(new, ignore_conflicts=True)
        write(changed, _RESET)
        write(promoted, ("rank",))
    return len(new) + len(changed)


def write(rows: Sequence[TraceReread], fields: Sequence[str]) -> None:
    """Change rows that are there: in one statement, as no UPDATE of many rows is."""
    if rows:
        TraceReread.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=fields,
        )


def _latest(summaries: Iterable[TraceSummary]) -> dict[str, TraceSummary]:
    """Each trace once, as it was told last of its revisions."""
    latest: dict[str, TraceSummary] = {}
    for one in summaries:
        before = latest.get(one.trace_id)
        if before is None or _age(one) > _age(before):
            latest[one.trace_id] = one
    return latest


def _age(summary: TraceSummary) -> tuple[int, datetime]:
    return summary.revision, summary.changed_at


def _is_as_listed(row: TraceReread, summary: TraceSummary) -> bool:
    """Whether what is stored, or will be, is what was listed."""
    if summary.revision:
        return row.wanted >= summary.revision
    return row.changed_at >= summary.changed_at


def _new(
    scope: TraceScope, summary: TraceSummary, rank: Rank, now: datetime
) -> TraceReread:
    return TraceReread(
        scope=scope,
        trace_id=summary.trace_id,
        started_at=summary.started_at,
        changed_at=summary.changed_at,
        wanted=summary.revision,
        is_partial=summary.is_partial,
        rank=rank,
        due_at=now,
    )


def _asked_again(row: TraceReread, summary: TraceSummary, now: datetime) -> TraceReread:
    """A trace that has changed: who fetches it just now fetches it once more."""
    row.started_at = summary.started_at
    row.changed_at = summary.changed_at
    row.wanted = summary.revision
    row.is_partial = summary.is_partial
    row.rank = Rank.NEW
    row.due_at = now
    row.claim = ""
    row.attempts = 0
    return row


def is_stored(window: TraceWindow) -> bool:
    """Whether every trace that was listed in a window is durable, but for those that
    X-Ray does not hand out."""
    waiting = TraceReread.objects.filter(
        scope=window.scope_id,
        rank__in=(Rank.NEW, Rank.PAST),
        due_at__isnull=False,
        changed_at__gte=window.since,
        changed_at__lte=window.until,
    )
    return not waiting.exists()


def clamped(
    summaries: Iterable[TraceSummary], since: datetime, until: datetime
) -> list[TraceSummary]:
    """Summaries of a window with the times of their last updates within it, which is
    why they were listed, whatever they say."""
    return [
        TraceSummary(
            one.trace_id,
            one.started_at,
            min(max(one.changed_at, since), until),
            one.revision,
            one.is_partial,
        )
        for one in summaries
    ]
