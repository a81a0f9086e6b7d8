"""Which metrics ListMetrics names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.assembly import Sandbox
from sandbox.cloudwatch.service import CloudWatch
from sandbox.cloudwatch.store import MetricKey, Tick
from sandbox.kernel.cloud import HOME_REGION, PAYMENTS, SHOP
from tests.sandbox.cloudwatch.conftest import datum, dimension, refusal
from tests.sandbox.conftest import NOW, Client


def put(client: Any, name: str, namespace: str = "Shop", **others: Any) -> None:
    given = datum(1, MetricName=name, **others)
    client.put_metric_data(Namespace=namespace, MetricData=[given])


def names(client: Any, **asked: Any) -> list[str]:
    return [each["MetricName"] for each in client.list_metrics(**asked)["Metrics"]]


def test_a_metric_is_its_namespace_name_and_dimensions(cloudwatch: Any) -> None:
    put(cloudwatch, "A", Dimensions=dimension("Host", "1"))
    put(cloudwatch, "A", Dimensions=dimension("Host", "2"))
    put(cloudwatch, "A", Dimensions=dimension("Host", "1"))

    listed = cloudwatch.list_metrics()["Metrics"]

    assert [each["Dimensions"][0]["Value"] for each in listed] == ["1", "2"]


def test_the_order_of_dimensions_makes_no_other_metric(cloudwatch: Any) -> None:
    a, b = dimension("A", "1"), dimension("B", "2")
    put(cloudwatch, "M", Dimensions=a + b)
    put(cloudwatch, "M", Dimensions=b + a)

    assert names(cloudwatch) == ["M"]


def test_filters_narrow(cloudwatch: Any) -> None:
    put(cloudwatch, "A", Dimensions=dimension("Host", "1") + dimension("Disk", "x"))
    put(cloudwatch, "B", Dimensions=dimension("Host", "2"))
    put(cloudwatch, "C", namespace="Other")

    assert names(cloudwatch, Namespace="Other") == ["C"]
    assert names(cloudwatch, MetricName="B") == ["B"]
    assert names(cloudwatch, Dimensions=[{"Name": "Host"}]) == ["A", "B"]
    assert names(cloudwatch, Dimensions=dimension("Host", "2")) == ["B"]
    assert names(cloudwatch, Dimensions=dimension("Host", "3")) == []


def test_pages_hold_five_hundred(cloudwatch: Any) -> None:
    data = [datum(1, MetricName=f"M{i}") for i in range(501)]
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)

    first = cloudwatch.list_metrics()
    second = cloudwatch.list_metrics(NextToken=first["NextToken"])

    assert len(first["Metrics"]) == 500
    assert [each["MetricName"] for each in second["Metrics"]] == ["M500"]
    assert "NextToken" not in second


@pytest.mark.parametrize("token", ["x", "²", "-1", "٣", "9" * 5_000])
def test_a_token_of_nobody_is_refused(cloudwatch: Any, token: str) -> None:
    code, _ = refusal(cloudwatch.list_metrics, NextToken=token)

    assert code == "InvalidParameterValue"


def test_metrics_without_data_vanish(
    cloudwatch: Any, pass_time: Callable[[float], None]
) -> None:
    put(cloudwatch, "Old")
    pass_time(4 * 3_600)

    assert names(cloudwatch, RecentlyActive="PT3H") == []
    assert names(cloudwatch) == ["Old"]

    pass_time(14 * 86_400)

    assert names(cloudwatch) == []


def test_accounts_and_regions_are_apart(client: Client, cloudwatch: Any) -> None:
    put(cloudwatch, "Ours")

    assert names(client("cloudwatch", PAYMENTS)) == []
    assert names(client("cloudwatch", region="us-east-1")) == []


def test_history_and_ticks_come_without_http(sandbox: Sandbox, cloudwatch: Any) -> None:
    service = sandbox.service("cloudwatch")
    assert isinstance(service, CloudWatch)
    place = (SHOP, HOME_REGION)

    old = MetricKey.of("Shop", "Old", Zone="b", Host="a")
    service.metrics.record(place, old, [NOW - 60], [1.0], "Count")
    service.metrics.add_many(place, [Tick(MetricKey("Shop", "New"), NOW, 2.0)])

    assert names(cloudwatch) == ["Old", "New"]
    both = dimension("Zone", "b") + dimension("Host", "a")
    assert names(cloudwatch, Dimensions=both) == ["Old"]
