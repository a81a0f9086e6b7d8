"""What happened to the resources of a chart, drawn on its time axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from django.conf import settings
from django.utils.module_loading import import_string

from apps.discovery.accounts import Viewer
from apps.monitoring.metrics.keys import MetricKey
from apps.search.timerange import TimeRange, from_milliseconds

MarkerKind: TypeAlias = Literal["alarm", "change", "incident"]
# Beyond that a chart is a fence of markers; the newest are kept.
MAX_MARKERS = 200


@dataclass(frozen=True, slots=True)
class Marker:
    """A moment worth knowing of. `url` leads to all that is known about it."""

    time_ms: int
    kind: MarkerKind
    title: str
    text: str
    url: str
    account: str
    region: str

    @property
    def moment(self) -> datetime:
        return from_milliseconds(self.time_ms)


MarkerSource: TypeAlias = Callable[
    [Sequence[MetricKey], TimeRange, Viewer], Sequence[Marker]
]


def markers(
    keys: Sequence[MetricKey], span: TimeRange, viewer: Viewer
) -> tuple[Marker, ...]:
    """What all sources of settings.CHART_MARKERS know, oldest first.

    Sources answer only of what the viewer may see.
    """
    if not keys:
        return ()
    sources: list[MarkerSource] = [import_string(path) for path in _paths()]
    found = [marker for source in sources for marker in source(keys, span, viewer)]
    found.sort(key=lambda marker: marker.time_ms)
    return tuple(found[-MAX_MARKERS:])


def _paths() -> Sequence[str]:
    paths: Sequence[str] = settings.CHART_MARKERS
    return paths
