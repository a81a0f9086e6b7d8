"""A CloudWatch client and short ways to say what is put and asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conftest import NOW, Client

MINUTE = int(NOW // 60 * 60)
"""The whole minute before now."""


@pytest.fixture
def cloudwatch(client: Client) -> Any:
    return client("cloudwatch")


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def datum(value: float, minutes_ago: float = 0, **others: Any) -> dict[str, Any]:
    """A sample of `Latency`, unless others say otherwise."""
    moment = at(MINUTE - minutes_ago * 60)
    return {"MetricName": "Latency", "Timestamp": moment, "Value": value, **others}


def dimension(name: str, value: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value}]


def metric(query_id: str = "m1", stat: str = "Sum", **others: Any) -> dict[str, Any]:
    """A query for `Latency` of the namespace `Shop`, by the minute."""
    named = {"Namespace": "Shop", "MetricName": others.pop("name", "Latency")}
    if "dimensions" in others:
        named["Dimensions"] = others.pop("dimensions")
    asked = {"Metric": named, "Period": others.pop("period", 60), "Stat": stat}
    if "unit" in others:
        asked["Unit"] = others.pop("unit")
    return {"Id": query_id, "MetricStat": asked, **others}


def expression(text: str, query_id: str = "e1", **others: Any) -> dict[str, Any]:
    return {"Id": query_id, "Expression": text, **others}


def ask(
    client: Any, *queries: Mapping[str, Any], minutes: float = 10, **others: Any
) -> dict[str, Any]:
    """GetMetricData over the last minutes and the one that runs, oldest first."""
    asked = {
        "StartTime": at(MINUTE - minutes * 60),
        "EndTime": at(MINUTE + 60),
        "ScanBy": "TimestampAscending",
        **others,
    }
    answer: dict[str, Any] = client.get_metric_data(
        MetricDataQueries=list(queries), **asked
    )
    return answer


def values(answer: Mapping[str, Any], query_id: str = "") -> list[float]:
    """The values of one query, or of the first there is."""
    results = answer["MetricDataResults"]
    found = next(r for r in results if not query_id or r["Id"] == query_id)
    given: list[float] = found["Values"]
    return given


def minutes_ago(answer: Mapping[str, Any]) -> list[float]:
    """How long before the last whole minute the points of the first query are."""
    times: Sequence[datetime] = answer["MetricDataResults"][0]["Timestamps"]
    return [(MINUTE - time.timestamp()) / 60 for time in times]


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
    """Code and message of the refusal."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
