"""Pages of channels, and of what was sent through them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role
from apps.monitoring.models.notifications import (
    STATES,
    Channel,
    Delivery,
    Route,
    delivery_of,
)
from apps.monitoring.notifications import sending
from apps.monitoring.notifications.channels.registry import KINDS, kind_of
from apps.monitoring.notifications.forms import ChannelForm
from apps.monitoring.notifications.jsonnotices import as_json
from apps.monitoring.notifications.notices import Notice, Severity, State
from apps.monitoring.notifications.wording import lines
from apps.search.parameters import is_count

_A_PAGE = 50
_LATEST = 10
_MOST_TEXT = 20_000
Status = Delivery.Status


def with_counts(channels: QuerySet[Channel]) -> QuerySet[Channel]:
    """Channels with how much waits and was given up, and when they sent last."""

    def counted(status: Status) -> Count:
        return Count("deliveries", filter=Q(deliveries__status=status), distinct=True)

    return channels.annotate(
        dead=counted(Status.DEAD),
        waiting=counted(Status.WAITING),
        last_sent=Max("deliveries__sent_at"),
        routed=Count("routes", distinct=True),
    )


@everywhere(Role.ADMIN)
def channels(request: HttpRequest) -> HttpResponse:
    found = with_counts(Channel.objects.all())
    context = {
        "channels": [(one, kind_of(one.kind)) for one in found],
        "kinds": KINDS.values(),
        "has_routes": Route.objects.filter(is_enabled=True).exists(),
    }
    return render(request, "monitoring/channels.html", context)


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def new_channel(request: HttpRequest, kind: str) -> HttpResponse:
    made = kind_of(kind)
    if made is None:
        raise Http404(f"There are channels of the kinds {', '.join(KINDS)}.")
    form = ChannelForm(made, request.POST or None)
    if request.method == "POST" and form.is_valid():
        channel = form.save()
        messages.success(request, f"{channel} is there. Send a test through it.")
        return redirect("channel", channel.pk)
    context = {"form": form, "kind": made}
    return render(request, "monitoring/channel_form.html", context)


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def channel(request: HttpRequest, channel_id: int) -> HttpResponse:
    """A channel: what came of what was sent last, and what may be changed."""
    found = get_object_or_404(with_counts(Channel.objects.all()), pk=channel_id)
    kind = kind_of(found.kind)
    form = None
    if kind is not None and found.person_id is None:
        form = ChannelForm(kind, request.POST or None, instance=found)
        if request.method == "POST" and form.is_valid():
            form.save()
            messages.success(request, f"Saved {found}.")
            return redirect("channel", found.pk)
    latest = found.deliveries.order_by("-id")[:_LATEST]
    context = {
        "channel": Channel.objects.get(pk=channel_id) if form else found,
        "counts": found,
        "kind": kind,
        "form": form,
        "deliveries": latest,
        "is_waiting": any(not one.is_over for one in latest),
        "routes": found.routes.all(),
    }
    return render(request, "monitoring/channel.html", context)


@everywhere(Role.ADMIN)
@require_POST
def test_channel(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Send a notice that says it is a test; what comes of it is shown."""
    found = get_object_or_404(Channel, pk=channel_id)
    row = told_as_test(found, person(request).get_username())
    return redirect("delivery", row.pk)


def told_as_test(found: Channel, who: str) -> Delivery:
    now = timezone.now()
    notice = Notice(
        key=f"test:{uuid4()}",
        state=State.TOLD,
        revision=0,
        title=f"Test of the channel {found}",
        text=f"{who} asked for this test. Nothing is wrong.",
        severity=Severity.LOW,
        url="/",
        at=now,
        labels={"rule": "test", "severity": "low"},
    )
    row = delivery_of(found, notice, as_json(notice), now)
    row.save()
    return row


@everywhere(Role.ADMIN)
@require_POST
def switch_channel(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Pause, or go on. What comes while it is paused is not sent later."""
    found = get_object_or_404(Channel, pk=channel_id)
    found.is_enabled = not found.is_enabled
    found.save(update_fields=["is_enabled"])
    how = "used again" if found.is_enabled else "paused"
    messages.success(request, f"{found} is {how}.")
    return redirect("channel", found.pk)


@everywhere(Role.ADMIN)
@require_POST
def delete_channel(request: HttpRequest, channel_id: int) -> HttpResponse:
    found = get_object_or_404(Channel, pk=channel_id)
    if request.POST.get("confirm") != found.name:
        messages.error(request, f"Nothing is deleted: type {found} to confirm.")
        return redirect("channel", found.pk)
    found.delete()
    messages.success(request, f"{found} is gone, and the log of what it sent.")
    return redirect("channels")


def chosen_deliveries(asked: Any) -> QuerySet[Delivery]:
    """The deliveries that the filters of a URL leave, newest first."""
    rows = Delivery.objects.select_related("channel", "silence")
    if is_count(asked.get("channel", "")):
        rows = rows.filter(channel=int(asked["channel"]))
    if asked.get("status") in Status.values:
        rows = rows.filter(status=asked["status"])
    if asked.get("state") in {value for value, _ in STATES}:
        rows = rows.filter(state=asked["state"])
    if text := asked.get("q", "").strip()[:200]:
        rows = rows.filter(Q(title__icontains=text) | Q(key__icontains=text))
    return rows.order_by("-id")


@everywhere(Role.ADMIN)
def deliveries(request: HttpRequest) -> HttpResponse:
    """What was sent, is on its way, or was given up."""
    page = Paginator(chosen_deliveries(request.GET), _A_PAGE).get_page(
        request.GET.get("page")
    )
    kept = [(name, value) for name, value in request.GET.items() if name != "page"]
    context = {
        "page": page,
        "channels": Channel.objects.all(),
        "statuses": Status.choices,
        "states": STATES,
        "asked": request.GET,
        "is_filtered": any(value for _, value in kept),
        "other_page": urlencode(kept),
    }
    return render(request, "monitoring/deliveries.html", context)


@everywhere(Role.ADMIN)
def delivery(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """One delivery: what it says, and every attempt at it."""
    rows = Delivery.objects.select_related("channel", "silence", "digest")
    found = get_object_or_404(rows, pk=delivery_id)
    context = {
        "delivery": found,
        "notice": found.told,
        "text": lines(found.told.text, _MOST_TEXT),
        "attempts": found.attempts.all(),
        "members": found.members.order_by("id")[:_A_PAGE],
        "member_count": found.members.count(),
        "most_attempts": sending.MOST_ATTEMPTS,
    }
    return render(request, "monitoring/delivery.html", context)


@everywhere(Role.ADMIN)
@require_POST
def send_again(request: HttpRequest, delivery_id: int) -> HttpResponse:
    found = get_object_or_404(Delivery, pk=delivery_id)
    if sending.send_again(found):
        messages.success(request, "It is sent again, with the same id.")
    else:
        messages.error(request, "Only what was given up is sent again.")
    return redirect("delivery", found.pk)
