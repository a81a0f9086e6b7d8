"""Plans: asked for by rows, made by a worker that reads the resource as it is now."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from apps.audit.compliance.estates import FreshEstate
from apps.audit.compliance.judging import judge
from apps.audit.compliance.verdicts import Estate, Outcome
from apps.audit.ledger.writing import append
from apps.audit.models import Approval, Plan, Run, Violation
from apps.audit.remediation import documents, limits, radius, telling
from apps.audit.remediation.actions import registry
from apps.audit.remediation.actions.base import Action, HandOver, Refused, Subject
from apps.audit.remediation.doors import DoorReads, where_of
from apps.audit.remediation.locks import key_of
from apps.discovery.arn import partition_of
from apps.discovery.aws import AwsDenied, AwsError, AwsGone, Target
from apps.discovery.inventory.fresh import NotReadable, read_fresh
from apps.discovery.inventory.items import ConfigItem
from apps.discovery.leases import Lease, LeaseLost
from apps.discovery.models import Resource, User
from apps.search.faults import fault_of
from apps.search.timerange import rfc3339

log = logging.getLogger(__name__)

LASTS = timedelta(hours=1)
"""How long a plan may be approved and begun."""
_MOST_ATTEMPTS = 3
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Asked:
    """A repair that somebody wants. `rule_id` is what it must pass in the end."""

    resource: Resource
    action: str
    parameters: Mapping[str, Any]
    violation: Violation | None = None
    hold_seconds: int | None = None
    reason: str = ""


@transaction.atomic
def request(asked: Asked, who: User, now: datetime) -> Plan:
    """Have a worker plan a repair."""
    plan = Plan.objects.create(
        **_about(asked.resource),
        action=asked.action,
        parameters=dict(asked.parameters),
        violation=asked.violation,
        rule=asked.violation.rule if asked.violation else None,
        origin=Plan.Origin.PERSON,
        requested_by=who,
        hold_seconds=asked.hold_seconds,
        reason=asked.reason,
        created_at=now,
    )
    append("plan.requested", who.get_username(), told(plan), now, plan.subject)
    return plan


@transaction.atomic
def request_rollback(run: Run, who: User, method: str, now: datetime) -> Plan:
    """Have what a run did undone, if the resource is still as it left it. The person's
    word counts as approval: what two agreed on is taken back by one."""
    done = run.plan
    plan = Plan.objects.create(
        account=done.account,
        region=done.region,
        resource_type=done.resource_type,
        resource_id=done.resource_id,
        arn=done.arn,
        name=done.name,
        action=done.action,
        parameters=done.parameters,
        origin=Plan.Origin.ROLLBACK,
        requested_by=who,
        rolls_back=run,
        reason=f"Roll back of run {run.pk}",
        created_at=now,
    )
    Approval.objects.create(
        plan=plan,
        plan_hash="",
        approver=who,
        approved_by=who.get_username(),
        method=method,
        at=now,
    )
    append("plan.requested", who.get_username(), told(plan), now, plan.subject)
    return plan


def _about(resource: Resource) -> dict[str, Any]:
    return {
        "account": resource.account,
        "region": resource.region,
        "resource_type": resource.type,
        "resource_id": resource.resource_id,
        "arn": resource.arn,
        "name": resource.name,
    }


def told(plan: Plan) -> dict[str, Any]:
    """What the ledger says of a plan."""
    return {
        "plan": plan.pk,
        "account": plan.account,
        "action": plan.action,
        "resource": key_of(plan.key),
        "rule": plan.rule.slug if plan.rule else "",
        "origin": plan.origin,
        "plan_hash": plan.plan_hash,
    }


# --- The worker's part ---------------------------------------------------------------


def waiting(now: datetime) -> list[int]:
    """Plans that somebody should make, oldest first."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    rows = Plan.objects.filter(free, state=Plan.State.REQUESTED)
    return list(rows.order_by("created_at").values_list("pk", flat=True)[:100])


def make(plan_id: int, clock: Clock) -> Run | None:
    """Plan what was asked for; the run that follows at once, where one does."""
    plan = Plan.objects.filter(pk=plan_id, state=Plan.State.REQUESTED).first()
    lease = plan and Lease.take(plan, "claimed_until", clock())
    if not lease or lease.row.state != Plan.State.REQUESTED:
        return None
    plan = lease.row
    try:
        fields = _made(plan, clock())
    except (AwsDenied, AwsGone, NotReadable, Refused) as error:
        _refuse(lease, str(error), clock())
    except AwsError as error:
        _try_again(lease, str(error), clock())
    except Exception as error:  # the boundary of a job: the row tells of it
        log.exception("plan %s failed", plan_id)
        _refuse(lease, fault_of(error), clock())
    else:
        return _ready(lease, fields, clock())
    return None


