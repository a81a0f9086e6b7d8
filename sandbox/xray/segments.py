"""Segment documents: what makes one valid, and what the service graph needs of it.

Source: "AWS X-Ray segment documents" and "Concepts" in the X-Ray developer guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import IntFlag
from typing import Any, NamedTuple, TypeGuard, cast

import orjson

Document = dict[str, Any]

_LARGEST = 64 * 1_024
_LONGEST_NAME = 200
_DEEPEST = 100  # a limit of ours, far above what an SDK sends
_END_OF_TIME = 1e11
_ID = re.compile(r"[0-9a-fA-F]{16}")
_TRACE_ID = re.compile(r"1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}")
_W3C = re.compile(r"[0-9a-fA-F]{32}")
_NAME = re.compile(r"[\w\s.:/%&#=+\\\-@]+")
_REQUIRED = (
    ("id", "MissingId"),
    ("name", "MissingName"),
    ("trace_id", "MissingTraceId"),
    ("start_time", "MissingStartTime"),
)
_FAULT, _ERROR, _THROTTLED = 500, 400, 429
_NO_NAME = ""


class Flags(IntFlag):
    """How a segment or a call ended. Fault is 5xx, error 4xx, throttle 429."""

    OK = 0
    FAULT = 1
    ERROR = 2
    THROTTLE = 4
    PARTIAL = 8
    """It is in progress: it did not end yet."""
    ROOT = 16
    """It has no parent. Of segments in columns only."""


class ServiceId(NamedTuple):
    """A node of the graph: one name may stand for several, of different types."""

    name: str
    type: str
    account: str


class Outgoing(NamedTuple):
    """A subsegment that left the service: a call to AWS, to a database or over HTTP."""

    id: str
    service: ServiceId
    start: float
    end: float
    flags: int


class InvalidSegment(Exception):
    """X-Ray does not take the document; `code` says why."""

    def __init__(self, code: str, segment_id: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.segment_id = segment_id


def read(text: object) -> list[Document]:
    """The documents of a text, which holds one or a list. Raises InvalidSegment."""
    if not isinstance(text, str):
        raise InvalidSegment("ParseError")
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidSegment("ParseError") from error
    documents = parsed if isinstance(parsed, list) else [parsed]
    if not documents:
        raise InvalidSegment("MissingId")
    for document in documents:
        check(document)
    if len(text.encode()) > _LARGEST:
        raise InvalidSegment("SegmentTooLarge", documents[0]["id"])
    if (
        text.count('"subsegments"') > _DEEPEST
        and max(map(_depth, documents)) > _DEEPEST
    ):
        raise InvalidSegment("SegmentTooDeep", documents[0]["id"])
    return documents


def _depth(document: Document) -> int:
    depth, level = 0, [document]
    while level := [child for entity in level for child in children_of(entity)]:
        depth += 1
    return depth


def check(document: object) -> None:
    """Raises InvalidSegment where the document is none that X-Ray takes."""
    if not isinstance(document, dict):
        raise InvalidSegment("ParseError")
    for field, code in _REQUIRED:
        if document.get(field) in (None, ""):
            raise InvalidSegment(code, _id_of(document))
    code = _wrong_id(document) or _wrong_name(document) or _wrong_time(document)
    if code:
        raise InvalidSegment(code, _id_of(document))


def _id_of(document: Document) -> str | None:
    found = document.get("id")
    return found if isinstance(found, str) and found else None


def _is(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _wrong_id(document: Document) -> str:
    if not _is(_ID, document["id"]):
        return "InvalidId"
    if not _is(_TRACE_ID, document["trace_id"]):
        return "InvalidTraceId"
    parent = document.get("parent_id")
    if parent is not None and not _is(_ID, parent):
        return "InvalidParentId"
    if document.get("type") == "subsegment" and parent is None:
        return "MissingParentId"
    return ""


def _wrong_name(document: Document) -> str:
    name = document["name"]
    if len(name) > _LONGEST_NAME or not _is(_NAME, name):
        return "InvalidName"
    return ""


def _wrong_time(document: Document) -> str:
    start, end = document["start_time"], document.get("end_time")
    if not _is_time(start):
        return "InvalidStartTime"
    if end is None:
        return "" if document.get("in_progress") is True else "MissingEndTime"
    return "" if _is_time(end) and end >= start else "InvalidEndTime"


def _is_time(value: object) -> TypeGuard[float]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= cast("float", value) < _END_OF_TIME


def trace_key(trace_id: str) -> bytes | None:
    """128 bits of a trace id, which is X-Ray's own or W3C's; None for neither."""
    if _TRACE_ID.fullmatch(trace_id):
        return bytes.fromhex(trace_id[2:10] + trace_id[11:])
    return bytes.fromhex(trace_id) if _W3C.fullmatch(trace_id) else None


def trace_id_of(key: bytes) -> str:
    digits = key.hex()
    return f"1-{digits[:8]}-{digits[8:]}"


def flags_of(entity: Mapping[str, Any]) -> int:
    """How a segment or subsegment ended, by its own flags and its HTTP status."""
    status = status_of(entity) or 0
    found = 0
    if entity.get("fault") or status >= _FAULT:
        found |= 1
    if entity.get("error") or _ERROR <= status < _FAULT:
        found |= 2
    if entity.get("throttle") or status == _THROTTLED:
        found |= 4
    if entity.get("end_time") is None:
        found |= 8
    return found


def status_of(entity: Mapping[str, Any]) -> int | None:
    response = part(part(entity, "http"), "response")
    found = response.get("status")
    return found if isinstance(found, int) else None


def part(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An inner object, or an empty one where the document has something else."""
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


def start_of(entity: Mapping[str, Any]) -> float:
    """Subsegments within a segment are not checked: theirs may be missing."""
    found = entity.get("start_time")
    return float(found) if _is_time(found) else 0.0


def end_of(entity: Mapping[str, Any]) -> float:
    """What is in progress ends, as far as one knows, where it started."""
    found = entity.get("end_time")
    return float(found) if _is_time(found) else start_of(entity)


def children_of(entity: Mapping[str, Any]) -> list[Document]:
    inner = entity.get("subsegments")
    if not isinstance(inner, list):
        return []
    return [child for child in inner if isinstance(child, dict)]


def walk(entity: Document) -> Iterator[Document]:
    """Each subsegment within, at any depth, in the order it is written."""
    waiting = children_of(entity)[::-1]
    while waiting:
        inner = waiting.pop()
        yield inner
        waiting += children_of(inner)[::-1]


def is_outgoing(subsegment: Mapping[str, Any]) -> bool:
    """Whether it is a call to something else, and not work within the service."""
    return subsegment.get("namespace") in ("aws", "remote")


def service_of(segment: Mapping[str, Any], account: str) -> ServiceId:
    owner = part(segment, "aws").get("account_id")
    return ServiceId(
        str(segment.get("name", _NO_NAME)),
        str(segment.get("origin") or ""),
        owner if isinstance(owner, str) else account,
    )
