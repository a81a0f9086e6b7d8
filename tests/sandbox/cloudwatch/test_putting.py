"""What PutMetricData takes and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sandbox.cloudwatch.puts import put_metric_data
from sandbox.cloudwatch.store import MetricKey, MetricStore
from sandbox.kernel.calls import Call
from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.kernel.errors import ApiError
from sandbox.kernel.principals import service_principal
from tests.sandbox.cloudwatch.conftest import (
    MINUTE,
    ask,
    at,
    datum,
    dimension,
    metric,
    minutes_ago,
    refusal,
    values,
)
from tests.sandbox.conftest import NOW, Client
from tests.sandbox.test_identity import EVERYTHING


def put(client: Any, *data: Mapping[str, Any], namespace: str = "Shop") -> None:
    client.put_metric_data(Namespace=namespace, MetricData=list(data))


def test_a_value_is_read_back(cloudwatch: Any) -> None:
    put(cloudwatch, datum(3, 2))

    answer = ask(cloudwatch, metric())

    assert (minutes_ago(answer), values(answer)) == ([2], [3])


def test_values_count_as_often_as_their_counts_say(cloudwatch: Any) -> None:
    many = {"MetricName": "Latency", "Timestamp": at(MINUTE), "Values": [1.0, 5.0]}
    put(cloudwatch, {**many, "Counts": [3.0, 1.0]})

    answer = ask(
        cloudwatch,
        metric("sum", "Sum"),
        metric("count", "SampleCount"),
        metric("average", "Average"),
    )

    assert values(answer, "sum") == [8]
    assert values(answer, "count") == [4]
    assert values(answer, "average") == [2]


def test_sets_of_statistics_add_to_values(cloudwatch: Any) -> None:
    statistics = {"SampleCount": 3, "Sum": 30, "Minimum": 4, "Maximum": 20}
    a_set = {"MetricName": "Latency", "Timestamp": at(MINUTE)}
    put(cloudwatch, {**a_set, "StatisticValues": statistics}, datum(2))

    answer = ask(
        cloudwatch,
        *(metric(s.lower(), s) for s in ("Sum", "SampleCount", "Minimum", "Maximum")),
    )

    assert values(answer, "sum") == [32]
    assert values(answer, "samplecount") == [4]
    assert values(answer, "minimum") == [2]
    assert values(answer, "maximum") == [20]


def test_high_resolution_keeps_seconds_and_others_keep_minutes(
    cloudwatch: Any,
) -> None:
    fine = {"MetricName": "Fine", "Value": 1.0, "StorageResolution": 1}
    put(
        cloudwatch,
        {**fine, "Timestamp": at(MINUTE - 95)},
        {**datum(1), "Timestamp": at(MINUTE - 95)},
    )

    by_seconds = ask(cloudwatch, metric(name="Fine", period=5))
    by_minutes = ask(cloudwatch, metric(period=5))

    assert minutes_ago(by_seconds) == [95 / 60]
    assert minutes_ago(by_minutes) == [2]


def test_samples_out_of_order_are_put_in_order(cloudwatch: Any) -> None:
    put(cloudwatch, datum(1, 1), datum(3, 3))
    put(cloudwatch, datum(2, 2))

    assert values(ask(cloudwatch, metric())) == [3, 2, 1]


def test_large_bodies_come_as_gzip(
    signed: Client, user: Callable[..., Mapping[str, str]]
) -> None:
    over_http = signed("cloudwatch", user("agent", EVERYTHING))

    put(over_http, *(datum(1, i % 10) for i in range(1_000)))

    assert sum(values(ask(over_http, metric()))) == 1_000


NO_SAMPLES = {"Sum": 1, "SampleCount": 0, "Minimum": 1, "Maximum": 1}
BAD = [
    ({"MetricName": "A"}, "MissingParameter", "MetricData.member.1.Value"),
    (
        {**datum(1), "Values": [1.0]},
        "InvalidParameterCombination",
        "mutually exclusive",
    ),
    (
        {"MetricName": "A", "Values": [1.0], "Counts": [1.0, 2.0]},
        "InvalidParameterValue",
        "must be of the same size",
    ),
    (
        {"MetricName": "A", "Values": [1.0] * 151},
        "InvalidParameterValue",
        "must not have a size greater than 150",
    ),
    (datum(float("nan")), "InvalidParameterValue", "is invalid"),
    (datum(2.0**361), "InvalidParameterValue", "is invalid"),
    (
        {**datum(1), "Dimensions": dimension("a", "b") * 31},
        "InvalidParameterValue",
        "greater than 30",
    ),
    ({**datum(1), "Unit": "Apples"}, "InvalidParameterValue", "Apples"),
    ({**datum(1), "StorageResolution": 30}, "InvalidParameterValue", "30"),
    (
        {**datum(1), "Timestamp": at(NOW - 15 * 86_400)},
        "InvalidParameterValue",
        "within the past two weeks",
    ),
    (
        {**datum(1), "Timestamp": at(NOW + 3 * 3_600)},
        "InvalidParameterValue",
        "no more than two hours in the future",
    ),
    (
        {**datum(1), "MetricName": "A" * 256},
        "InvalidParameterValue",
        "MetricData.member.1.MetricName must be shorter than 256",
    ),
    (
        {**datum(1), "Dimensions": dimension("a", "b") + dimension("a", "c")},
        "InvalidParameterValue",
        "must be unique",
    ),
    (
        {**datum(1), "Dimensions": dimension("a" * 256, "b")},
        "InvalidParameterValue",
        "member.1.Name must be shorter than 256",
    ),
    (
        {**datum(1), "Dimensions": dimension("a", "b" * 1_025)},
        "InvalidParameterValue",
        "member.1.Value must be shorter than 1025",
    ),
    (
        {"MetricName": "A", "Values": []},
        "InvalidParameterValue",
        "Values must not be empty",
    ),
    (
        {"MetricName": "A", "Values": [1.0], "Counts": [2.0**361]},
        "InvalidParameterValue",
        "Counts.member.1",
    ),
    (
        {"MetricName": "A", "StatisticValues": NO_SAMPLES},
        "InvalidParameterValue",
        "SampleCount",
    ),
]


@pytest.mark.parametrize(("given", "code", "said"), BAD)
def test_a_bad_datum_is_refused_with_all_that_came_with_it(
    cloudwatch: Any, given: Mapping[str, Any], code: str, said: str
) -> None:
    found = refusal(
        cloudwatch.put_metric_data, Namespace="Shop", MetricData=[given, datum(7)]
    )

    assert found[0] == code
    assert said in found[1]
    assert values(ask(cloudwatch, metric())) == []


PLACE = (SHOP, HOME_REGION)
ONE = {"MetricName": "A", "Value": 1.0}
WRONG = "SerializationException"
ODD: list[tuple[Any, str]] = [
    ({"MetricData": "all"}, WRONG),
    ({"MetricData": {"a": ONE}}, WRONG),
    ({"MetricData": [7]}, WRONG),
    ({"MetricData": [ONE], "Namespace": 7}, WRONG),
    ({"MetricData": [ONE], "EntityMetricData": [7]}, WRONG),
    ({"MetricData": [{**ONE, "MetricName": 7}]}, WRONG),
    ({"MetricData": [{**ONE, "Unit": ["Count"]}]}, WRONG),
    ({"MetricData": [{**ONE, "Dimensions": [7]}]}, WRONG),
    ({"MetricData": [{**ONE, "Timestamp": "now"}]}, WRONG),
    ({"MetricData": [{**ONE, "StorageResolution": [1]}]}, WRONG),
    ({"MetricData": [{"MetricName": "A", "Values": 7}]}, WRONG),
    ({"MetricData": [{"MetricName": "A", "StatisticValues": 7}]}, WRONG),
    ({"MetricData": [{**ONE, "Value": None}]}, "MissingParameter"),
    ({"MetricData": [{**ONE, "Value": "NaN"}]}, "InvalidParameterValue"),
    ({"MetricData": [{"MetricName": "A", "Values": [None]}]}, "InvalidParameterValue"),
    ({"MetricData": [{**ONE, "Timestamp": float("nan")}]}, "InvalidParameterValue"),
    ({"MetricData": [ONE], "Namespace": "N" * 256}, "InvalidParameterValue"),
]


@pytest.mark.parametrize(("given", "code"), ODD)
def test_what_no_sdk_would_send_is_refused(given: dict[str, Any], code: str) -> None:
    agent = service_principal("agent.amazonaws.com", SHOP)
    asked = {"Namespace": "Shop", **given}
    call = Call("cloudwatch", "PutMetricData", asked, *PLACE, agent, NOW, "request")

    with pytest.raises(ApiError) as caught:
        put_metric_data(MetricStore(), call)

    assert caught.value.code == code


def test_what_is_null_was_not_given() -> None:
    store = MetricStore()
    nothing = dict.fromkeys(("Values", "Counts", "StatisticValues", "Timestamp"))
    asked = {"Namespace": "Shop", "MetricData": [{**ONE, **nothing}]}
    agent = service_principal("agent.amazonaws.com", SHOP)

    put_metric_data(
        store, Call("cloudwatch", "Put", asked, *PLACE, agent, NOW, "request")
    )

    key = MetricKey("Shop", "A")
    assert store.samples(PLACE, key, None).values.tolist() == [1]


def test_no_more_than_a_thousand_at_once(cloudwatch: Any) -> None:
    code, said = refusal(
        cloudwatch.put_metric_data, Namespace="Shop", MetricData=[datum(1)] * 1_001
    )

    assert code == "InvalidParameterValue"
    assert "must not have a size greater than 1000" in said


def test_only_services_put_metrics_of_aws(
    signed: Client, user: Callable[..., Mapping[str, str]], cloudwatch: Any
) -> None:
    over_http = signed("cloudwatch", user("agent", EVERYTHING))

    code, _ = refusal(
        over_http.put_metric_data, Namespace="AWS/EC2", MetricData=[datum(1)]
    )
    put(cloudwatch, datum(1), namespace="AWS/EC2")

    assert code == "InvalidParameterValue"
    listed = cloudwatch.list_metrics(Namespace="AWS/EC2")["Metrics"]
    assert [each["MetricName"] for each in listed] == ["Latency"]
