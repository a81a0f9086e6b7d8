"""Changes that CloudTrail saw on the resources of a chart, as its markers."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from django.urls import reverse
from django.utils import timezone

from apps.audit.kinds import TRAIL
from apps.discovery.accounts import Viewer
from apps.monitoring.charts.markers import Marker
from apps.monitoring.metrics.keys import MetricKey
from apps.search import store
from apps.search.engines.base import Hit, Scope, SearchRequest
from apps.search.language import parse, quoted
from apps.search.syntax import Node, all_of
from apps.search.timerange import TimeRange

_MOST = 100
_MOST_VALUES = 40
_SECONDS = 2.0
# Dimensions that name no resource: everything would be a change of theirs.
_NO_RESOURCES = frozenset(("Currency", "Method", "Operation", "Service", "Stage"))
_WRITES = "readOnly:false AND NOT _exists_:errorCode"


def markers(
    keys: Sequence[MetricKey], span: TimeRange, viewer: Viewer
) -> Sequence[Marker]:
    """Successful calls that changed something the dimensions of these metrics name.

    A name is compared with the end of ARNs and with ids, in the metric's own account
    and region; the newest are told. Raises EngineUnavailable.
    """
    names = _names(keys)
    if not names:
        return ()
    seen = viewer.visible_accounts()
    accounts = frozenset(key.account for key in keys)
    scope = Scope(
        accounts if seen is None else accounts & seen,
        frozenset(key.region for key in keys),
    )
    asked = SearchRequest(
        TRAIL, timezone.now(), _node(names), span, scope, seconds=_SECONDS
    )
    return [_marker(hit) for hit in store.reader().find(asked, _MOST).hits]


def _names(keys: Sequence[MetricKey]) -> list[str]:
    found = (
        value
        for key in keys
        for name, value in key.dimensions
        if name not in _NO_RESOURCES and not value.isdigit()
    )
    return list(dict.fromkeys(found))[:_MOST_VALUES]


def _node(names: Sequence[str]) -> Node:
    """Writes that name one of these: exactly, or at the end of an ARN."""
    clauses = (
        f"@resource:{quoted(name)} OR @resource:*{mark}{_escaped(name)}"
        for name in names
        for mark in ("\\/", "\\:")
    )
    return all_of(parse(_WRITES), parse(" OR ".join(clauses)))


def _escaped(name: str) -> str:
    return "".join(letter if letter.isalnum() else f"\\{letter}" for letter in name)


def _marker(hit: Hit) -> Marker:
    record, derived = orjson.loads(hit.raw), orjson.loads(hit.derived)
    actor = derived.get("@actor", "")
    return Marker(
        time_ms=hit.time_ms,
        kind="change",
        title=str(record.get("eventName", "")),
        text=f"{record.get('eventSource', '')} by {actor}",
        url=reverse("document", args=[TRAIL.name, hit.id]),
        account=hit.account,
        region=hit.region,
    )
