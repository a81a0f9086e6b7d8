"""How many calls APIs and load balancers really had: metrics count those that were
not traced too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils import timezone

from apps.discovery.accounts import Viewer
from apps.discovery.maphooks import NodeKey
from apps.monitoring.metrics import samples
from apps.monitoring.metrics.lines import Wanted
from apps.monitoring.models import MetricSeries
from apps.search.timerange import TimeRange

_METRICS = (
    ("AWS/ApplicationELB", "RequestCount"),
    ("AWS/ApiGateway", "Count"),
)
_PERIOD = 60
_MOST = 2_000


def true_calls(
    keys: Sequence[NodeKey], span: TimeRange, viewer: Viewer
) -> Mapping[NodeKey, float]:
    """Calls of nodes that have the name of an API, of its stage, or of a load
    balancer; of what was collected. Nodes without such a metric are absent."""
    series = _series(viewer)
    rows = {key: row for key in keys if (row := _of(key, series)) is not None}
    if not rows:
        return {}
    wanted = {key: Wanted(pk, "Sum") for key, pk in rows.items()}
    lines = samples.read(
        list(set(wanted.values())),
        int(span.since.timestamp()),
        int(span.until.timestamp()),
        _PERIOD,
        int(timezone.now().timestamp()),
    )
    return {
        key: float(lines[one].values.sum())
        for key, one in wanted.items()
        if lines[one].values.size
    }


Names = Mapping[tuple[str, str], int]


def _series(viewer: Viewer) -> Names:
    """Series by account and by the name of what they count. Only those that count the
    whole: no dimension tells apart targets, zones, methods or resources."""
    rows = MetricSeries.objects.visible_to(viewer)
    found: dict[tuple[str, str], int] = {}
    for namespace, name in _METRICS:
        for row in rows.filter(namespace=namespace, name=name)[:_MOST]:
            dimensions = dict(row.key.dimensions)
            called = _called(dimensions)
            if called:
                found[row.account, called] = row.pk
    return found


def _called(dimensions: Mapping[str, str]) -> str:
    if set(dimensions) == {"LoadBalancer"}:
        parts = dimensions["LoadBalancer"].split("/")
        return parts[1] if len(parts) > 1 else parts[0]
    if set(dimensions) == {"ApiName", "Stage"}:
        return f"{dimensions['ApiName']}/{dimensions['Stage']}"
    return dimensions["ApiName"] if set(dimensions) == {"ApiName"} else ""


def _of(key: NodeKey, series: Names) -> int | None:
    account, type_, name = key
    if not ("ApiGateway" in type_ or "LoadBalanc" in type_):
        return None
    owners = {one for one, _ in series} if not account else {account}
    found = [series[one, name] for one in owners if (one, name) in series]
    return found[0] if len(found) == 1 else None
