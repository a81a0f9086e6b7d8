"""Open alarms as badges of the service map's nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlencode

from django.urls import reverse

from apps.discovery.accounts import Viewer
from apps.discovery.maphooks import Badge, NodeKey
from apps.monitoring.alarms.markers import watched
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.models import AlarmChange, CloudWatchAlarm
from apps.search.timerange import TimeRange

_MOST = 500
_NAMED = 3


def badges(
    keys: Sequence[NodeKey], span: TimeRange, viewer: Viewer
) -> Mapping[NodeKey, Sequence[Badge]]:
    """Alarms that were in alarm at some time of the span, on metrics one of whose
    dimensions has the name of the node."""
    by_name: dict[str, list[NodeKey]] = {}
    for key in keys:
        by_name.setdefault(_own(key[2]), []).append(key)
    found: dict[NodeKey, list[CloudWatchAlarm]] = {}
    for alarm in _loud(span, viewer):
        names = {name for metric in watched(alarm) for name in _names(metric)}
        for key in (key for name in names for key in by_name.get(name, ())):
            if key[0] in ("", alarm.account):
                found.setdefault(key, []).append(alarm)
    return {key: [_badge(key, alarms)] for key, alarms in found.items()}


def _loud(span: TimeRange, viewer: Viewer) -> Iterator[CloudWatchAlarm]:
    """In alarm now and before the span ended, or brought there within it."""
    seen = CloudWatchAlarm.objects.visible_to(viewer).filter(gone_at=None)
    changes = AlarmChange.objects.filter(
        type="StateUpdate",
        became=CloudWatchAlarm.State.ALARM,
        at__gte=span.since,
        at__lt=span.until,
    )
    went_off = set(changes.values_list("account", "region", "name")[:_MOST])
    for row in seen[: 10 * _MOST]:
        is_loud = row.state == CloudWatchAlarm.State.ALARM and row.since < span.until
        if is_loud or (row.account, row.region, row.name) in went_off:
            yield row


def _names(metric: MetricKey) -> Iterator[str]:
    for _, value in metric.dimensions:
        yield _own(value)


def _own(value: str) -> str:
    """`app/shop/50dc6c495c0c9188` is what AWS calls the load balancer `shop`; an API's
    stage has alarms of its API."""
    parts = value.split("/")
    return parts[1] if parts[0] in ("app", "net", "gwy") and parts[1:] else parts[0]


def _badge(key: NodeKey, alarms: Sequence[CloudWatchAlarm]) -> Badge:
    names = ", ".join(alarm.name for alarm in alarms[:_NAMED])
    more = f" and {len(alarms) - _NAMED} more" if len(alarms) > _NAMED else ""
    plural = "s" if len(alarms) > 1 else ""
    text = f"{len(alarms)} alarm{plural} in alarm: {names}{more}"
    if len(alarms) == 1:
        url = reverse("alarm", args=[alarms[0].pk])
    else:
        url = f"{reverse('alarms')}?{urlencode({'q': _own(key[2])})}"
    return Badge("alarm", len(alarms), text, url)
