"""Who did it: the CloudTrail event behind a change of a resource.

Joined by resource and time: the newest successful write that names the resource, from
the look before until the look that saw the change. CloudTrail delivers late, by about
five minutes: a cause that is not there yet may come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

import orjson
from django.urls import reverse

from apps.audit.kinds import TRAIL
from apps.discovery.inventory.items import ConfigItem, ResourceKey
from apps.search import store
from apps.search.engines.base import Hit, Scope, SearchRequest
from apps.search.syntax import AllOf, AnyOf, Equals, Exists, Node, Not
from apps.search.timerange import TimeRange, from_milliseconds, milliseconds

# A resource may be looked at so long after it changed.
_LONGEST = timedelta(hours=24)
# Where nothing says how it was before.
_FIRST = timedelta(minutes=30)
# Clocks of AWS differ, and CloudTrail tells whole seconds.
_SLACK = timedelta(seconds=2)
_MOST_HITS = 500
_A_PART = 60
_SECONDS = 5.0
# Services that CloudTrail names otherwise than AWS Config does.
_SERVICES = {"elasticloadbalancingv2": "elasticloadbalancing"}
# Config writes of every resource it evaluates, and changes none.
_CHANGES_NOTHING = "config.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Cause:
    """An event of CloudTrail. `document` is its id in our store."""

    document: str
    event_id: str
    event: str
    service: str
    actor: str
    source_address: str
    at: datetime

    @property
    def url(self) -> str:
        return reverse("document", args=[TRAIL.name, self.document])


@dataclass(frozen=True, slots=True)
class Asked:
    """A change whose cause is looked for. `events` are ids that Config told."""

    key: ResourceKey
    arn: str
    names: tuple[str, ...]
    captured_at: datetime
    previous_at: datetime | None = None
    events: tuple[str, ...] = ()

    @property
    def words(self) -> frozenset[str]:
        """By what CloudTrail may know the resource."""
        found = {self.key.id, self.arn, *self.names}
        if "/restapis/" in self.key.id:
            found.add(self.key.id.partition("/restapis/")[2].partition("/")[0])
        return frozenset(one for one in found if one)

    @property
    def event_source(self) -> str:
        """What CloudTrail calls the service of the resource."""
        service = self.key.type.partition("::")[2].partition("::")[0].lower()
        return f"{_SERVICES.get(service, service)}.amazonaws.com"

    @property
    def since(self) -> datetime:
        if self.previous_at is None:
            return self.captured_at - _FIRST
        return max(self.previous_at - _SLACK, self.captured_at - _LONGEST)

    @property
    def until(self) -> datetime:
        return self.captured_at + _SLACK


def asked_of(item: ConfigItem, previous_at: datetime | None) -> Asked:
    """The question behind an item and the one before it."""
    names = (item.name,) if item.name else ()
    return Asked(
        item.key, item.arn, names, item.captured_at, previous_at, item.related_events
    )


def cause_of(
    key: ResourceKey,
    arn: str,
    names: Iterable[str],
    captured_at: datetime,
    previous_captured_at: datetime | None,
) -> Cause | None:
    """What made the resource as it was captured, as far as is known by now. Raises
    EngineUnavailable."""
    asked = Asked(key, arn, tuple(names), captured_at, previous_captured_at)
    return causes_of([asked])[0]


def causes_of(asked: Sequence[Asked]) -> list[Cause | None]:
    """For each change its cause, at the price of a search for sixty changes. Raises
    EngineUnavailable."""
    found: dict[int, Cause | None] = {}
    numbered = iter(sorted(enumerate(asked), key=lambda one: one[1].captured_at))
    while part := list(islice(numbered, _A_PART)):
        hits = list(_writes([one for _, one in part]))
        for number, one in part:
            found[number] = _best(one, hits)
    return [found[number] for number in range(len(asked))]


def _writes(asked: Sequence[Asked]) -> list[Hit]:
    """Writes that name any of these, from the oldest to the newest moment of theirs."""
    names = sorted({word for one in asked for word in one.words})
    events = sorted({event for one in asked for event in one.events})
    clauses: list[Node] = [Equals("@resource", name) for name in names]
    clauses += [Equals("eventID", event) for event in events]
    span = TimeRange(min(one.since for one in asked), max(one.until for one in asked))
    query = AllOf(
        (
            Equals("readOnly", "false"),
            Not(Exists("errorCode")),
            Not(Equals("eventSource", _CHANGES_NOTHING)),
            AnyOf(tuple(clauses)),
        )
    )
    scope = Scope(frozenset(one.key.account for one in asked))
    request = SearchRequest(TRAIL, span.until, query, span, scope, seconds=_SECONDS)
    return list(store.reader().find(request, _MOST_HITS).hits)


def _best(asked: Asked, hits: Sequence[Hit]) -> Cause | None:
    """The event Config itself tells; else, of those in time that name the resource,
    one of its own service, one that names it in full, and of these the newest: the
    oldest where the resource was not known before."""
    since, until = milliseconds(asked.since), milliseconds(asked.until)
    full = frozenset(filter(None, (asked.key.id, asked.arn)))
    graded = []
    for hit in hits:
        if not since <= hit.time_ms <= until or hit.account != asked.key.account:
            continue
        record, touched = orjson.loads(hit.raw), frozenset(_resources(hit))
        is_told = record.get("eventID") in asked.events
        if not is_told and touched.isdisjoint(asked.words):
            continue
        is_own = record.get("eventSource") == asked.event_source
        time_ms = hit.time_ms if asked.previous_at else -hit.time_ms
        grade = (is_told, is_own, not touched.isdisjoint(full), time_ms)
        graded.append((grade, hit))
    return _cause(max(graded, key=lambda one: one[0])[1]) if graded else None


def _resources(hit: Hit) -> Iterator[str]:
    for one in orjson.loads(hit.derived).get("@resource", ()):
        yield str(one)


def _cause(hit: Hit) -> Cause:
    record, derived = orjson.loads(hit.raw), orjson.loads(hit.derived)
    return Cause(
        document=hit.id,
        event_id=str(record.get("eventID", "")),
        event=str(record.get("eventName", "")),
        service=str(record.get("eventSource", "")),
        actor=str(derived.get("@actor", "")),
        source_address=str(record.get("sourceIPAddress", "")),
        at=from_milliseconds(hit.time_ms),
    )
