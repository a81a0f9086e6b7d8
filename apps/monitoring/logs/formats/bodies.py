"""JSON that a line consists of, as fields: bounded, and none of ours overwritten."""

from typing import Any

import orjson

from apps.monitoring.logs.formats.lambdas import platform
from apps.monitoring.logs.formats.levels import level_of
from apps.monitoring.logs.formats.references import trace_of

Fields = dict[str, Any]

MAX_DEPTH = 12
MAX_LEAVES = 1_000
MAX_VALUE = 8_000
_LONGEST_ID = 128
_LEVELS = (
    "level", "severity", "lvl", "log.level", "loglevel", "logLevel", "levelname",
    "Level", "Severity", "severity_text", "severityText",
)  # fmt: skip
_TRACES = (
    "trace_id", "traceId", "xray_trace_id", "xrayTraceId", "xRayTraceId", "traceID",
    "TraceId", "trace.id", "X-Amzn-Trace-Id", "x-amzn-trace-id", "_X_AMZN_TRACE_ID",
    "AWS-XRAY-TRACE-ID", "traceparent", "xray_trace", "xrayTrace",
)  # fmt: skip
# Lambda's own name of an invocation comes before what an application calls a request.
_REQUESTS = (
    "function_request_id", "AWSRequestId", "awsRequestId", "aws_request_id",
    "request_id", "requestId", "RequestId", "requestID", "lambda_request_id",
    "x-request-id", "x-amzn-requestid", "http.request_id", "req_id", "reqId",
)  # fmt: skip
_NESTED = {"log": ("level", "@level"), "trace": ("id", "@traceId")}


def body(text: str) -> Fields | None:
    """The fields of a JSON object, with what is recognised in it; None where the text
    is none. What is too deep, too long or too much stays in the message alone."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return of_object(value) if isinstance(value, dict) else None


def of_object(value: Fields) -> Fields:
    """The fields of an object, as of its text."""
    found = _recognised(value)
    return _bounded(value) | found


def _recognised(value: Fields) -> Fields:
    found: Fields = {}
    level = _first(value, _LEVELS, level_of)
    if level is not None:
        found["@level"] = level
    trace = _first(value, _TRACES, trace_of)
    if trace is not None:
        found["@traceId"] = trace
    request = _first(value, _REQUESTS, _short)
    if request is not None:
        found["@requestId"] = request
    for outer, (inner, name) in _NESTED.items():
        child = value.get(outer)
        if isinstance(child, dict) and name not in found:
            said = (level_of if name == "@level" else trace_of)(child.get(inner))
            found |= {name: said} if said else {}
    return found | (platform(value) or {}) if "record" in value else found


def _first(value: Fields, names: tuple[str, ...], read: Any) -> str | None:
    for name in names:
        if name in value:
            said: str | None = read(value[name])
            if said is not None:
                return said
    return None


def _short(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_ID else None


def _bounded(value: Fields) -> Fields:
    """The object as fields. Names that begin as ours do lose their sign."""
    keeper = _Keeper(MAX_LEAVES)
    fields = keeper.object(value, 0)
    for name in [name for name in fields if name[:1] in ("@", "")]:
        said = fields.pop(name)
        plain = name.lstrip("@")
        if plain and plain not in fields:
            fields[plain] = said
    return fields


class _Keeper:
    """Copies what is within bounds."""

    def __init__(self, room: int) -> None:
        self._room = room

    def object(self, value: Fields, depth: int) -> Fields:
        kept = {}
        for name, child in value.items():
            if type(child) is str:
                if len(child) > MAX_VALUE:
                    continue
            elif type(child) in (dict, list):
                if depth >= MAX_DEPTH:
                    continue
                child = self._below(child, depth + 1)
            self._room -= 1
            if self._room < 0:
                break
            kept[name] = child
        return kept

    def _below(self, value: Any, depth: int) -> Any:
        if isinstance(value, dict):
            return self.object(value, depth)
        listed = self.object(dict(enumerate(value)), depth)  # type: ignore[arg-type] # keys are only carried along
        return list(listed.values())
