"""The timeline of an incident, and where else to look at its time."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string

from apps.discovery.accounts import Viewer
from apps.discovery.incidenthooks import About, Entry
from apps.monitoring.models import Incident, IncidentEvent
from apps.search.language import quoted
from apps.search.timerange import TimeRange, rfc3339

Kind = IncidentEvent.Kind
_ICONS = {
    Kind.OPENED: "circle-alert",
    Kind.REOPENED: "circle-alert",
    Kind.JOINED: "plus",
    Kind.LEFT: "minus",
    Kind.ACKNOWLEDGED: "user",
    Kind.COMMENT: "pencil",
    Kind.RESOLVED: "circle-check",
    Kind.CLOSED: "circle-check",
}


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    icon: str
    url: str


def story(incident: Incident, viewer: Viewer) -> list[Entry]:
    """All that is known to have happened, oldest first."""
    own = [
        Entry(
            at=one.at,
            title=one.get_kind_display(),
            text=one.text,
            icon=_ICONS[Kind(one.kind)],
            who=str(one.by) if one.by else "",
        )
        for one in incident.events.select_related("by")
    ]
    about = About(
        incident_id=incident.pk,
        notice_key=f"incident:{incident.pk}",
        account=incident.account,
        region=incident.region,
        since=incident.opened_at,
        until=incident.resolved_at,
        labels={str(name): str(one) for name, one in incident.labels.items()},
    )
    others = [
        entry
        for path in settings.INCIDENT_STORIES
        for entry in import_string(path)(about, viewer)
    ]
    # Sorted as they are: of one moment, ours first and in their order.
    return sorted([*own, *others], key=lambda one: one.at)


def links_of(incident: Incident, span: TimeRange) -> list[Link]:
    """What it is of, and logs, map, traces and changes at its time."""
    time = {"since": rfc3339(span.since), "until": rfc3339(span.until)}
    where = {"account": incident.account, "region": incident.region}
    scope = {name: one for name, one in where.items() if one}
    found = [Link("What is watched", "chart-column", _at(incident.url, time))]
    words = incident.service or incident.labels.get("group", "")
    about = quoted(words) if words else ""
    found += [
        Link(
            "Logs",
            "wrap-text",
            _url("explore", ["logs"], {**time, **scope, "q": about}),
        ),
        Link("Service map", "waypoints", _url("service-map", [], {**time, **scope})),
        Link("Traces", "route", _url("traces", [], {**time, **scope})),
        Link("CloudTrail", "search", _url("explore", ["trail"], {**time, **scope})),
    ]
    return [one for one in found if one.url]


def _url(name: str, args: list[str], query: dict[str, str]) -> str:
    said = urlencode({name: one for name, one in query.items() if one})
    return f"{reverse(name, args=args)}?{said}"


def _at(url: str, time: dict[str, str]) -> str:
    """A path of ours at another time; anything else is left out."""
    parts = urlsplit(url)
    if parts.scheme or parts.netloc or not url.startswith("/"):
        return ""
    kept = "&".join(
        one
        for one in parts.query.split("&")
        if one and not one.startswith(("since=", "until="))
    )
    said = "&".join(filter(None, [kept, urlencode(time)]))
    return f"{parts.path}?{said}"
