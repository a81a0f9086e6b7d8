"""In what unit metrics are measured, and numbers as people read them. Pure.

GetMetricData does not tell units, so those of AWS's namespaces stand here, by how
their metrics are named: docs.aws.amazon.com, "AWS services that publish metrics".
"""

from __future__ import annotations

import math
import re

from apps.monitoring.metrics.keys import MetricKey

SECONDS, MILLISECONDS = "Seconds", "Milliseconds"
BYTES, PERCENT, COUNT = "Bytes", "Percent", "Count"

# (namespace, name), both whole; the first that fits.
_BY_NAME = tuple(
    (re.compile(namespace), re.compile(name), unit)
    for namespace, name, unit in (
        (r"AWS/ApplicationELB|AWS/ELB", r"TargetResponseTime|Latency", SECONDS),
        (r"AWS/Lambda", r".*Duration|IteratorAge", MILLISECONDS),
        (r"AWS/ApiGateway", r"Latency|IntegrationLatency", MILLISECONDS),
        (r"AWS/DynamoDB", r".*Latency", MILLISECONDS),
        (r"AWS/S3", r".*Latency", MILLISECONDS),
        (r"AWS/States", r".*Time", MILLISECONDS),
        (r"AWS/RDS", r".*Latency|ReplicaLag", SECONDS),
        (r"AWS/SQS", r"ApproximateAgeOf.*", SECONDS),
        (r"AWS/SQS|AWS/SNS", r".*Size", BYTES),
        (r"AWS/RDS", r"FreeableMemory|FreeStorageSpace|SwapUsage", BYTES),
        (r"AWS/EC2", r"Network(In|Out)", BYTES),
        (r"AWS/Kinesis", r".*IteratorAge.*|.*Latency", MILLISECONDS),
        (r"AWS/.*|ECS/.*", r".*(Utilization|Percent(age)?|HitRate)", PERCENT),
        (r"AWS/.*|ECS/.*", r".*Bytes.*|.*ObjectSize", BYTES),
        (r"AWS/.*", r".*", COUNT),
    )
)
# Levels: how many there are, or how much, at a time. Their sum over a period says
# nothing, though they count; the same pages of AWS.
_LEVEL = re.compile(
    r"(Un)?[Hh]ealthyHostCount|ApproximateNumberOf.*|DatabaseConnections"
    r"|(Un|Provisioned)?.*ConcurrentExecutions|Curr(Connections|Items)"
    r"|(Running|Desired|Pending)TaskCount|FreeableMemory|FreeStorageSpace|SwapUsage"
    r"|.*BytesUsed.*|BucketSizeBytes|NumberOfObjects|.*QueueDepth|CPUCreditBalance"
    r"|Group(Desired|Min|Max|Total).*|StatusCheckFailed.*"
)
_DECIMAL = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_THOUSAND = 1000
_LARGE = 10_000
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def unit_of(key: MetricKey, statistic: str) -> str:
    """The unit of a statistic; "" where nobody told, as for custom metrics."""
    if statistic == "SampleCount":
        return COUNT
    for namespace, name, unit in _BY_NAME:
        if namespace.fullmatch(key.namespace) and name.fullmatch(key.name):
            return unit
    return ""


def is_summed(key: MetricKey) -> bool:
    """Whether the metric counts what happens, so that its sum says most."""
    unit = unit_of(key, "Sum")
    return unit in (COUNT, BYTES) and _LEVEL.fullmatch(key.name) is None


def shown(value: float, unit: str) -> str:
    """A number with its unit: `1.5 GB`, `23.4 %`, `250 ms`, `12.3 k`."""
    if not math.isfinite(value):
        return "\u2013"
    if unit in (SECONDS, MILLISECONDS):
        return _time(value / _THOUSAND if unit == MILLISECONDS else value)
    if unit == BYTES:
        return _joined(_scaled(value), "B")
    if unit == PERCENT:
        return f"{_digits(value)} %"
    number = _scaled(value)
    return number if unit in ("", COUNT) else f"{number} {unit}"


def axis_format(unit: str, largest: float) -> tuple[str, str]:
    """How d3 writes a number of this unit, and what follows it."""
    if unit == SECONDS and largest < 1:
        return "~s", "s"
    if unit == BYTES:
        return "~s", "B"
    suffix = {SECONDS: " s", MILLISECONDS: " ms", PERCENT: " %", COUNT: ""}
    after = suffix.get(unit, f" {unit}" if unit else "")
    return ("~s" if largest >= _LARGE else ",~r"), after


def _digits(value: float) -> str:
    """Four digits that count, thousands apart."""
    if abs(value) >= _THOUSAND:
        return f"{value:,.0f}"
    return f"{value:.4g}" if "e" not in f"{value:.4g}" else f"{value:.2e}"


def _scaled(value: float) -> str:
    for size, letter in _DECIMAL:
        if abs(value) >= size:
            return f"{value / size:.4g} {letter}"
    return _digits(value)


def _joined(number: str, unit: str) -> str:
    """The letter of a thousand belongs to the unit: 1.5 GB."""
    return number + unit if number[-1].isalpha() else f"{number} {unit}"


def _time(seconds: float) -> str:
    much = abs(seconds)
    if much >= _DAY:
        return f"{seconds / _DAY:.3g} d"
    if much >= _HOUR:
        return f"{seconds / _HOUR:.3g} h"
    if much >= _MINUTE:
        return f"{seconds / _MINUTE:.3g} min"
    if much >= 1 or much == 0:
        return f"{seconds:.4g} s"
    return f"{seconds * _THOUSAND:.4g} ms"
