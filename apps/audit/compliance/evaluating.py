"""Holds the rules against resources: those that changed, and now and then all.

Changes are rows that the inventory writes with them, so that a tick which is lost is
made good by the next. Only what a rule says anew is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from apps.audit.compliance import exemptions, rulebook
from apps.audit.compliance.estates import StoredEstate, item_of
from apps.audit.compliance.keeping import keep
from apps.audit.compliance.rulebook import Rulebook
from apps.audit.compliance.standing import Gaps, gaps
from apps.audit.compliance.verdicts import Estate, Outcome, Verdict
from apps.audit.compliance.violations import DELETED, Judged, resolve, settle
from apps.audit.models import ComplianceRule, Evaluation, Sweep, Violation
from apps.discovery.inventory import changes
from apps.discovery.leases import Lease, LeaseLost
from apps.discovery.models import Resource

Clock = Callable[[], datetime]
FOLLOWER = "compliance"
_PAGE = 500
# Rules about the latter look at the former.
_LOOKED_AT = {
    "AWS::ApiGateway::RestApi": "AWS::ApiGateway::Stage",
    "AWS::CloudTrail::Trail": "AWS::::Account",
    "AWS::ElasticLoadBalancingV2::Listener": (
        "AWS::ElasticLoadBalancingV2::LoadBalancer"
    ),
    "AWS::S3::AccountPublicAccessBlock": "AWS::S3::Bucket",
}
_MOST_DEPENDENTS = 5_000
_ALL_EVERY = timedelta(hours=24)


@dataclass
class Count:
    """What a run came to."""

    resources: int = 0
    verdicts: int = 0
    changed: int = 0
    opened: int = 0
    resolved: int = 0

    def add(self, other: Count) -> None:
        self.resources += other.resources
        self.verdicts += other.verdicts
        self.changed += other.changed
        self.opened += other.opened
        self.resolved += other.resolved


def tick(clock: Clock) -> Count:
    """Evaluate what changed, what was asked for, and a part of all when that is due."""
    total = Count()
    sweep, _ = Sweep.objects.get_or_create(pk=1)
    lease = Lease.take(sweep, "claimed_until", clock())
    if lease is None:
        return total
    try:
        if rulebook.sync(lease.row):
            lease.write(all_requested_at=clock())
        exemptions.lapse(clock())
        total.add(_changes(lease, clock))
        total.add(_asked(lease, clock))
        total.add(_all(lease, clock))
    except LeaseLost:
        return total
    finally:
        lease.give_back()
    return total


def _changes(lease: Lease[Sweep], clock: Clock) -> Count:
    """Resources that changed since the last look."""
    total, book = Count(), rulebook.in_force()
    while claimed := changes.claim(FOLLOWER, _PAGE, clock()):
        rows = Resource.objects.filter(pk__in=[one.resource_id for one in claimed])
        meant = with_dependents(list(rows))
        for start in range(0, len(meant), _PAGE):
            part = meant[start : start + _PAGE]
            total.add(evaluate(part, book, StoredEstate(clock())))
            lease.keep(clock())
        changes.done(FOLLOWER, claimed)
        lease.keep(clock())
    return total


def with_dependents(changed: Sequence[Resource]) -> list[Resource]:
    """These, and those of the same account whose verdicts look at them."""
    found = {one.pk: one for one in changed}
    asked = {
        (one.account, _LOOKED_AT[one.type]) for one in changed if one.type in _LOOKED_AT
    }
    for account, type_ in asked:
        rows = Resource.objects.filter(account=account, type=type_, deleted_at=None)
        found |= {row.pk: row for row in rows[:_MOST_DEPENDENTS]}
    return list(found.values())


def _asked(lease: Lease[Sweep], clock: Clock) -> Count:
    """Rules that somebody changed, held against every resource that they are about."""
    total = Count()
    ours = ComplianceRule.objects.exclude(kind=ComplianceRule.Kind.CONFIG)
    for rule in ours.exclude(requested_at=None):
        if rule.is_enabled:
            book = Rulebook([rule])
            for page in _pages(book, 0):
                total.add(evaluate(page, book, StoredEstate(clock())))
                lease.keep(clock())
        asked = ComplianceRule.objects.filter(
            pk=rule.pk, requested_at=rule.requested_at
        )
        asked.update(requested_at=None, evaluated_at=clock())
    return total


def _all(lease: Lease[Sweep], clock: Clock) -> Count:
    """Every resource, once a day or when asked for, from where a last run broke off."""
    total, sweep, now = Count(), lease.row, clock()
    is_due = sweep.all_done_at is None or sweep.all_done_at + _ALL_EVERY <= now
    if not is_due and sweep.all_requested_at is None:
        return total
    asked = sweep.all_requested_at
    book = rulebook.in_force()
    for page in _pages(book, sweep.all_reached):
        total.add(evaluate(page, book, StoredEstate(clock())))
        lease.write(all_reached=page[-1].pk)
        lease.keep(clock())
    lease.write(all_reached=0, all_done_at=clock())
    Sweep.objects.filter(pk=sweep.pk, all_requested_at=asked).update(
        all_requested_at=None
    )
    return total


def _pages(book: Rulebook, after: int) -> Iterable[list[Resource]]:
    """Resources that the rules are about, those known to be gone left out."""
    chosen = Resource.objects.filter(deleted_at=None)
    if book.types is not None:
        chosen = chosen.filter(type__in=book.types)
    while page := list(chosen.filter(pk__gt=after).order_by("pk")[:_PAGE]):
        yield page
        after = page[-1].pk


def ask_for_all(now: datetime) -> None:
    """Have every resource judged at the next tick."""
    Sweep.objects.get_or_create(pk=1)
    Sweep.objects.filter(pk=1).update(all_requested_at=now, all_reached=0)


def evaluate(resources: Sequence[Resource], book: Rulebook, estate: Estate) -> Count:
    """Judge these and keep what is said; one transaction."""
    if not resources:
        return Count()
    stale = gaps()
    judged = [
        Judged(ready.row, resource, verdict)
        for resource in resources
        for ready, verdict in _verdicts(resource, book, estate, stale)
    ]
    with transaction.atomic():
        changed = keep(judged, estate.now)
        gone = [one.pk for one in resources if one.deleted_at is not None]
        opened, resolved = settle(judged, estate.now)
        if gone:
            changed += _forget(gone, estate.now)
            of_gone = Violation.objects.filter(resource__in=gone)
            resolved += resolve(of_gone, DELETED, estate.now)
    return Count(len(resources), len(judged), changed, opened, resolved)


def _verdicts(
    resource: Resource, book: Rulebook, estate: Estate, stale: Gaps
) -> Iterable[tuple[rulebook.Ready, Verdict]]:
    item = item_of(resource)
    gap = "" if item.status.is_gone else stale.of(resource)
    for ready in book.of(resource.type):
        if gap:
            yield ready, Verdict(Outcome.UNKNOWN, gap)
        else:
            yield ready, ready.judge(item, estate)


def _forget(gone: Sequence[int], now: datetime) -> int:
    """What any rule, AWS Config's too, said of resources that are gone is over."""
    said = Evaluation.objects.filter(resource__in=gone)
    return said.exclude(outcome=Outcome.NOT_APPLICABLE).update(
        outcome=Outcome.NOT_APPLICABLE,
        reason="The resource was deleted.",
        path="",
        evaluated_at=now,
        since=now,
    )
