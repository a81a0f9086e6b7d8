"""The last 90 days of management events, as LookupEvents finds them."""

from __future__ import annotations

import bisect
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from sandbox.cloudtrail.records import Record, resources_of
from sandbox.kernel.errors import ApiError

_KEPT_SECONDS = 90 * 86_400
Place = tuple[str, str]
"""Account and region."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A record with what it can be found by; the record itself is packed."""

    time: float
    found_by: dict[str, frozenset[str]]
    packed: bytes

    def record(self) -> Record:
        record: Record = orjson.loads(zlib.decompress(self.packed))
        return record


def store_form(record: Record, time: float) -> Stored:
    who = record["userIdentity"]
    issuer = who.get("sessionContext", {}).get("sessionIssuer", {})
    name = (
        who.get("userName")
        or who.get("arn", "").split("/")[-1]
        or (issuer.get("userName", ""))
    )
    about = resources_of(record)
    found_by = {
        "EventId": frozenset({record["eventID"]}),
        "EventName": frozenset({record["eventName"]}),
        "ReadOnly": frozenset({"true" if record["readOnly"] else "false"}),
        "Username": frozenset({name}),
        "ResourceType": frozenset(each["ResourceType"] for each in about),
        "ResourceName": frozenset(each["ResourceName"] for each in about),
        "EventSource": frozenset({record["eventSource"]}),
        "AccessKeyId": frozenset({who.get("accessKeyId", "")}),
    }
    return Stored(time, found_by, zlib.compress(orjson.dumps(record), 1))


@dataclass(slots=True)
class _Events:
    times: list[float] = field(default_factory=list)
    stored: list[Stored] = field(default_factory=list)


class EventHistory:
    """Event history of every account and region, in order of time."""

    def __init__(self) -> None:
        self._events: dict[Place, _Events] = {}
        self._lock = threading.Lock()

    def add(self, place: Place, stored: Stored) -> None:
        with self._lock:
            events = self._events.setdefault(place, _Events())
            at = bisect.bisect_right(events.times, stored.time)
            events.times.insert(at, stored.time)
            events.stored.insert(at, stored)

    def forget_before(self, now: float) -> None:
        with self._lock:
            for events in self._events.values():
                old = bisect.bisect_left(events.times, now - _KEPT_SECONDS)
                del events.times[:old], events.stored[:old]

    def newest_first(
        self, place: Place, since: float, until: float
    ) -> Iterator[Stored]:
        """Events between two times, both included."""
        with self._lock:
            events = self._events.get(place, _Events())
            first = bisect.bisect_left(events.times, since)
            last = bisect.bisect_right(events.times, until)
            found = events.stored[first:last]
        return reversed(found)


def lookup_answer(stored: Stored) -> dict[str, Any]:
    """An event as LookupEvents answers it."""
    record = stored.record()
    (name,) = stored.found_by["Username"]
    answer = {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "ReadOnly": "true" if record["readOnly"] else "false",
        "EventTime": stored.time,
        "EventSource": record["eventSource"],
        "Resources": resources_of(record),
        "CloudTrailEvent": orjson.dumps(record).decode(),
    }
    if name:
        answer["Username"] = name
    key = record["userIdentity"].get("accessKeyId")
    return {**answer, "AccessKeyId": key} if key else answer


def page_start(token: str) -> tuple[float, str]:
    """Time and id of the last event of the page before. Raises for a foreign token."""
    time, _, event_id = token.partition("/")
    try:
        return float(time), event_id
    except ValueError:
        raise ApiError("InvalidNextTokenException", "Invalid token.") from None
