"""Pages of silences."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.discovery.models import User
from apps.discovery.permissions import person
from apps.monitoring.models.notifications import Matter
from apps.monitoring.models.silences import Silence
from apps.monitoring.notifications import inventory
from apps.monitoring.notifications.silenceforms import SilenceForm, may_silence

KEPT = timedelta(days=30)
_MOST_SHOWN = 500
_SHOWN_MATCHES = 50


def silences(request: HttpRequest) -> HttpResponse:
    """Every silence one may see: those that hold, then those to come, then the past."""
    viewer, now = person(request), timezone.now()
    seen = Silence.objects.visible_to(viewer)
    going = seen.filter(ends_at__gt=now)[:_MOST_SHOWN]
    over = seen.filter(ends_at__lte=now, ends_at__gt=now - KEPT).order_by("-ends_at")
    context = {
        "going": [
            (one, may_silence(viewer, one.row.account))
            for one in inventory.standings(going, viewer, now)
        ],
        "over": inventory.standings(over[:_MOST_SHOWN], viewer, now),
        "is_operator": is_operator(viewer),
    }
    return render(request, "monitoring/silences.html", context)


def is_operator(viewer: User) -> bool:
    """Whether there is an account that the person may silence something of."""
    return bool(SilenceForm(viewer, timezone.now()).fields["account"].choices)  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
def new_silence(request: HttpRequest) -> HttpResponse:
    """A silence; what a URL says is filled in, and what it matches is shown first."""
    viewer, now = person(request), timezone.now()
    if not is_operator(viewer):
        raise PermissionDenied("This needs the role operator in the account.")
    asked = request.POST if request.method == "POST" else request.GET
    form = SilenceForm(viewer, now, asked) if asked else SilenceForm(viewer, now)
    matches = None
    if form.is_bound and form.is_valid():
        silence = form.made()
        if request.method == "POST":
            silence.save()
            messages.success(request, "What matches is not told from now on.")
            return redirect("silence", silence.pk)
        matches = inventory.matching_now(silence, viewer)
    elif request.method == "GET" and form.is_bound:
        form = SilenceForm(viewer, now, initial=request.GET.dict())
        matches = _matches_so_far(request, form)
    context = {"form": form, "matches": matches, "shown": _SHOWN_MATCHES}
    return render(request, "monitoring/silence_form.html", context)


def _matches_so_far(request: HttpRequest, form: SilenceForm) -> list[Matter] | None:
    """What the conditions match, where only they are filled in."""
    asked = {name: request.GET.get(name, "") for name in ("account", "conditions")}
    probe = SilenceForm(
        form.person, form.now, {**asked, "reason": "-", "lasts": "60", "zone": "UTC"}
    )
    if not probe.is_valid():
        return None
    return inventory.matching_now(probe.made(), form.person)


def silence(request: HttpRequest, silence_id: int) -> HttpResponse:
    viewer, now = person(request), timezone.now()
    seen = Silence.objects.visible_to(viewer)
    found = get_object_or_404(seen, pk=silence_id)
    standing = inventory.standings(seen.filter(pk=found.pk), viewer, now)[0]
    held_back = found.deliveries.select_related("channel")
    visible = viewer.visible_accounts()
    if visible is not None:
        held_back = held_back.filter(account__in=visible)
    context = {
        "one": standing,
        "may_end": may_silence(viewer, found.account) and standing.state != "over",
        "matches": standing.matches[:_SHOWN_MATCHES],
        "held_back": held_back[:_SHOWN_MATCHES],
    }
    return render(request, "monitoring/silence.html", context)


@require_POST
def end_silence(request: HttpRequest, silence_id: int) -> HttpResponse:
    """End it now: what still calls for somebody is told."""
    found = editable(person(request), silence_id)
    end(found, person(request))
    messages.success(request, "The silence has ended. What is not over is told now.")
    return redirect("silence", found.pk)


def end(found: Silence, by: User) -> None:
    now = timezone.now()
    Silence.objects.filter(pk=found.pk, ends_at__gt=now).update(
        ends_at=now, ended_by=by
    )


def editable(viewer: User, silence_id: int) -> Silence:
    """Raises Http404, PermissionDenied."""
    found = get_object_or_404(Silence.objects.visible_to(viewer), pk=silence_id)
    if not may_silence(viewer, found.account):
        raise PermissionDenied("This needs the role operator in the account.")
    return found
