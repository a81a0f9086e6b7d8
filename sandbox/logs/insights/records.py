"""A log event as queries see it, with the fields that are discovered in it.

Source: "Supported logs and discovered fields", CloudWatch Logs User Guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from sandbox.logs.insights.values import Timestamp, Value

_LAMBDA = re.compile(r"(?P<type>START|END|REPORT) RequestId: (?P<id>[\w-]+)")
_MEASURES = re.compile(
    r"\t(?P<name>Init Duration|Billed Duration|Duration|Memory Size|Max Memory Used"
    r"|XRAY TraceId|SegmentId): (?P<value>[\w.-]+)(?: (?P<unit>ms|MB))?"
)
_MEASURED = {
    "Duration": "@duration",
    "Billed Duration": "@billedDuration",
    "Init Duration": "@initDuration",
    "Memory Size": "@memorySize",
    "Max Memory Used": "@maxMemoryUsed",
    "XRAY TraceId": "@xrayTraceId",
    "SegmentId": "@xraySegmentId",
}
_INDEX = re.compile(r"\d{1,9}", re.ASCII)
_FLOW = (
    "version", "accountId", "interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort",
    "protocol", "packets", "bytes", "startTime", "endTime", "action", "logStatus",
)  # fmt: skip
_MOST_FIELDS = 1_000
_DEEPEST = 50
"""A line nested deeper has no discovered fields."""


@dataclass(slots=True)
class Record:
    """One event; `made` holds what the query computed."""

    message: str
    timestamp: int
    ingested: int
    stream: str
    log: str
    pointer: str
    made: dict[str, Value] = field(default_factory=dict)
    _found: dict[str, Any] | None = None

    def get(self, name: str) -> Value:
        if name in self.made:
            return self.made[name]
        built_in = _BUILT_IN.get(name)
        if built_in is not None:
            return built_in(self)
        found = self._discovered()
        if name in found:
            return _plain(found[name])
        # A member `@name` of the event is written `@@name`.
        path = name[1:] if name.startswith("@@") else name
        return _plain(_at(found, path))

    def _discovered(self) -> dict[str, Any]:
        if self._found is None:
            self._found = discovered(self.message)
        return self._found

    def fields(self) -> dict[str, Value]:
        """Every field there is, those inside others by their dotted names."""
        found = {name: get(self) for name, get in _BUILT_IN.items() if name != "@ptr"}
        for name, value in _flat(self._discovered(), ""):
            if len(found) >= _MOST_FIELDS:
                break
            found["@" + name if name in _BUILT_IN else name] = value
        return found


_BUILT_IN: Mapping[str, Callable[[Record], Value]] = {
    "@timestamp": lambda record: Timestamp(record.timestamp),
    "@message": lambda record: record.message,
    "@ingestionTime": lambda record: Timestamp(record.ingested),
    "@logStream": lambda record: record.stream,
    "@log": lambda record: record.log,
    "@ptr": lambda record: record.pointer,
}


def discovered(message: str) -> dict[str, Any]:
    """The fields of JSON, of Lambda's lines and of VPC flow logs."""
    start = message.find("{")
    if start >= 0:
        found = _json(message[start:])
        if found:
            return found
    match = _LAMBDA.match(message)
    if match is not None:
        return _of_lambda(message, match)
    words = message.split()
    if len(words) == len(_FLOW) and words[0].isdigit() and words[1].isdigit():
        named = zip(_FLOW, words, strict=True)
        return {name: word for name, word in named if word != "-"}
    return {}


def _json(text: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) and not _is_deep(text, found) else {}


def _is_deep(text: str, document: Any) -> bool:
    if text.count("{") + text.count("[") <= _DEEPEST:
        return False
    level = [document]
    for _ in range(_DEEPEST):
        level = [
            inside
            for node in level
            for inside in (node.values() if isinstance(node, dict) else node)
            if isinstance(inside, dict | list)
        ]
    return bool(level)


def _of_lambda(message: str, match: re.Match[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"@type": match["type"], "@requestId": match["id"]}
    for measure in _MEASURES.finditer(message):
        value: Any = measure["value"]
        if measure["unit"] == "ms":
            value = float(value)
        if measure["unit"] == "MB":
            value = int(value) * 1_000_000
        found[_MEASURED[measure["name"]]] = value
    return found


def _at(node: Any, path: str) -> Any:
    """What lies at a dotted path; names may themselves have dots."""
    if isinstance(node, list):
        index, _, rest = path.partition(".")
        if not _INDEX.fullmatch(index) or int(index) >= len(node):
            return None
        return _at(node[int(index)], rest) if rest else node[int(index)]
    if not isinstance(node, dict):
        return None
    if path in node:
        return node[path]
    end = path.find(".")
    while end >= 0:
        if path[:end] in node:
            return _at(node[path[:end]], path[end + 1 :])
        end = path.find(".", end + 1)
    return None


def _plain(value: Any) -> Value:
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    return value


def _flat(node: Any, name: str) -> Iterator[tuple[str, Value]]:
    inside = (
        node.items() if isinstance(node, dict)
        else enumerate(node) if isinstance(node, list) else ()
    )  # fmt: skip
    for key, value in inside:
        path = f"{name}.{key}" if name else str(key)
        if isinstance(value, dict | list):
            yield from _flat(value, path)
        elif value is not None:
            yield path, value
