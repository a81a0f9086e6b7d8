"""Exports of OpenTelemetry, as collectors send them."""

import base64
from collections.abc import Mapping
from typing import Any

import orjson
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

TRACE = "1-5b8efff7-98038103d269b633813fc60c"
_IDS = ("traceId", "spanId", "parentSpanId")


def pairs(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Attributes as OTLP writes them."""
    return [{"key": key, "value": _any(value)} for key, value in attributes.items()]


def _any(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_any(one) for one in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": pairs(value)}}
    return {"stringValue": value}


def span(attributes: Mapping[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    return {
        "traceId": "5B8EFFF798038103D269B633813FC60C",
        "spanId": "EEE19B7EC3C1B174",
        "parentSpanId": "EEE19B7EC3C1B173",
        "name": "call",
        "kind": 3,
        "startTimeUnixNano": "1544712660000000000",
        "endTimeUnixNano": "1544712661000000000",
        "attributes": pairs(attributes or {}),
        **members,
    }


def export(
    *spans: dict[str, Any], resource: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    named = {"service.name": "web", **(resource or {})}
    scope = {"scope": {"name": "lib", "version": "1"}, "spans": list(spans)}
    return {
        "resourceSpans": [
            {"resource": {"attributes": pairs(named)}, "scopeSpans": [scope]}
        ]
    }


def binary(body: Mapping[str, Any]) -> bytes:
    """The same export in protobuf, whose JSON has bytes in base 64."""
    copy = orjson.loads(orjson.dumps(body))
    for one in copy["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        for holder in (one, *one.get("links", ())):
            for name in _IDS:
                if name in holder:
                    raw = bytes.fromhex(holder[name])
                    holder[name] = base64.b64encode(raw).decode()
    request = Parse(orjson.dumps(copy), ExportTraceServiceRequest())
    found: bytes = request.SerializeToString()
    return found
