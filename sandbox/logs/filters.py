"""Metric filters and subscription filters as a log group has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.logs.filterpatterns import FilterPattern, parse_pattern


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """Turns matching events into samples of a metric."""

    name: str
    source: str
    metric: str
    namespace: str
    value: str
    created_ms: int
    default: float | None = None
    unit: str = "None"
    dimensions: Mapping[str, str] = field(default_factory=dict)

    @property
    def pattern(self) -> FilterPattern:
        return parse_pattern(self.source)

    def described(self, group: str) -> dict[str, Any]:
        transformation: dict[str, Any] = {
            "metricName": self.metric,
            "metricNamespace": self.namespace,
            "metricValue": self.value,
            "unit": self.unit,
        }
        if self.default is not None:
            transformation["defaultValue"] = self.default
        if self.dimensions:
            transformation["dimensions"] = dict(self.dimensions)
        return {
            "filterName": self.name,
            "filterPattern": self.source,
            "metricTransformations": [transformation],
            "creationTime": self.created_ms,
            "logGroupName": group,
            "applyOnTransformedLogs": False,
        }


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """Sends matching events to a destination."""

    name: str
    source: str
    destination: str
    created_ms: int
    role: str = ""
    distribution: str = "ByLogStream"

    @property
    def pattern(self) -> FilterPattern:
        return parse_pattern(self.source)

    def described(self, group: str) -> dict[str, Any]:
        role = {"roleArn": self.role} if self.role else {}
        return {
            "filterName": self.name,
            "logGroupName": group,
            "filterPattern": self.source,
            "destinationArn": self.destination,
            "distribution": self.distribution,
            "applyOnTransformedLogs": False,
            "creationTime": self.created_ms,
            **role,
        }
