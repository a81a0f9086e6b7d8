"""Who was told of an incident, and what keeps it quiet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from apps.discovery.accounts import Viewer
from apps.discovery.incidenthooks import About, Entry
from apps.monitoring.models import Delivery, Incident, Silence
from apps.monitoring.notifications.matching import Matcher, as_text
from apps.monitoring.notifications.silencing import silences_of

_MOST = 200
_ICONS = {
    Delivery.Status.SENT: "circle-check",
    Delivery.Status.DIGESTED: "circle-check",
    Delivery.Status.WAITING: "clock",
    Delivery.Status.SILENCED: "eye-off",
    Delivery.Status.DROPPED: "minus",
    Delivery.Status.DEAD: "triangle-alert",
}


@dataclass(frozen=True, slots=True)
class Quiet:
    """Silences that hold for an incident now; `url` is where one is made for it."""

    silences: Sequence[Silence]
    url: str


def deliveries(about: About, viewer: Viewer) -> Sequence[Entry]:
    """What went to which channel, for whoever sees the incident."""
    del viewer
    rows = Delivery.objects.filter(key=about.notice_key).select_related("channel")
    return [
        Entry(
            at=row.sent_at or row.made_at,
            title=f"{row.channel}: {row.state}",
            text=f"{row.get_status_display()}. {row.problem}".strip(),
            icon=_ICONS[Delivery.Status(row.status)],
        )
        for row in rows.order_by("pk")[:_MOST]
    ]


def quiet(incident: Incident, viewer: Viewer, now: datetime) -> Quiet:
    labels = {str(name): str(one) for name, one in incident.labels.items()}
    visible = viewer.visible_accounts()
    found = [
        one
        for one in silences_of(labels, now)
        if visible is None or not one.account or one.account in visible
    ]
    names = [name for name in ("rule", "service", "resource") if labels.get(name)]
    conditions = as_text(Matcher(name, "=", labels[name]) for name in names[:2])
    asked = {"account": incident.account, "conditions": conditions}
    return Quiet(found, f"{reverse('new-silence')}?{urlencode(asked)}")
