"""Markers of all sources stand on one time axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.discovery.accounts import Viewer
from apps.monitoring.charts import markers
from apps.monitoring.charts.markers import Marker
from apps.monitoring.metrics.keys import MetricKey
from apps.search.timerange import ALL_TIME, TimeRange
from tests.monitoring.charts.examples import a_key


class Everybody:
    def visible_accounts(self) -> frozenset[str] | None:
        return None


def a_marker(time_ms: int) -> Marker:
    return Marker(time_ms, "change", "UpdateService", "by alice", "/", "1", "r")


def late(keys: Sequence[MetricKey], span: TimeRange, viewer: Viewer) -> list[Marker]:
    return [a_marker(time_ms) for time_ms in range(1000, 1000 + len(keys))]


def many(keys: Sequence[MetricKey], span: TimeRange, viewer: Viewer) -> list[Marker]:
    return [a_marker(time_ms) for time_ms in reversed(range(300))]


def found(settings: Any, *names: str) -> tuple[Marker, ...]:
    settings.CHART_MARKERS = [f"{__name__}.{name}" for name in names]
    return markers.markers([a_key()], ALL_TIME, Everybody())


def test_without_sources_there_are_none(settings: Any) -> None:
    assert found(settings) == ()


def test_those_of_all_sources_come_in_order(settings: Any) -> None:
    times = [marker.time_ms for marker in found(settings, "late", "many")]

    assert times == [*range(101, 300), 1000], "the newest 200"


def test_a_chart_of_nothing_asks_nobody(settings: Any) -> None:
    settings.CHART_MARKERS = ["does.not.exist"]

    assert markers.markers([], ALL_TIME, Everybody()) == ()
