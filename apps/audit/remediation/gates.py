"""What is asked again, right before anything is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from apps.audit.models import Plan, Run
from apps.audit.remediation import documents, limits, switch
from apps.audit.remediation.actions import registry
from apps.discovery.models import User
from apps.discovery.roles import Role


class Way(StrEnum):
    GO = "go"
    WAIT = "wait"
    ABORT = "abort"


@dataclass(frozen=True, slots=True)
class Gate:
    way: Way
    says: str = ""
    passed: tuple[str, ...] = ()


def ask(run: Run, now: datetime) -> Gate:
    """Whether an approved run may begin to write. Every gate is named in the ledger."""
    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("switch", switch.why_stopped),
        ("plan", lambda: _plan_problem(run.plan, now)),
        ("approval", lambda: _approval_problem(run.plan)),
        ("rights", lambda: _rights_problem(run.plan)),
        ("blast", lambda: limits.too_many(run.plan, _population(run.plan))),
        ("breaker", lambda: limits.why_broken(run.plan)),
        ("loop", lambda: limits.check_loop(run.plan, now)),
    )
    passed: list[str] = []
    for name, problem_of in checks:
        if problem := problem_of():
            return Gate(Way.ABORT, problem, tuple(passed))
        passed.append(name)
    if problem := limits.room_for(run, now):
        return Gate(Way.WAIT, problem, tuple(passed))
    return Gate(Way.GO, "", (*passed, "limits"))


def _population(plan: Plan) -> int:
    return int(plan.document.get("population", 0))


def _plan_problem(plan: Plan, now: datetime) -> str:
    if plan.expires_at is None or plan.expires_at <= now:
        return "The plan has expired: plan it again."
    if plan.document.get("form") != documents.FORM:
        return "The plan was made by another version of Trailmap: plan it again."
    if documents.hash_of(plan.document) != plan.plan_hash:
        return "The plan is not the one that was approved: it was changed since."
    try:
        action = registry.by_identifier(plan.action)
    except KeyError:
        return f"There is no action {plan.action} any more."
    if action.version != plan.document["version"]:
        return "The action has changed since: plan it again."
    return ""


def _approval_problem(plan: Plan) -> str:
    """An automatic plan needs the opt-in to stand, any other a word for its hash."""
    if plan.origin == Plan.Origin.AUTOMATIC:
        optin = plan.optin
        if optin is None or not optin.is_enabled or optin.action != plan.action:
            return "Automatic repairs of this rule were ended in this account."
        return ""
    approval = getattr(plan, "approval", None)
    if approval is None:
        return "Nobody has approved this plan."
    if approval.plan_hash != plan.plan_hash:
        return "Another plan was approved than this one."
    return ""


def _rights_problem(plan: Plan) -> str:
    if plan.origin == Plan.Origin.AUTOMATIC:
        return ""
    if not _may(plan.requested_by, Role.OPERATOR, plan.account):
        return "Who asked for it may no longer do so in this account."
    if not _may(plan.approval.approver, Role.APPROVER, plan.account):
        return "Who approved it may no longer do so in this account."
    return ""


def _may(user: User | None, role: Role, account: str) -> bool:
    return user is not None and user.rights.may(role, account)
