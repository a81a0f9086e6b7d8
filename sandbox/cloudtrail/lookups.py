"""LookupEvents and ListPublicKeys."""

from __future__ import annotations

import itertools
import threading
from base64 import b64encode
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.cloudtrail.delivery import Delivery
from sandbox.cloudtrail.events import EventHistory, Stored, lookup_answer, page_start
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.errors import ApiError

# Source: CloudTrail API reference, LookupEvents: two requests a second.
_LOOKUPS_PER_SECOND = 2
_PAGE = 50


class Lookups:
    """What can be asked of the event history and of the keys."""

    def __init__(self, history: EventHistory, delivery: Delivery) -> None:
        self._history = history
        self._delivery = delivery
        self._recent: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()
        self.operations: Mapping[str, Handler] = {
            "ListPublicKeys": self._list_public_keys,
            "LookupEvents": self._lookup_events,
        }

    def _list_public_keys(self, call: Call) -> Answer:
        key = self._delivery.key_of(call.region)
        since = call.parameters.get("StartTime") or 0
        until = call.parameters.get("EndTime") or call.now
        if key.valid_from > until or key.valid_until < since:
            return {"PublicKeyList": []}
        return {
            "PublicKeyList": [
                {
                    "Value": b64encode(key.public_der).decode(),
                    "ValidityStartTime": key.valid_from,
                    "ValidityEndTime": key.valid_until,
                    "Fingerprint": key.fingerprint,
                }
            ]
        }

    def _lookup_events(self, call: Call) -> Answer:
        self._pace(call)
        asked = call.parameters
        since, until = asked.get("StartTime", 0), asked.get("EndTime", call.now)
        if since > until:
            raise ApiError(
                "InvalidTimeRangeException", "The start time is after the end time."
            )
        if asked.get("EventCategory") == "insight":
            return {"Events": []}
        found = self._after(call, self._matching(call, since, until))
        size = min(int(asked.get("MaxResults") or _PAGE), _PAGE)
        page = list(itertools.islice(found, size))
        answer: dict[str, Any] = {"Events": [lookup_answer(each) for each in page]}
        if next(found, None) is not None:
            (event_id,) = page[-1].found_by["EventId"]
            answer["NextToken"] = f"{page[-1].time!r}/{event_id}"
        return answer

    def _pace(self, call: Call) -> None:
        with self._lock:
            recent = self._recent[call.place]
            while recent and recent[0] <= call.now - 1:
                recent.popleft()
            if len(recent) >= _LOOKUPS_PER_SECOND:
                raise ApiError("ThrottlingException", "Rate exceeded")
            recent.append(call.now)

    def _matching(self, call: Call, since: float, until: float) -> Iterator[Stored]:
        wanted = call.parameters.get("LookupAttributes") or []
        if len(wanted) > 1:
            raise ApiError(
                "InvalidLookupAttributesException",
                "Only one lookup attribute can be specified.",
            )
        for stored in self._history.newest_first(call.place, since, until):
            if all(
                a["AttributeValue"] in stored.found_by[a["AttributeKey"]]
                for a in wanted
            ):
                yield stored

    def _after(self, call: Call, found: Iterator[Stored]) -> Iterator[Stored]:
        token = call.parameters.get("NextToken")
        if not token:
            return found
        time, event_id = page_start(token)
        for stored in found:
            if stored.time == time and event_id in stored.found_by["EventId"]:
                return found
        return iter(())
