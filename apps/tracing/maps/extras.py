"""What rooms around add to the map: badges, true traffic, untraced services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from apps.discovery.accounts import Viewer
from apps.discovery.maphooks import (
    BadgeSource,
    ServiceSource,
    SilentService,
    TrafficSource,
)
from apps.search.timerange import TimeRange
from apps.tracing.maps import wording
from apps.tracing.maps.picture import Sign
from apps.tracing.maps.servicemap import ServiceMap
from apps.tracing.maps.shown import Extras
from apps.tracing.spans.span import ServiceKey

_LEAST_TIMES = 1.05


def extras(map_: ServiceMap, span: TimeRange, viewer: Viewer) -> Extras:
    """For the nodes of a map."""
    keys = [node.key for node in map_.nodes]
    signs: dict[ServiceKey, tuple[Sign, ...]] = {}
    sources: list[BadgeSource] = _loaded(settings.MAP_BADGES)
    for source in sources:
        for key, badges in source(keys, span, viewer).items():
            more = tuple(Sign(one.kind, one.count, one.text, one.url) for one in badges)
            signs[ServiceKey(*key)] = signs.get(ServiceKey(*key), ()) + more
    return Extras(signs, _sampled(map_, true_calls(map_, span, viewer)))


def true_calls(
    map_: ServiceMap, span: TimeRange, viewer: Viewer
) -> dict[ServiceKey, float]:
    """Calls that metrics counted, by node, where they are known."""
    keys = [node.key for node in map_.nodes]
    sources: list[TrafficSource] = _loaded(settings.MAP_TRAFFIC)
    found: dict[ServiceKey, float] = {}
    for source in sources:
        for key, calls in source(keys, span, viewer).items():
            found[ServiceKey(*key)] = calls
    return found


def _sampled(map_: ServiceMap, calls: dict[ServiceKey, float]) -> dict[ServiceKey, str]:
    """How many times as many calls there were as were traced, in words."""
    found = {}
    for key, true in calls.items():
        traced = map_.by_key[key].figures.calls if key in map_.by_key else 0
        if traced and true / traced >= _LEAST_TIMES:
            times = wording.number(true / traced)
            counts = f"{wording.number(true)} calls, {wording.number(traced)} traced"
            found[key] = f"\u00d7{times} sampled: {counts}"
    return found


def silent_services(
    map_: ServiceMap, span: TimeRange, viewer: Viewer
) -> Sequence[SilentService]:
    """Services that are there and that no node of the map stands for."""
    sources: list[ServiceSource] = _loaded(settings.MAP_SERVICES)
    traced = {node.key.name.lower() for node in map_.nodes}
    found: dict[tuple[str, str, str], SilentService] = {}
    for source in sources:
        for one in source(span, viewer):
            if one.name.lower() not in traced:
                found.setdefault((one.account, one.region, one.name), one)
    return sorted(found.values(), key=lambda one: (one.kind, one.name))


def _loaded(paths: Sequence[str]) -> list[Any]:
    return [import_string(path) for path in paths]
