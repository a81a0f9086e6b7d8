"""Pages about runs: followed live, and rolled back."""

from __future__ import annotations

from typing import Any

import orjson
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.audit.models import LedgerEntry, Plan, Run, RunStep
from apps.audit.remediation import access, approving, planning, switch
from apps.audit.remediation.pages import frame, step_tone, tone
from apps.audit.remediation.planpages import json_text, told
from apps.audit.remediation.progress import drawn
from apps.discovery.models import User
from apps.discovery.permissions import person
from apps.discovery.roles import Role

_ENTRIES = 100
_MAY_GO_BACK = (Run.State.SUCCEEDED, Run.State.STUCK)


def run(request: HttpRequest, repair_id: int) -> HttpResponse:
    """Every step of a run, with what AWS said to it, as it goes on."""
    viewer = person(request)
    found = access.seen(access.runs(viewer), repair_id)
    context = {
        **frame("repairs"),
        **told(found.plan),
        "run": found,
        "tone": tone(found),
        "label": found.label,
        "run_steps": [_step(one) for one in _steps(found)],
        "graph": drawn(found.progress),
        "entries": [_entry(one) for one in _entries(found)],
        "why_no_rollback": why_no_rollback(found, viewer),
        "is_fresh": bool(approving.freshness(request, viewer, "", timezone.now())),
        "rollbacks": found.rollbacks.select_related("run"),
    }
    return render(request, "audit/repairs/run.html", context)


def _steps(found: Run) -> list[RunStep]:
    order = {RunStep.Phase.APPLY.value: 0, RunStep.Phase.UNDO.value: 1}
    return sorted(found.steps.all(), key=lambda one: (order[one.phase], one.number))


def _step(step: RunStep) -> dict[str, Any]:
    text = json_text(step.parameters)
    return {"row": step, "tone": step_tone(step.state), "text": text}


def _entries(found: Run) -> list[LedgerEntry]:
    about = Q(subject=found.subject) | Q(subject=found.plan.subject)
    rows = LedgerEntry.objects.filter(about).order_by("-sequence")
    return list(rows[:_ENTRIES])


def _entry(entry: LedgerEntry) -> dict[str, Any]:
    data = orjson.loads(entry.data)
    said = str(data.get("problem") or data.get("call") or "")
    return {"row": entry, "says": said}


def why_no_rollback(found: Run, viewer: User) -> str:
    """Why the run cannot be rolled back by this person; "" where it can."""
    if found.state not in _MAY_GO_BACK or not found.acted_at:
        return "There is nothing to roll back."
    if not found.plan.document.get("undo"):
        return str(
            found.plan.document.get("irreversible_because") or "It cannot be undone."
        )
    if not viewer.rights.may(Role.APPROVER, found.account):
        return "This needs the role approver in the account."
    busy = found.rollbacks.filter(
        state__in=(Plan.State.REQUESTED, Plan.State.READY, Plan.State.APPROVED)
    )
    if busy.exists():
        return "It is being rolled back, or was."
    return switch.why_stopped()


@require_POST
def roll_back(request: HttpRequest, repair_id: int) -> HttpResponse:
    """Undo a run by one of its own, if the resource is still as it left it."""
    viewer, now = person(request), timezone.now()
    found = access.seen(access.runs(viewer), repair_id)
    access.need(viewer, Role.APPROVER, found.account)
    method = approving.freshness(request, viewer, request.POST.get("password", ""), now)
    if problem := why_no_rollback(found, viewer):
        messages.error(request, problem)
    elif not method:
        messages.error(
            request, "Enter your password: your sign-in is older than 5 minutes."
        )
    else:
        plan = planning.request_rollback(found, viewer, method, now)
        return redirect("repair-plan", plan.pk)
    return redirect("repair-run", repair_id)
