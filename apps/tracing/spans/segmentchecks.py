"""What a segment document must have: what is wrong with one, and what would be right.

Source: "AWS X-Ray segment documents" in the X-Ray developer guide.
"""

from __future__ import annotations

from apps.discovery import traceids
from apps.search.documents import JsonObject
from apps.tracing.spans.values import (
    EARLIEST_US,
    LATEST_US,
    InvalidSpan,
    hex_id,
    is_number,
    shown,
    text,
)

_EARLIEST, _LATEST = EARLIEST_US // 1_000_000, LATEST_US // 1_000_000
_WANTED_TIME = "it must be seconds since 1970 as a number, between 2000 and 2199"


class InvalidSegment(InvalidSpan):
    """A document that is no segment: says what of it is wrong, and what would be
    right. `code` is the one that PutTraceSegments answers with."""

    def __init__(self, code: str, problem: str) -> None:
        super().__init__(problem)
        self.code = code


def trace_id_of(document: JsonObject) -> str:
    given = document.get("trace_id")
    if type(given) is not str or not given:
        raise InvalidSegment(
            "MissingTraceId", "trace_id is missing: each document names its trace"
        )
    found = traceids.normal(given)
    if found is None:
        raise InvalidSegment(
            "InvalidTraceId",
            f"trace_id is {shown(given)}: it must be 1-, 8 hex digits, - and 24 hex "
            "digits, or the 32 digits of W3C",
        )
    return found


def ids_of(document: JsonObject) -> tuple[str, str]:
    """The id of a document, and its parent's, which may be empty for a segment."""
    given, parent = document.get("id"), document.get("parent_id")
    if given is None or given == "":
        raise InvalidSegment("MissingId", "id is missing: it is 16 hex digits")
    found, above = hex_id(given), hex_id(parent)
    if not found:
        raise InvalidSegment(
            "InvalidId", f"id is {shown(given)}: it must be 16 hex digits"
        )
    if document.get("type") == "subsegment" and not above:
        raise InvalidSegment(
            "MissingParentId",
            "parent_id is missing: a subsegment that is sent by itself names the "
            "segment it lies in by 16 hex digits",
        )
    return found, above


def name_of(document: JsonObject) -> str:
    found = text(document.get("name"))
    if not found:
        raise InvalidSegment(
            "MissingName",
            "name is missing: it is the name of the service, up to 200 characters",
        )
    return found


def times_of(document: JsonObject) -> tuple[int, int | None]:
    start, end = document.get("start_time"), document.get("end_time")
    start_us = microseconds(start)
    if start_us is None:
        code = "MissingStartTime" if start is None else "InvalidStartTime"
        raise InvalidSegment(code, f"start_time is {shown(start)}: {_WANTED_TIME}")
    if end is None:
        if document.get("in_progress") is not True:
            raise InvalidSegment(
                "MissingEndTime",
                "end_time is missing: a segment has it, or in_progress: true",
            )
        return start_us, None
    end_us = microseconds(end)
    if end_us is None:
        raise InvalidSegment(
            "InvalidEndTime", f"end_time is {shown(end)}: {_WANTED_TIME}"
        )
    return start_us, end_us


def microseconds(seconds: object) -> int | None:
    """Since 1970; None for what the store cannot hold."""
    if is_number(seconds) and _EARLIEST <= seconds < _LATEST:
        return round(seconds * 1_000_000)
    return None
