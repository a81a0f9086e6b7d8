"""Exceptions of a span with their stacks, outermost first, each followed by what
caused it. Pure: from the record as it was sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.tracing.spans.span import SpanException

_MOST = 50
_MOST_FRAMES = 200


@dataclass(frozen=True, slots=True)
class ToldException:
    """`frames`: what was called where, innermost first. `is_cause`: of the one
    before; `left_out`: frames that the sender did not send."""

    type: str
    message: str
    is_remote: bool
    frames: Sequence[str]
    left_out: int
    is_cause: bool


def told_exceptions(
    record: Mapping[str, Any], known: Sequence[SpanException]
) -> list[ToldException]:
    """Those of X-Ray's cause, of OpenTelemetry's events, or those known without
    their stacks."""
    listed = _objects(_part(record, "cause").get("exceptions"))
    if listed:
        return list(_chained(listed))
    events = [
        _part(one, "attributes")
        for one in _objects(record.get("events"))
        if one.get("name") == "exception"
    ]
    if events:
        return [_of_event(one) for one in events[:_MOST]]
    return [
        ToldException(one.type, one.message, one.is_remote, (), 0, at > 0)
        for at, one in enumerate(known)
    ]


def _chained(listed: Sequence[Mapping[str, Any]]) -> Iterator[ToldException]:
    by_id = {str(one.get("id")): one for one in listed}
    causes = {str(one.get("cause")) for one in listed if one.get("cause")}
    heads = [one for one in listed if str(one.get("id")) not in causes] or listed[:1]
    seen: set[str] = set()
    for head in heads[:_MOST]:
        at: Mapping[str, Any] | None = head
        is_cause = False
        while at is not None and str(at.get("id")) not in seen and len(seen) < _MOST:
            seen.add(str(at.get("id")))
            yield _of_xray(at, is_cause=is_cause)
            at = by_id.get(str(at.get("cause")))
            is_cause = True


def _of_xray(one: Mapping[str, Any], *, is_cause: bool) -> ToldException:
    truncated = one.get("truncated")
    return ToldException(
        str(one.get("type", "")),
        str(one.get("message", "")),
        one.get("remote") is True,
        [_frame(frame) for frame in _objects(one.get("stack"))[:_MOST_FRAMES]],
        truncated if isinstance(truncated, int) else 0,
        is_cause,
    )


def _frame(frame: Mapping[str, Any]) -> str:
    place = str(frame.get("path", ""))
    if frame.get("line"):
        place += f":{frame['line']}"
    label = str(frame.get("label", ""))
    return f"{label} ({place})" if label and place else label or place


def _of_event(attributes: Mapping[str, Any]) -> ToldException:
    stack = str(attributes.get("exception.stacktrace", ""))
    return ToldException(
        str(attributes.get("exception.type", "")),
        str(attributes.get("exception.message", "")),
        is_remote=False,
        frames=stack.splitlines()[:_MOST_FRAMES],
        left_out=0,
        is_cause=False,
    )


def _part(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


def _objects(value: object) -> list[Mapping[str, Any]]:
    return (
        [one for one in value if isinstance(one, dict)]
        if isinstance(value, list)
        else []
    )