def _made(plan: Plan, now: datetime) -> dict[str, Any]:
    """What the row gets. Raises AwsError, NotReadable, Refused."""
    action = _action(plan)
    where = where_of(plan)
    subject = Subject(plan.key, plan.arn, plan.name)
    item = _fresh(where, plan, now)
    _must_fail(plan, item, FreshEstate(where, now))
    partition, rule = partition_of(where.region), plan.rule.slug if plan.rule else ""
    expires = now + LASTS
    wanted = documents.Wanted(
        action, subject, plan.parameters, partition, rule, rfc3339(expires)
    )
    image = action.read(DoorReads(where), subject, plan.parameters)
    if plan.rolls_back is None:
        draft = action.draft(subject, plan.parameters, image)
        if not draft.steps:
            raise Refused("Nothing is to be done: the resource is so already.")
        document = documents.written(wanted, draft)
    else:
        document = documents.written_back(wanted, plan.rolls_back.plan.document)
        if image.digest != document["digests"][0]:
            raise Refused(
                "The resource is not as the run left it: somebody changed it since, "
                "and that is not undone."
            )
    document = documents.plain(document)
    if problem := limits.too_many(plan, int(document["population"])):
        raise Refused(problem)
    tags = item.tags if item else {}
    related = item.relationships if item else ()
    return {
        "document": document,
        "plan_hash": documents.hash_of(document),
        "radius": documents.plain(radius.read(subject, tags, related, now)),
        "planned_at": now,
        "expires_at": expires,
        "problem": "",
    }


def _action(plan: Plan) -> Action:
    try:
        action = registry.by_identifier(plan.action)
    except KeyError as error:
        raise Refused(str(error)) from None
    if plan.rolls_back is not None and (
        isinstance(action, HandOver) or not plan.rolls_back.plan.document.get("undo")
    ):
        raise Refused(action.irreversible_because or "It cannot be undone.")
    return action


def _fresh(where: Target, plan: Plan, now: datetime) -> ConfigItem | None:
    """None where no scanner of ours reads such, and no rule asks for it."""
    try:
        return read_fresh(where, plan.key, now)
    except NotReadable:
        if plan.rule is not None:
            raise
        return None


def _must_fail(plan: Plan, item: ConfigItem | None, estate: Estate) -> None:
    """Raises Refused where the resource passes by now: nothing is to be repaired."""
    if plan.rule is None or item is None or plan.origin == Plan.Origin.ROLLBACK:
        return
    verdict = judge(plan.rule, item, estate)
    if verdict.outcome == Outcome.PASS:
        raise Refused(f"By now the resource passes {plan.rule}: nothing is to be done.")


def _refuse(lease: Lease[Plan], problem: str, now: datetime) -> None:
    with transaction.atomic():
        if lease.give_back(state=Plan.State.REFUSED, problem=problem):
            plan = lease.row
            append(
                "plan.refused",
                "trailmap",
                {**told(plan), "problem": problem},
                now,
                plan.subject,
            )


def _try_again(lease: Lease[Plan], problem: str, now: datetime) -> None:
    attempts = lease.row.attempts + 1
    if attempts >= _MOST_ATTEMPTS:
        _refuse(lease, problem, now)
    else:
        lease.give_back(attempts=attempts, problem=problem)


@transaction.atomic
def _ready(lease: Lease[Plan], fields: dict[str, Any], now: datetime) -> Run | None:
    try:
        lease.write(state=Plan.State.READY, **fields)
    except LeaseLost:
        return None
    plan = lease.row
    lease.give_back()
    document = {"document": plan.document}
    append("plan.ready", "trailmap", {**told(plan), **document}, now, plan.subject)
    if plan.origin == Plan.Origin.PERSON:
        telling.approval_waited_for(plan, now)
        return None
    if plan.origin == Plan.Origin.ROLLBACK:
        Approval.objects.filter(plan=plan).update(plan_hash=plan.plan_hash)
    return submit(plan, now)


def submit(plan: Plan, now: datetime) -> Run | None:
    """Make the run of an approved plan, once. Part of the caller's transaction."""
    ready = Plan.objects.filter(pk=plan.pk, state=Plan.State.READY)
    if not ready.update(state=Plan.State.APPROVED):
        return None
    plan.state = Plan.State.APPROVED
    run = Run.objects.create(
        plan=plan,
        account=plan.account,
        action=plan.action,
        rule=plan.rule,
        resource_key=key_of(plan.key),
        created_at=now,
        next_at=now,
    )
    append("run.submitted", "trailmap", {**told(plan), "run": run.pk}, now, run.subject)
    return run


def expire(now: datetime) -> None:
    """Plans that nobody approved in time."""
    rows = Plan.objects.filter(state=Plan.State.READY, expires_at__lte=now)
    rows.update(state=Plan.State.EXPIRED)
