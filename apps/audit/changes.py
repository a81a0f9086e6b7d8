"""Changes that CloudTrail saw, as markers of charts and as badges of the map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlencode

import orjson
from django.urls import reverse
from django.utils import timezone

from apps.audit.kinds import TRAIL
from apps.discovery.accounts import Viewer
from apps.discovery.maphooks import Badge, NodeKey
from apps.monitoring.charts.markers import Marker
from apps.monitoring.metrics.keys import MetricKey
from apps.search import store
from apps.search.engines.base import Hit, Scope, SearchRequest
from apps.search.language import parse, quoted
from apps.search.syntax import Node, all_of
from apps.search.timerange import TimeRange, rfc3339

_MOST = 100
_MOST_VALUES = 40
_MOST_NODES = 200
_MOST_KINDS = 4
# Each name stands three times in the query, escaped, beside 60 letters of grammar.
_MOST_LETTERS = 300
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


def badges(
    keys: Sequence[NodeKey], span: TimeRange, viewer: Viewer
) -> Mapping[NodeKey, Sequence[Badge]]:
    """Successful writes of the span on resources that have the name of a node, the
    newest hundred of some names at a time. Raises EngineUnavailable."""
    by_name: dict[str, list[NodeKey]] = {}
    for key in keys:
        name = key[2].split("/", 1)[0]
        if name and not name.isdigit():
            by_name.setdefault(name, []).append(key)
    scope = Scope(viewer.visible_accounts())
    found: dict[NodeKey, list[str]] = {}
    for some in _parts(list(by_name)[:_MOST_NODES]):
        asked = SearchRequest(
            TRAIL, timezone.now(), _node(some), span, scope, seconds=_SECONDS
        )
        for hit in store.reader().find(asked, _MOST).hits:
            event = str(orjson.loads(hit.raw).get("eventName", ""))
            for key in _changed(hit, by_name):
                found.setdefault(key, []).append(event)
    return {key: [_badge(key, events, span)] for key, events in found.items()}


def _parts(names: Sequence[str]) -> Iterable[Sequence[str]]:
    """Names in parts, each short enough to be asked for at once."""
    some: list[str] = []
    for name in names:
        letters = sum(len(one) for one in some) + len(name)
        if some and (letters > _MOST_LETTERS or len(some) == _MOST_VALUES):
            yield some
            some = []
        some.append(name)
    if some:
        yield some


def _changed(hit: Hit, by_name: Mapping[str, Sequence[NodeKey]]) -> Iterable[NodeKey]:
    """The nodes that a write names, in its own account where they have one."""
    resources = orjson.loads(hit.derived).get("@resource", ())
    names = {part for one in resources for part in _ends(str(one))}
    return {
        key
        for name in names
        for key in by_name.get(name, ())
        if key[0] in ("", hit.account)
    }


def _ends(resource: str) -> Iterable[str]:
    return resource, resource.rsplit("/", 1)[-1], resource.rsplit(":", 1)[-1]


def _badge(key: NodeKey, events: Sequence[str], span: TimeRange) -> Badge:
    kinds = ", ".join(list(dict.fromkeys(events))[:_MOST_KINDS])
    plural = "s" if len(events) > 1 else ""
    query = {
        "q": f"{_WRITES} AND @resource:*{_escaped(key[2].split('/', 1)[0])}",
        "since": rfc3339(span.since),
        "until": rfc3339(span.until),
    }
    url = f"{reverse('explore', args=[TRAIL.name])}?{urlencode(query)}"
    return Badge("change", len(events), f"{len(events)} change{plural}: {kinds}", url)
