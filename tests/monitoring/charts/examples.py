"""Chart specs as tests write them."""

from __future__ import annotations

from typing import Any

from apps.monitoring.metrics.keys import MetricKey
from tests.factories import ACCOUNT

REGION = "eu-west-1"


def a_key(name: str = "CPUUtilization", **dimensions: str) -> MetricKey:
    return MetricKey.of(
        (ACCOUNT, REGION), "AWS/ECS", name, dimensions or {"ServiceName": "orders"}
    )


def a_line(line_id: str = "a", **fields: Any) -> dict[str, Any]:
    """The JSON of a metric line; None leaves a field out."""
    line = {
        "id": line_id,
        "account": ACCOUNT,
        "region": REGION,
        "namespace": "AWS/ECS",
        "name": "CPUUtilization",
        "dimensions": {"ServiceName": "orders"},
        "statistic": "Average",
        **fields,
    }
    return {name: value for name, value in line.items() if value is not None}


def a_spec(*lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"title": "CPU", "lines": list(lines or (a_line(),)), **fields}
