"""Services that metrics tell of: the map says which of them send no traces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

from django.urls import reverse

from apps.discovery.accounts import Viewer
from apps.discovery.maphooks import SilentService
from apps.monitoring.models import MetricSeries
from apps.search.timerange import TimeRange

# Namespace, the dimension that names the service, and what it is.
_KINDS = (
    ("AWS/Lambda", "FunctionName", "Lambda function"),
    ("AWS/ECS", "ServiceName", "ECS service"),
    ("AWS/ApiGateway", "ApiName", "API"),
)
_MOST = 5_000


def measured_services(span: TimeRange, viewer: Viewer) -> Sequence[SilentService]:
    """Each service once that CloudWatch had metrics of since the span began."""
    found: dict[tuple[str, str, str], SilentService] = {}
    for one in _measured(span, viewer):
        found.setdefault((one.account, one.region, one.name), one)
    return list(found.values())


def _measured(span: TimeRange, viewer: Viewer) -> Iterator[SilentService]:
    for namespace, dimension, kind in _KINDS:
        rows = MetricSeries.objects.visible_to(viewer).filter(
            namespace=namespace, listed_at__gte=span.since, found_at__lt=span.until
        )
        for row in rows.order_by()[:_MOST]:
            name = dict(row.key.dimensions).get(dimension)
            if name:
                url = f"{reverse('metrics')}?{urlencode({'q': name})}"
                told = f"metrics of {namespace}"
                yield SilentService(row.account, row.region, name, kind, told, url)
