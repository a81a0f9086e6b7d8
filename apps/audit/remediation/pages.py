"""Pages about repairs: the list, and what can be done."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.audit.models import Plan, Run
from apps.audit.remediation import access, switch
from apps.audit.remediation.actions import registry
from apps.audit.remediation.actions.base import Action, HandOver
from apps.discovery import heartbeats
from apps.discovery.permissions import person

_A_PAGE = 30
_MOST_WAITING = 50
_TONES = {
    Run.State.SUCCEEDED: "done",
    Run.State.ROLLED_BACK: "stalled",
    Run.State.ABORTED: "stalled",
    Run.State.FAILED: "failed",
    Run.State.STUCK: "failed",
    Run.State.UNKNOWN: "stalled",
}
_STEP_TONES = {
    "done": "done",
    "refused": "failed",
    "no_effect": "stalled",
    "unknown": "stalled",
    "intent": "running",
}


def tone(run: Run) -> str:
    return _TONES.get(Run.State(run.state), "running")


def step_tone(state: str) -> str:
    return _STEP_TONES.get(state, "")


def title_of(identifier: str) -> str:
    """What an action is called, also where there is none such any more."""
    try:
        return registry.by_identifier(identifier).title
    except KeyError:
        return identifier


def shown(run: Run) -> dict[str, Any]:
    return {
        "row": run,
        "tone": tone(run),
        "label": run.label,
        "title": title_of(run.action),
    }


def repairs(request: HttpRequest) -> HttpResponse:
    """What waits for somebody, what goes on, and what was done."""
    viewer = person(request)
    waiting = access.plans(viewer).filter(
        state__in=(Plan.State.REQUESTED, Plan.State.READY)
    )
    found = access.runs(viewer)
    state = request.GET.get("state", "")
    ended = found.exclude(finished_at=None)
    if state in Run.OVER:
        ended = ended.filter(state=state)
    page = Paginator(ended, _A_PAGE).get_page(request.GET.get("page"))
    refused = access.plans(viewer).filter(state=Plan.State.REFUSED)
    context = {
        **frame("repairs"),
        "waiting": [(one, title_of(one.action)) for one in waiting[:_MOST_WAITING]],
        "going": [shown(one) for one in found.filter(finished_at=None)],
        "page": page,
        "ended": [shown(one) for one in page],
        "refused": [(one, title_of(one.action)) for one in refused[:5]],
        "state": state,
        "states": [(one.value, one.label) for one in Run.OVER],
        "breakers": access.breakers(viewer),
    }
    return render(request, "audit/repairs/repairs.html", context)


def frame(here: str) -> dict[str, Any]:
    """What every page about repairs shows: whether any is done at all."""
    now = timezone.now()
    return {
        "here": here,
        "why_stopped": switch.why_stopped(),
        "worker_problem": heartbeats.problem(heartbeats.ACT, now),
    }


def actions(request: HttpRequest) -> HttpResponse:
    """Every action there is."""
    context = {
        **frame("actions"),
        "actions": [_described(one) for one in registry.actions()],
    }
    return render(request, "audit/repairs/actions.html", context)


def _described(action: Action) -> dict[str, Any]:
    return {"action": action, "is_hand_over": isinstance(action, HandOver)}
