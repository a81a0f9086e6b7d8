"""How often actions may be run, and what stops those that keep failing."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from apps.audit.ledger.writing import append
from apps.audit.models import ActionLimit, Breaker, Optin, Plan, Run
from apps.audit.remediation import telling
from apps.audit.remediation.locks import key_of

_HOUR, _DAY = timedelta(hours=1), timedelta(hours=24)
_RUNS_AN_HOUR, _RUNS_A_DAY = 2, 3
"""Of one rule on one resource: more of them undo each other."""
_LAST, _FAILED_OF_LAST = 10, 3
"""More than 20 % of the last ten."""
REVERTED_WITHIN = timedelta(hours=1)
_BAD = (Run.State.FAILED, Run.State.STUCK, Run.State.ROLLED_BACK)


def limit_of(action: str) -> ActionLimit:
    return ActionLimit.objects.filter(pk=action).first() or ActionLimit(action=action)


def acted_lately(action: str, now: datetime) -> QuerySet[Run]:
    return Run.objects.filter(action=action, acted_at__gt=now - _HOUR)


def room_for(run: Run, now: datetime) -> str:
    """Why the run has to wait for its turn; "" where it may go."""
    limit = limit_of(run.action)
    used = acted_lately(run.action, now).exclude(pk=run.pk)
    if used.count() >= limit.per_hour:
        return f"{limit.per_hour} runs of this action an hour are allowed: it waits."
    optin = run.plan.optin
    if optin is not None:
        own = used.filter(plan__optin=optin)
        if own.count() >= optin.per_hour:
            return f"{optin.per_hour} automatic runs an hour are allowed: it waits."
    return ""


def room_of(optin: Optin, now: datetime) -> int:
    """How many more automatic plans may be made this hour. Call it with the opt-in
    locked where it decides."""
    made = Plan.objects.filter(origin=Plan.Origin.AUTOMATIC, created_at__gt=now - _HOUR)
    own = optin.per_hour - made.filter(optin=optin).count()
    of_action = made.filter(action=optin.action).count()
    return max(0, min(own, limit_of(optin.action).per_hour - of_action))


def too_many(plan: Plan, population: int) -> str:
    """Why a plan touches more than it may; "" where not. Nothing of it is done then:
    a part of it would be no better."""
    most = limit_of(plan.action).most_touched
    if plan.optin is not None:
        most = min(most, plan.optin.most_touched)
    if population < 1:
        return "Nobody knows how many resources it would touch."
    if population > most:
        return f"It would touch {population} resources, and {most} are allowed."
    return ""


# --- Breakers ------------------------------------------------------------------------


def action_key(action: str) -> str:
    return f"action:{action}"


def loop_key(rule_id: int | None, resource_key: str) -> str:
    return f"rule:{rule_id}|{resource_key}"


def why_broken(plan: Plan) -> str:
    """What a breaker says against the plan; "" where none is open."""
    keys = [action_key(plan.action)]
    if plan.rule_id and plan.origin != Plan.Origin.ROLLBACK:
        keys.append(loop_key(plan.rule_id, key_of(plan.key)))
    open_ones = Breaker.objects.filter(key__in=keys, is_open=True)
    return next(iter(open_ones.values_list("says", flat=True)), "")


def check_loop(plan: Plan, now: datetime) -> str:
    """Open the breaker where this rule had its resource repaired too often lately."""
    if not plan.rule_id or plan.origin == Plan.Origin.ROLLBACK:
        return ""
    key = key_of(plan.key)
    runs = Run.objects.filter(rule=plan.rule_id, resource_key=key)
    hour = runs.filter(acted_at__gt=now - _HOUR).count()
    day = runs.filter(acted_at__gt=now - _DAY).count()
    if hour < _RUNS_AN_HOUR and day < _RUNS_A_DAY:
        return ""
    says = (
        f"This resource was repaired {hour} times within an hour and {day} times "
        "within a day for the same rule: something else owns it, and undoes what is "
        "repaired. Mend it there."
    )
    trip(loop_key(plan.rule_id, key), says, plan.account, now)
    return says


def check_failures(action: str, account: str, now: datetime) -> None:
    """Open the action's breaker where too many of its last runs went wrong."""
    key = action_key(action)
    closed = Breaker.objects.filter(key=key).values_list("closed_at", flat=True)
    runs = Run.objects.filter(action=action, finished_at__isnull=False)
    if closed and closed[0]:
        runs = runs.filter(finished_at__gt=closed[0])
    ended = runs.exclude(state=Run.State.ABORTED).order_by("-finished_at")
    last = list(ended.values_list("state", flat=True)[:_LAST])
    failed = sum(state in _BAD for state in last)
    if failed >= _FAILED_OF_LAST:
        says = (
            f"{failed} of the last {len(last)} runs of this action went wrong. Look at "
            "them, then close the breaker."
        )
        trip(key, says, account, now)


@transaction.atomic
def trip(key: str, says: str, account: str, now: datetime) -> None:
    """Open a breaker, and tell of it once."""
    found, _ = Breaker.objects.get_or_create(
        key=key,
        defaults={
            "says": says, "account": account, "opened_at": now, "is_open": False,
            "revision": 0,
        },
    )  # fmt: skip
    changed = Breaker.objects.filter(pk=found.pk, is_open=False).update(
        is_open=True, says=says, opened_at=now, revision=found.revision + 1
    )
    if changed:
        found.refresh_from_db()
        append("breaker.open", "trailmap", {"key": key, "account": account}, now, key)
        telling.breaker_open(found, now)


@transaction.atomic
def close(breaker: Breaker, who: str, now: datetime) -> bool:
    """A person looked: runs may go on. False where it was closed already."""
    changed = Breaker.objects.filter(pk=breaker.pk, is_open=True).update(
        is_open=False, closed_at=now, closed_by=who
    )
    if changed:
        told = {"key": breaker.key, "account": breaker.account}
        append("breaker.closed", who, told, now, breaker.key)
    return bool(changed)
