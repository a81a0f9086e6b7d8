"""Answers requests: the resource is read from AWS, judged, and repaired where its
rule is opted in. What a message says of a resource is never believed by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from apps.audit.compliance import evaluating, rulebook
from apps.audit.compliance.estates import StoredEstate
from apps.audit.models import RepairRequest, Violation
from apps.audit.remediation.automatic import consider
from apps.discovery.accounts import target, why_not_read
from apps.discovery.attempts import problem_of
from apps.discovery.inventory.fresh import NotReadable, read_fresh
from apps.discovery.inventory.items import ResourceKey
from apps.discovery.inventory.keeping import keep, rows_of
from apps.discovery.leases import Clock, Lease, LeaseLost
from apps.discovery.models import Account, Resource

_MOST = 100
_MOST_ATTEMPTS = 8
_LONGEST = 2_000


def due(now: datetime) -> list[int]:
    """Requests that nobody has answered yet."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    rows = RepairRequest.objects.filter(free, answered_at=None, due_at__lte=now)
    return list(rows.order_by("due_at", "pk").values_list("pk", flat=True)[:_MOST])


def answer(request_id: int, clock: Clock) -> None:
    """Answer one request, if nobody else does."""
    row = RepairRequest.objects.filter(pk=request_id, answered_at=None).first()
    lease = Lease.take(row, "claimed_until", clock()) if row else None
    if row is None or lease is None:
        return
    problem = problem_of(lambda: _answered(lease, clock), f"answering {row}")
    if not problem:
        lease.give_back()
        return
    attempts = row.attempts + 1
    if attempts >= _MOST_ATTEMPTS:
        lease.give_back(
            attempts=attempts, answered_at=clock(), answer=problem[:_LONGEST]
        )
        return
    pause = timedelta(seconds=2**attempts)
    lease.give_back(
        attempts=attempts, due_at=clock() + pause, answer=problem[:_LONGEST]
    )


def _answered(lease: Lease[RepairRequest], clock: Clock) -> str:
    """Why it could not be answered yet, in a sentence; "" where it is."""
    row = lease.row
    account = Account.objects.filter(pk=row.account).first()
    if account is None:
        said = f"Account {row.account} is not connected here."
        return _note(lease, said, None, clock())
    if why_not := why_not_read(account):
        return why_not
    key = _key(row)
    if key is None:
        said = f"No resource with the ARN {row.resource_id} is known here."
        return _note(lease, said, None, clock())
    try:
        item = read_fresh(target(account, key.region), key, clock())
    except NotReadable as error:
        return _note(lease, str(error), None, clock())
    keep([item], clock())
    found = list(rows_of([key]).values())
    estate = StoredEstate(clock())
    evaluating.evaluate(found, rulebook.in_force(), estate)
    said, violation = _considered(_failures(row, key), row, clock())
    return _note(lease, said, violation, clock())


def _key(row: RepairRequest) -> ResourceKey | None:
    """Findings name a resource by its ARN, and its type in words of their own."""
    if row.origin != RepairRequest.Origin.FINDING:
        return ResourceKey(row.account, row.region, row.resource_type, row.resource_id)
    found = Resource.objects.filter(account=row.account, arn=row.resource_id)
    resource = found.filter(deleted_at=None).order_by("pk").first()
    return resource.key if resource else None


def _failures(row: RepairRequest, key: ResourceKey) -> Sequence[Violation]:
    """What the resource fails now: the violation that was named, or all there are."""
    rows = Violation.objects.select_related("rule", "resource").filter(
        resolved_at=None,
        resource__account=key.account,
        resource__region=key.region,
        resource__type=key.type,
        resource__resource_id=key.id,
    )
    if row.violation_id is not None:
        rows = rows.filter(pk=row.violation_id)
    return list(rows.order_by("pk")[:_MOST])


def _considered(
    failures: Sequence[Violation], row: RepairRequest, now: datetime
) -> tuple[str, Violation | None]:
    """What came of it, and the violation that it is about."""
    if not failures:
        return "The resource was read and fails no rule that asks for a repair.", None
    origin = f"{row.get_origin_display()}, by {row.queue}"
    said = []
    for violation in failures:
        considered = consider(violation, now, origin)
        came = "A repair was planned." if considered.is_new else considered.says
        said.append(f"{violation.rule.title}: {came}")
    return " ".join(said), failures[0]


def _note(
    lease: Lease[RepairRequest],
    said: str,
    violation: Violation | None,
    now: datetime,
) -> str:
    try:
        lease.write(
            answered_at=now,
            answer=said[:_LONGEST],
            violation=violation or lease.row.violation,
        )
    except LeaseLost as error:
        return str(error)
    return ""
