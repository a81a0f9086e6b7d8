"""What Lambda says of its invocations, as text and as JSON.

Source: "REPORT log line" and "platform.report", AWS Lambda Developer Guide and
Telemetry API reference.
"""

import re
from typing import Any

from apps.monitoring.logs.formats.references import trace_of

Fields = dict[str, Any]

_EVENT = re.compile(r"(START|END|REPORT) RequestId: ([0-9a-fA-F-]{36})")
_FIGURE = re.compile(
    r"(Init Duration|Restore Duration|Billed Duration|Duration|Memory Size"
    r"|Max Memory Used): ([\d.]+) (ms|MB)"
)
_NAMES = {
    "Duration": "@duration",
    "Billed Duration": "@billedDuration",
    "Init Duration": "@initDuration",
    "Restore Duration": "@restoreDuration",
    "Memory Size": "@memorySize",
    "Max Memory Used": "@maxMemoryUsed",
}
_TYPES = {"start": "START", "runtimeDone": "END", "report": "REPORT"}
_METRICS = {
    "durationMs": "@duration",
    "billedDurationMs": "@billedDuration",
    "initDurationMs": "@initDuration",
    "restoreDurationMs": "@restoreDuration",
}
_MEMORY = {"memorySizeMB": "@memorySize", "maxMemoryUsedMB": "@maxMemoryUsed"}
_MB = 1_000_000  # as Logs Insights counts: its samples divide by 1000 twice


def invocation(text: str) -> Fields | None:
    """The fields of a START, END or REPORT line; None for any other."""
    event = _EVENT.match(text)
    if event is None:
        return None
    fields: Fields = {"@type": event[1], "@requestId": event[2]}
    if event[1] == "REPORT":
        for name, number, unit in _FIGURE.findall(text, event.end()):
            fields[_NAMES[name]] = _figure(number) * (_MB if unit == "MB" else 1)
    return fields


def platform(body: Fields) -> Fields | None:
    """The fields of an event of the platform in JSON; None for any other body."""
    name, record = body.get("type"), body.get("record")
    if not (isinstance(name, str) and name.startswith("platform.")):
        return None
    fields: Fields = {"@type": _TYPES.get(name.removeprefix("platform."), name)}
    if not isinstance(record, dict):
        return fields
    if isinstance(record.get("requestId"), str):
        fields["@requestId"] = record["requestId"]
    metrics = record.get("metrics")
    if isinstance(metrics, dict):
        fields |= _metrics(metrics)
    tracing = record.get("tracing")
    trace = trace_of(tracing.get("value")) if isinstance(tracing, dict) else None
    return fields | ({"@traceId": trace} if trace else {})


def _metrics(metrics: Fields) -> Fields:
    found = {
        ours: metrics[name] for name, ours in _METRICS.items() if _is(metrics.get(name))
    }
    return found | {
        ours: metrics[name] * _MB
        for name, ours in _MEMORY.items()
        if _is(metrics.get(name))
    }


def _is(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _figure(number: str) -> float:
    return float(number) if "." in number else int(number)
