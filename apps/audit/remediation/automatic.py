"""Repairs that nobody is asked about: of rules that an admin opted in, one for each
violation, however often one hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.audit.ledger.writing import append
from apps.audit.models import Breaker, Optin, Plan, Run, Violation
from apps.audit.remediation import limits, switch
from apps.audit.remediation.actions import registry
from apps.audit.remediation.earlier import suggestions
from apps.audit.remediation.locks import key_of
from apps.audit.remediation.planning import told
from apps.audit.remediation.transitions import ACTOR

_MOST_ATTEMPTS = 3
_TRIES_AGAIN_AFTER = timedelta(minutes=1)
State = Run.State


@dataclass(frozen=True, slots=True)
class Considered:
    """The plan that there is of a violation, made now or before; else why not."""

    plan: Plan | None
    says: str
    is_new: bool = False


def consider(violation: Violation, now: datetime, origin: str) -> Considered:
    """Have the violation repaired, if that is opted in and nothing is against it.
    `origin` says what asked, such as an event of a queue. Called twice it acts once."""
    if not violation.is_open:
        return Considered(None, "The violation is over.")
    with transaction.atomic():
        optin = _optin_of(violation)
        if optin is None:
            return Considered(None, "Its rule is not repaired automatically here.")
        last = _last_plan(violation)
        if last is not None and not _ended_without_effect(last):
            return Considered(last, "There is a plan already.")
        attempt = last.attempt + 1 if last else 1
        if last is not None and now - last.created_at < _TRIES_AGAIN_AFTER:
            return Considered(last, "It was tried a moment ago.")
        if problem := _problem(violation, optin, attempt, now):
            return Considered(last, problem)
        return Considered(
            _plan(violation, optin, (attempt, origin), now), "", is_new=True
        )


def _optin_of(violation: Violation) -> Optin | None:
    """Locked: of any who consider at the same time, one counts the plans of the hour
    after the other."""
    rows = Optin.objects.select_for_update().select_related("rule")
    return rows.filter(
        rule=violation.rule_id, account=violation.account, is_enabled=True
    ).first()


def _last_plan(violation: Violation) -> Plan | None:
    plans = violation.plans.filter(origin=Plan.Origin.AUTOMATIC)
    return plans.order_by("-attempt").select_related("run").first()


def _ended_without_effect(plan: Plan) -> bool:
    """Whether the resource is certainly as it was: then it may be tried once more."""
    run = getattr(plan, "run", None)
    if run is None:
        return plan.state in (Plan.State.REFUSED, Plan.State.EXPIRED)
    if run.state == Run.State.ABORTED:
        return True
    return run.state == Run.State.FAILED and not run.steps.filter(state="done").exists()


def _problem(violation: Violation, optin: Optin, attempt: int, now: datetime) -> str:
    if problem := switch.why_stopped():
        return problem
    if attempt > _MOST_ATTEMPTS:
        return f"It was tried {_MOST_ATTEMPTS} times without any effect."
    draft = _new(violation, optin, (attempt, ""), now)
    if problem := limits.why_broken(draft):
        return problem
    if problem := limits.check_loop(draft, now) or _reverted(draft, now):
        return problem
    if not limits.room_of(optin, now):
        return "As many as an hour allows were begun: it waits for the next."
    return ""


def _reverted(draft: Plan, now: datetime) -> str:
    """Open the breaker where the same was repaired a short while ago."""
    key = key_of(draft.key)
    since = now - limits.REVERTED_WITHIN
    done = Run.objects.filter(
        rule=draft.rule,
        resource_key=key,
        state=Run.State.SUCCEEDED,
        finished_at__gt=since,
    ).exclude(plan__violation=draft.violation)
    last = done.first()
    if last is None:
        return ""
    says = (
        f"Run {last.pk} repaired this resource at "
        f"{last.finished_at:%Y-%m-%d %H:%M} UTC, and it fails the same rule again: "
        "something else owns it, and undoes what is repaired. Mend it there."
    )
    limits.trip(limits.loop_key(draft.rule_id, key), says, draft.account, now)
    return says


def _new(
    violation: Violation, optin: Optin, about: tuple[int, str], now: datetime
) -> Plan:
    resource, (attempt, asked_by) = violation.resource, about
    return Plan(
        account=resource.account,
        region=resource.region,
        resource_type=resource.type,
        resource_id=resource.resource_id,
        arn=resource.arn,
        name=resource.name,
        action=optin.action,
        parameters={**_suggested(violation, optin), **optin.parameters},
        rule=optin.rule,
        violation=violation,
        attempt=attempt,
        origin=Plan.Origin.AUTOMATIC,
        asked_by=asked_by[:200],
        optin=optin,
        hold_seconds=optin.hold_seconds,
        created_at=now,
    )


def _suggested(violation: Violation, optin: Optin) -> dict[str, Any]:
    """Nothing for an action that is no more: the plan says so."""
    try:
        action = registry.by_identifier(optin.action)
    except KeyError:
        return {}
    return suggestions(action, violation)


def _plan(
    violation: Violation, optin: Optin, about: tuple[int, str], now: datetime
) -> Plan:
    plan = _new(violation, optin, about, now)
    plan.save()
    data = {**told(plan), "asked_by": plan.asked_by, "violation": violation.pk}
    append("plan.requested", ACTOR, data, now, plan.subject)
    return plan


def consider_open(now: datetime) -> int:
    """Consider every open violation of an opted-in rule that nobody deals with; the
    number of plans made."""
    if switch.why_stopped():
        return 0
    made = 0
    for optin in Optin.objects.filter(is_enabled=True):
        room = limits.room_of(optin, now)
        for violation in _waiting(optin, now)[:room]:
            made += consider(violation, now, "an open violation").is_new
    return made


def _waiting(optin: Optin, now: datetime) -> QuerySet[Violation]:
    plans = Plan.objects.filter(violation=OuterRef("pk"), origin=Plan.Origin.AUTOMATIC)
    # What is being dealt with, or was done and not looked at since.
    busy = plans.filter(
        Q(state__in=(Plan.State.REQUESTED, Plan.State.READY))
        | Q(run__finished_at=None, state=Plan.State.APPROVED)
        | Q(run__state__in=(State.SUCCEEDED, State.STUCK, State.ROLLED_BACK))
        | Q(attempt__gte=_MOST_ATTEMPTS)
        | Q(created_at__gt=now - _TRIES_AGAIN_AFTER)
    )
    broken = Breaker.objects.filter(is_open=True, key=limits.action_key(optin.action))
    waiting = Violation.objects.filter(
        ~Exists(busy), ~Exists(broken), resolved_at=None, rule=optin.rule_id,
        account=optin.account,
    )  # fmt: skip
    return waiting.select_related("resource", "rule").order_by("opened_at")
