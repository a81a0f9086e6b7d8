"""What pages of violations and incidents tell of repairs: those that were made, those
under way, and what could be done."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.urls import reverse

from apps.audit.compliance.repairs import RepairLink
from apps.audit.models import Plan, Run, Violation
from apps.audit.remediation import access
from apps.audit.remediation.actions import registry
from apps.audit.remediation.pages import title_of
from apps.discovery.incidenthooks import About, Entry
from apps.discovery.models import User
from apps.discovery.roles import Role

_MOST = 20


def links(violation: Violation, viewer: User) -> Sequence[RepairLink]:
    """The newest plan of a violation; else, of one that is open, each action that can
    repair it, for whoever may have it planned."""
    plans = access.plans(viewer)
    newest = plans.filter(violation=violation).order_by("-pk").first()
    if newest is not None:
        return [_link_to(newest)]
    if not violation.is_open or not viewer.rights.may(Role.OPERATOR, violation.account):
        return []
    fitting = registry.for_violation(violation.rule.identifier, violation.resource.type)
    new, pk = reverse("new-repair"), violation.pk
    return [
        RepairLink(
            one.title,
            f"{new}?{urlencode({'violation': pk, 'action': one.identifier})}",
            one.says,
        )
        for one in fitting
    ]


def _link_to(plan: Plan) -> RepairLink:
    run: Run | None = getattr(plan, "run", None)
    if run is None:
        state, url = plan.get_state_display(), reverse("repair-plan", args=[plan.pk])
    else:
        state, url = run.get_state_display(), reverse("repair-run", args=[run.pk])
    return RepairLink(f"Repair: {state.lower()}", url, title_of(plan.action))


def story(about: About, viewer: User) -> Sequence[Entry]:
    """Plans and runs for the resource of an incident, in its time."""
    resource = about.labels.get("resource", "")
    if not resource:
        return []
    plans = access.plans(viewer).filter(
        account=about.account, arn=resource, created_at__gte=about.since
    )
    if about.until is not None:
        plans = plans.filter(created_at__lte=about.until)
    return [_entry(plan) for plan in plans.order_by("-pk")[:_MOST]]


def _entry(plan: Plan) -> Entry:
    link = _link_to(plan)
    return Entry(
        at=plan.created_at,
        title=title_of(plan.action),
        text=link.text,
        url=link.url,
        icon="play",
    )
