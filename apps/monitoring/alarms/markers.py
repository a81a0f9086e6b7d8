"""Changes of alarms, as markers of the charts of what they watch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.db.models import Q
from django.urls import reverse

from apps.discovery.accounts import Viewer
from apps.monitoring.charts.markers import MAX_MARKERS, Marker
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.models import AlarmChange, CloudWatchAlarm
from apps.search.timerange import TimeRange, milliseconds

Place = tuple[str, str, str]


def markers(
    keys: Sequence[MetricKey], span: TimeRange, viewer: Viewer
) -> Sequence[Marker]:
    """When alarms on these metrics came into a state, the newest ones."""
    alarms = {
        (row.account, row.region, row.name): row for row in _watching(keys, viewer)
    }
    if not alarms:
        return ()
    changes = AlarmChange.objects.filter(
        _any_of(alarms),
        type="StateUpdate",
        at__gte=span.since,
        at__lt=span.until,
    )
    return [
        _marker(change, alarms[change.account, change.region, change.name])
        for change in changes[:MAX_MARKERS]
    ]


def _watching(keys: Sequence[MetricKey], viewer: Viewer) -> Iterator[CloudWatchAlarm]:
    """Alarms of which one of the metrics is among these."""
    wanted = set(keys)
    asked = Q()
    for account, region in {(key.account, key.region) for key in keys}:
        asked |= Q(account=account, region=region)
    rows = CloudWatchAlarm.objects.visible_to(viewer).filter(asked, kind="metric")
    for row in rows:
        if wanted & set(watched(row)):
            yield row


def watched(alarm: CloudWatchAlarm) -> Iterator[MetricKey]:
    """The metrics that an alarm looks at, those inside expressions too."""
    place = (alarm.account, alarm.region)
    told = [alarm.settings] if "MetricName" in alarm.settings else []
    told += [
        query["MetricStat"]["Metric"]
        for query in alarm.settings.get("Metrics", ())
        if "MetricStat" in query
    ]
    for metric in told:
        dimensions = {one["Name"]: one["Value"] for one in metric.get("Dimensions", ())}
        yield MetricKey.of(place, metric["Namespace"], metric["MetricName"], dimensions)


def _any_of(places: Iterable[Place]) -> Q:
    found = Q()
    for account, region, name in places:
        found |= Q(account=account, region=region, name=name)
    return found


def _marker(change: AlarmChange, alarm: CloudWatchAlarm) -> Marker:
    return Marker(
        time_ms=milliseconds(change.at),
        kind="alarm",
        title=f"{alarm.name}: {change.became or 'changed'}",
        text=change.summary,
        url=reverse("alarm", args=[alarm.pk]),
        account=alarm.account,
        region=alarm.region,
    )
