"""Operations on streams and events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.logs import ingestion, reading
from sandbox.logs.eventids import LAST, before, event_id
from sandbox.logs.filterpatterns import (
    FilterPattern,
    InvalidPattern,
    TooExpensive,
    parse_pattern,
)
from sandbox.logs.groups import (
    Group,
    Groups,
    Stream,
    invalid,
    stream_of,
    unreadable,
    whole,
)
from sandbox.logs.ingestion import Ingestion
from sandbox.logs.paging import page
from sandbox.logs.store import EventStore, Row, Span

_MOST_MERGED = 100
_BACKWARDS_SINCE_MS = 1_704_067_200_000


class EventHandlers:
    def __init__(
        self, groups: Groups, store: EventStore, ingestion_: Ingestion
    ) -> None:
        self._groups = groups
        self._store = store
        self._ingestion = ingestion_
        self.operations: Mapping[str, Handler] = {
            "CreateLogStream": self._create_stream,
            "DeleteLogStream": self._delete_stream,
            "DescribeLogStreams": self._describe_streams,
            "FilterLogEvents": self._filter,
            "GetLogEvents": self._get,
            "PutLogEvents": self._put,
        }

    def _create_stream(self, call: Call) -> Answer:
        group = self._groups.get(call.place, call.parameters["logGroupName"])
        name = call.parameters["logStreamName"]
        self._groups.create_stream(group, name, round(call.now * 1_000))
        return {}

    def _delete_stream(self, call: Call) -> Answer:
        group = self._groups.get(call.place, call.parameters["logGroupName"])
        with self._groups.lock:
            stream = stream_of(group, call.parameters["logStreamName"])
            del group.streams[stream.name]
        self._store.forget_stream(stream.id)
        return {}

    def _describe_streams(self, call: Call) -> Answer:
        given = call.parameters
        group = self._groups.named(call.place, given)
        prefix = given.get("logStreamNamePrefix") or ""
        by_time = given.get("orderBy") == "LastEventTime"
        if by_time and prefix:
            raise invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
        with self._groups.lock:
            streams = [
                stream
                for name, stream in group.streams.items()
                if name.startswith(prefix)
            ]
        streams.sort(
            key=lambda one: (one.last_ms or 0, one.name) if by_time else (0, one.name),
            reverse=bool(given.get("descending")),
        )
        found = page(streams, given, "logStreams")
        found["logStreams"] = [_described(group, one) for one in found["logStreams"]]
        return found

    def _put(self, call: Call) -> Answer:
        given = call.parameters
        names = [given.get("logGroupName") or "", given.get("logStreamName") or ""]
        if not all(isinstance(name, str) for name in names):
            raise unreadable("logGroupName and logStreamName must be strings")
        if not all(names):
            raise invalid("logGroupName and logStreamName are required")
        group = self._groups.get(call.place, given["logGroupName"])
        stream = stream_of(group, given["logStreamName"])
        events = ingestion.checked(given.get("logEvents"))
        kept = ingestion.accepted(events, group, call.now)
        self._ingestion.append(
            group, stream.name, events[kept.start : kept.end], call.now
        )
        answer: dict[str, Any] = {"nextSequenceToken": stream.token}
        if kept.rejected:
            answer["rejectedLogEventsInfo"] = dict(kept.rejected)
        return answer

    def _get(self, call: Call) -> Answer:
        given = call.parameters
        group = self._groups.named(call.place, given)
        stream = stream_of(group, given["logStreamName"])
        end = whole(given, "endTime")
        start = max(whole(given, "startTime") or 0, group.oldest_ms(call.now))
        span = Span(
            group.id,
            before(start),
            # "equal to or later than this time are not included": GetLogEvents.
            LAST if end is None else before(end),
            (stream.id,),
            newest_first=not given.get("startFromHead"),
        )
        limit = given.get("limit") or reading.MOST_EVENTS
        found = reading.page_of_stream(self._store, span, limit, given.get("nextToken"))
        return {
            "events": [
                {
                    "timestamp": row.timestamp,
                    "message": row.message,
                    "ingestionTime": row.ingested,
                }
                for row in found.rows
            ],
            "nextForwardToken": found.forward,
            "nextBackwardToken": found.backward,
        }

    def _filter(self, call: Call) -> Answer:
        given = call.parameters
        group = self._groups.named(call.place, given)
        pattern = read_pattern(given.get("filterPattern") or "")
        question = _question(group, given)
        span = _span(group, given, call.now)
        if given.get("nextToken"):
            token = reading.token_of(given["nextToken"], question, call.now)
            span = reading.going_on(span, token)
        streams = self._streams(group, given)
        wanted = reading.Wanted(pattern, None)
        if streams is not None and len(streams) <= _MOST_MERGED:
            span = reading.only(span, streams)
        elif streams is not None:
            wanted = reading.Wanted(pattern, frozenset(streams))
        limit = given.get("limit") or reading.MOST_EVENTS
        try:
            found = reading.search(self._store, span, wanted, limit)
        except TooExpensive as error:
            raise invalid("The filter pattern is too expensive") from error
        answer: dict[str, Any] = {
            "events": [_event(group, row) for row in found.rows],
            # Empty since 2020: "searchedLogStreams ... is deprecated".
            "searchedLogStreams": [],
        }
        if found.looked_at is not None:
            issued = int(call.now)
            answer["nextToken"] = reading.Token(
                question, issued, found.looked_at, span.newest_first
            ).text()
        return answer

    def _streams(self, group: Group, given: Mapping[str, Any]) -> list[int] | None:
        names, prefix = given.get("logStreamNames"), given.get("logStreamNamePrefix")
        if names and prefix:
            raise invalid(
                "logStreamNames and logStreamNamePrefix are not given together"
            )
        if names:
            return [stream_of(group, name).id for name in dict.fromkeys(names)]
        if not prefix:
            return None
        with self._groups.lock:
            return [
                stream.id
                for name, stream in group.streams.items()
                if name.startswith(prefix)
            ]


def read_pattern(source: str) -> FilterPattern:
    try:
        return parse_pattern(source)
    except InvalidPattern as error:
        raise invalid(f"Invalid filter pattern: {error}") from error


def _question(group: Group, given: Mapping[str, Any]) -> str:
    members = (
        "logStreamNames",
        "logStreamNamePrefix",
        "startTime",
        "endTime",
        "filterPattern",
    )
    return reading.digest(group.id, *(given.get(member) for member in members))


def _span(group: Group, given: Mapping[str, Any], now: float) -> Span:
    start, end = whole(given, "startTime"), whole(given, "endTime")
    newest_first = given.get("startFromHead") is False
    if newest_first and (start is None or start < _BACKWARDS_SINCE_MS):
        raise invalid(
            "startFromHead=false is supported only when startTime is on or after "
            "January 1, 2024"
        )
    if start is not None and end is not None and start > end:
        raise invalid("End time should not be less than start time.")
    return Span(
        group.id,
        before(max(start or 0, group.oldest_ms(now))),
        # "later than this time are not returned": FilterLogEvents, endTime.
        LAST if end is None else before(end + 1),
        newest_first=newest_first,
    )


def _event(group: Group, row: Row) -> dict[str, Any]:
    return {
        "logStreamName": group.stream_names[row.stream],
        "timestamp": row.timestamp,
        "message": row.message,
        "ingestionTime": row.ingested,
        "eventId": event_id(group.id, row.position),
    }


def _described(group: Group, stream: Stream) -> dict[str, Any]:
    found: dict[str, Any] = {
        "logStreamName": stream.name,
        "creationTime": stream.created_ms,
        "arn": f"{group.arn}:log-stream:{stream.name}",
        "storedBytes": 0,
        "uploadSequenceToken": stream.token,
    }
    if stream.first_ms is not None:
        found["firstEventTimestamp"] = stream.first_ms
        found["lastEventTimestamp"] = stream.last_ms
        found["lastIngestionTime"] = stream.ingested_ms
    return found
