"""From a chart to the log lines of the same resources. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from apps.monitoring.metrics.keys import MetricKey
from apps.search.language import quoted

# Dimensions whose value stands in the name of a log group, and how.
_GROUPS = {
    "FunctionName": "/aws/lambda/{}",
    "LogGroupName": "{}",
    "DBInstanceIdentifier": "/aws/rds/instance/{}/*",
    "ServiceName": "*{}*",
    "ClusterName": "*{}*",
    "ApiName": "*{}*",
    "StateMachineArn": "*{}*",
}
# A service says more than the cluster that it runs in.
_FIRST = ("FunctionName", "LogGroupName", "ServiceName", "DBInstanceIdentifier")
_MOST = 5


def log_query(keys: Sequence[MetricKey]) -> str:
    """A query for the lines of the resources that metrics are about; "" for all."""
    found = dict.fromkeys(clause for key in keys if (clause := _clause(key)))
    clauses = list(found)[:_MOST]
    return " OR ".join(clauses)


def _clause(key: MetricKey) -> str:
    dimensions = dict(key.dimensions)
    names = [*_FIRST, *_GROUPS]
    name = next((one for one in names if dimensions.get(one)), None)
    if name is None:
        return ""
    value = dimensions[name].rsplit(":", 1)[-1]
    pattern = _GROUPS[name].format(value)
    return f"@logGroup:{_pattern(pattern)}" if "*" in pattern else _exact(pattern)


def _exact(value: str) -> str:
    return f"@logGroup:{quoted(value)}"


def _pattern(pattern: str) -> str:
    """Wildcards outside of quotes, everything else literal."""
    return "".join(
        one if one.isalnum() or one in "*-_" else f"\\{one}" for one in pattern
    )
