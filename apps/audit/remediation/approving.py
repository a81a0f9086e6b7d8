"""Approval: of exactly one plan hash, by somebody else, whose sign-in is fresh."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.db import IntegrityError, transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from apps.audit.ledger.writing import append
from apps.audit.models import Approval, Plan, Run
from apps.audit.remediation import documents, switch
from apps.audit.remediation.planning import submit, told
from apps.discovery.models import User
from apps.discovery.roles import Role

_FRESH = timedelta(minutes=5)
_SIGNED_IN = "signed_in_at"


class NotApproved(Exception):
    """Says why, and what would help."""


@receiver(user_logged_in)
def note_sign_in(sender: object, request: HttpRequest | None, **kwargs: object) -> None:
    """When this session began: sessions live for days, and may be stolen."""
    if request is not None and hasattr(request, "session"):
        request.session[_SIGNED_IN] = timezone.now().timestamp()


def freshness(request: HttpRequest, user: User, password: str, now: datetime) -> str:
    """How it is known that the person is there now: "password" or "sign-in"; ""
    where it is not."""
    if password:
        found = authenticate(request, username=user.get_username(), password=password)
        return "password" if found is not None and found.pk == user.pk else ""
    session = getattr(request, "session", None)
    signed_in = session.get(_SIGNED_IN) if session is not None else None
    if not isinstance(signed_in, float):
        return ""
    return "sign-in" if now.timestamp() - signed_in < _FRESH.total_seconds() else ""


def approve(plan_id: int, plan_hash: str, who: User, method: str, now: datetime) -> Run:
    """Approve a plan, and have it run. Raises NotApproved; a second approval of the
    same plan is one of those."""
    try:
        with transaction.atomic():
            return _approved(plan_id, plan_hash, who, method, now)
    except IntegrityError:
        raise NotApproved("Somebody has approved this plan already.") from None


def _approved(
    plan_id: int, plan_hash: str, who: User, method: str, now: datetime
) -> Run:
    plan = Plan.objects.select_for_update().get(pk=plan_id)
    if problem := why_not(plan, who, now):
        raise NotApproved(problem)
    if not method:
        raise NotApproved("Enter your password: your sign-in is older than 5 minutes.")
    if plan_hash != plan.plan_hash or documents.hash_of(plan.document) != plan_hash:
        raise NotApproved("The plan is not the one that you looked at: look again.")
    Approval.objects.create(
        plan=plan,
        plan_hash=plan_hash,
        approver=who,
        approved_by=who.get_username(),
        method=method,
        at=now,
    )
    data = {**told(plan), "method": method}
    append("plan.approved", who.get_username(), data, now, plan.subject)
    run = submit(plan, now)
    if run is None:
        raise NotApproved("The plan does not wait for approval any more.")
    return run


def why_not(plan: Plan, who: User, now: datetime) -> str:
    """Why this person may not approve this plan; "" where they may."""
    if not who.rights.may(Role.APPROVER, plan.account):
        return "This needs the role approver in the plan's account."
    if plan.requested_by_id == who.pk:
        return "Somebody else has to approve what you asked for."
    if plan.state == Plan.State.APPROVED:
        return "Somebody has approved this plan already."
    if plan.state != Plan.State.READY:
        return "The plan does not wait for approval."
    if plan.expires_at is None or plan.expires_at <= now:
        return "The plan has expired: plan it again."
    return switch.why_stopped()


def withdraw(plan: Plan, who: User, now: datetime) -> bool:
    """Have a plan not done. False where it is too late."""
    open_ones = (Plan.State.REQUESTED, Plan.State.READY)
    with transaction.atomic():
        rows = Plan.objects.filter(pk=plan.pk, state__in=open_ones)
        if not rows.update(state=Plan.State.WITHDRAWN):
            return False
        append("plan.withdrawn", who.get_username(), told(plan), now, plan.subject)
    return True
