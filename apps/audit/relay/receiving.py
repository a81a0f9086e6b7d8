"""Takes requests from queues: each message a row before it is deleted.

Whatever is delivered twice is the same row; who acts on a row acts at most once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Q

from apps.audit.compliance.findingrows import take_findings
from apps.audit.models import RepairQueue, RepairRequest, Violation
from apps.audit.relay.asked import Asked, NotAsked, Told, read_told
from apps.discovery.accounts import target, why_not_read
from apps.discovery.attempts import problem_of
from apps.discovery.buckets import Queue
from apps.discovery.leases import Clock, Lease, LeaseLost
from apps.discovery.models import Account
from apps.search.shutdown import stopping

_RECEIVES_A_RUN = 100
_ASK_EVERY = timedelta(seconds=1)
_AFTER_A_PROBLEM = timedelta(seconds=30)


def due_queues(now: datetime) -> list[int]:
    """Queues that nobody reads, that were not asked just now; one that fails rests."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    rested = Q(ran_at=None) | Q(problem="", ran_at__lte=now - _ASK_EVERY)
    rested |= Q(ran_at__lte=now - _AFTER_A_PROBLEM)
    rows = RepairQueue.objects.filter(free & rested, is_enabled=True)
    return list(rows.values_list("pk", flat=True))


def receive(queue_id: int, clock: Clock) -> None:
    """Empty one queue into rows, if nobody else does."""
    row = RepairQueue.objects.select_related("account").filter(pk=queue_id).first()
    lease = Lease.take(row, "claimed_until", clock()) if row else None
    if row is None or lease is None:
        return
    problem = problem_of(lambda: _received(lease, clock), f"reading {row}")
    now = clock()
    lease.give_back(
        ran_at=now,
        problem=problem,
        problem_since=(row.problem_since or now) if problem else None,
        succeeded_at=row.succeeded_at if problem else now,
    )


def _received(lease: Lease[RepairQueue], clock: Clock) -> str:
    row = lease.row
    why_not = why_not_read(row.account)
    if why_not:
        return why_not
    queue = Queue(target(row.account, row.region), row.queue_url)
    unread: list[str] = []
    for _ in range(_RECEIVES_A_RUN):
        messages = queue.receive()
        if not messages or stopping.is_set():
            break
        for message in messages:
            try:
                write_down(row, read_told(message.body), clock())
            except NotAsked as error:
                # Left to the queue: after some tries it becomes a dead letter.
                unread.append(str(error))
                continue
            queue.delete(message)
        try:
            lease.keep(clock())
        except LeaseLost as error:
            return str(error)
    if not unread:
        return ""
    return f"{len(unread)} messages of the queue were left in it: {unread[0]}"


def write_down(queue: RepairQueue, told: Told, now: datetime) -> None:
    """Rows for what was asked; what was asked before is only counted. Findings are
    kept where their account is known: anyone may write to a queue."""
    named = {one.account for one in told.findings}
    known_accounts = set(
        Account.objects.filter(pk__in=named).values_list("pk", flat=True)
    )
    take_findings((f for f in told.findings if f.account in known_accounts), now)
    for one in told.asked:
        row = RepairRequest(
            digest=one.digest,
            queue=queue,
            origin=one.origin,
            account=one.account,
            region=one.region,
            resource_type=one.type,
            resource_id=one.resource_id,
            rule=one.rule[:300],
            violation=_named(one),
            received_at=now,
            due_at=now,
        )
        known = RepairRequest.objects.filter(digest=one.digest)
        if known.update(times=F("times") + 1):
            continue
        RepairRequest.objects.bulk_create([row], ignore_conflicts=True)


def _named(one: Asked) -> Violation | None:
    """The violation that a record names, if it is of the resource that it names."""
    if not one.violation:
        return None
    rows = Violation.objects.filter(
        pk=one.violation,
        resource__account=one.account,
        resource__region=one.region,
        resource__type=one.type,
        resource__resource_id=one.resource_id,
    )
    return rows.first()
