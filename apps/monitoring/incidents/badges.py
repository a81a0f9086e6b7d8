"""Incidents on the service map's nodes, and on charts of what they are of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from apps.discovery.accounts import Viewer
from apps.discovery.maphooks import Badge, NodeKey
from apps.monitoring.charts.markers import MAX_MARKERS, Marker
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.models import Incident
from apps.search.timerange import TimeRange, milliseconds

_MOST = 500
_NAMED = 3


def badges(
    keys: Sequence[NodeKey], span: TimeRange, viewer: Viewer
) -> Mapping[NodeKey, Sequence[Badge]]:
    """Incidents that were open at some time of the span, on the nodes of their service
    or of what their labels name."""
    by_name: dict[str, list[NodeKey]] = {}
    for key in keys:
        by_name.setdefault(key[2], []).append(key)
    found: dict[NodeKey, list[Incident]] = {}
    for incident in _open_in(span, viewer):
        for name in _names(incident):
            for key in by_name.get(name, ()):
                if key[0] in ("", incident.account) or not incident.account:
                    found.setdefault(key, []).append(incident)
    return {key: [_badge(key, some)] for key, some in found.items()}


def _open_in(span: TimeRange, viewer: Viewer) -> Sequence[Incident]:
    goes_on = Q(resolved_at=None) | Q(resolved_at__gte=span.since)
    rows = (
        Incident.objects.visible_to(viewer)
        .filter(goes_on, opened_at__lt=span.until)
        .select_related("rule")
    )
    return list(rows.order_by("-opened_at")[:_MOST])


def _names(incident: Incident) -> set[str]:
    """What may be called so on a map or in the dimensions of a metric."""
    labels = incident.labels.values()
    found = {incident.service, incident.resource, *map(str, labels)}
    ours = {str(incident.labels.get(one, "")) for one in _OF_RULES}
    return {one for one in found - ours if one} | {incident.service} - {""}


_OF_RULES = ("rule", "severity", "key", "account", "region")


def _badge(key: NodeKey, some: Sequence[Incident]) -> Badge:
    titles = ", ".join(one.title for one in some[:_NAMED])
    more = f" and {len(some) - _NAMED} more" if len(some) > _NAMED else ""
    plural = "s" if len(some) > 1 else ""
    text = f"{len(some)} incident{plural}: {titles}{more}"
    if len(some) == 1:
        url = reverse("incident", args=[some[0].pk])
    else:
        query = urlencode({"state": "all", "q": key[2][:200]})
        url = f"{reverse('incidents')}?{query}"
    return Badge("incident", len(some), text, url)


def markers(
    keys: Sequence[MetricKey], span: TimeRange, viewer: Viewer
) -> Sequence[Marker]:
    """When incidents of what the dimensions of these metrics name opened, and were
    resolved."""
    named: dict[str, set[str]] = {}
    for key in keys:
        values = {value for _, value in key.dimensions}
        named.setdefault(key.account, set()).update(values)
    if not named:
        return ()
    found = [
        marker
        for incident in _open_in(span, viewer)
        if _names(incident) & named.get(incident.account, set())
        for marker in _marks(incident, span)
    ]
    return found[:MAX_MARKERS]


def _marks(incident: Incident, span: TimeRange) -> Iterator[Marker]:
    moments = ((incident.opened_at, "opened"), (incident.resolved_at, "resolved"))
    for moment, what in moments:
        if moment is not None and span.since <= moment < span.until:
            yield Marker(
                time_ms=milliseconds(moment),
                kind="incident",
                title=f"{incident.title}: {what}",
                text=incident.rule.name if what == "opened" else "",
                url=reverse("incident", args=[incident.pk]),
                account=incident.account,
                region=incident.region,
            )
