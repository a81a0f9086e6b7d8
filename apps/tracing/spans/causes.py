"""Chains of exceptions, as the stack traces of Java and Python write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from apps.search.documents import JsonObject
from apps.tracing.spans.span import SpanException
from apps.tracing.spans.values import TEXT_LENGTH, text

_MOST = 50
_LONGEST_STACK = 200_000
_JAVA = re.compile(r"^Caused by: ([\w.$]+)(?:: (.*))?$", re.MULTILINE)
_PYTHON = re.compile(
    r"\n\n(?:The above exception was the direct cause of the following exception"
    r"|During handling of the above exception, another exception occurred):\n\n"
)
_LAST_LINE = re.compile(r"([\w.]+)(?:: (.*))?")

_Told = tuple[str, str]
"""The type and the message of an exception."""


def exceptions_of(events: Iterable[JsonObject]) -> tuple[SpanException, ...]:
    """Those that OpenTelemetry's events tell, each followed by what caused it."""
    found: list[SpanException] = []
    for event in events:
        attributes = event.get("attributes")
        if event.get("name") != "exception" or type(attributes) is not dict:
            continue
        chain = _chain(attributes)
        for place, (kind, message) in enumerate(chain):
            below = len(found) + 1 if place + 1 < len(chain) else -1
            found.append(
                SpanException(text(kind), text(message, TEXT_LENGTH), cause=below)
            )
        if len(found) >= _MOST:
            break
    return tuple(found)


def cause_block(exceptions: Sequence[SpanException]) -> JsonObject:
    """X-Ray's `cause`: the places of exceptions are their ids."""
    return {
        "exceptions": [
            {
                "id": str(place),
                "type": one.type,
                "message": one.message,
                **({"cause": str(one.cause)} if one.cause >= 0 else {}),
            }
            for place, one in enumerate(exceptions)
        ]
    }


def _chain(attributes: JsonObject) -> list[_Told]:
    first = (
        _text(attributes.get("exception.type")),
        _text(attributes.get("exception.message")),
    )
    stack = _text(attributes.get("exception.stacktrace"))[:_LONGEST_STACK]
    causes = [(kind, message or "") for kind, message in _JAVA.findall(stack)]
    return [first, *(causes or _python_causes(stack))][:_MOST]


def _python_causes(stack: str) -> list[_Told]:
    """Python writes the first cause first, and the exception itself last."""
    blocks = _PYTHON.split(stack)[:-1]
    found = (
        _LAST_LINE.fullmatch(block.rstrip().rpartition("\n")[2]) for block in blocks
    )
    return [(one[1], one[2] or "") for one in found if one][::-1]


def _text(value: Any) -> str:
    return value if type(value) is str else ""
