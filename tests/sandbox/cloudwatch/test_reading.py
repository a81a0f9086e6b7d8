"""GetMetricData and GetMetricStatistics: ranges, periods, pages, labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sandbox.assembly import Sandbox
from sandbox.cloudwatch.service import CloudWatch
from sandbox.cloudwatch.store import MetricKey
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from sandbox.kernel.faults import Fault, FaultKind
from tests.sandbox.cloudwatch.conftest import (
    MINUTE,
    ask,
    at,
    datum,
    dimension,
    expression,
    metric,
    minutes_ago,
    refusal,
    values,
)
from tests.sandbox.conftest import NOW

DAY = 86_400
Record = Callable[..., None]


@pytest.fixture
def record(sandbox: Sandbox) -> Record:
    """Adds history of `Latency`: a value every so many seconds, counted from one."""
    service = sandbox.service("cloudwatch")
    assert isinstance(service, CloudWatch)

    def work(start: float, count: int, every: int = 60, unit: str = "None") -> None:
        times = start + np.arange(count) * every
        key = MetricKey("Shop", "Latency")
        found = np.arange(1, count + 1)
        service.metrics.record((SHOP, HOME_REGION), key, times, found, unit)

    return work


def test_ten_values_in_every_statistic(cloudwatch: Any) -> None:
    data = [datum(value) for value in (4, 1, 3, 2, 10, 9, 8, 7, 6, 5)]
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
    expected = {
        "SampleCount": 10, "Sum": 55, "Average": 5.5, "Minimum": 1, "Maximum": 10,
        "p0": 1, "p50": 5.5, "p90": 9.1, "p99.9": 9.991, "p100": 10,
        "tm90": 5, "TM(10%:90%)": 5.5, "TM(2:8)": 5.5, "TM(:3)": 2, "TM(8:)": 9.5,
        "IQM": 5.5, "tc90": 9, "TC(20%:80%)": 6, "TC(2:4)": 2,
        "ts90": 45, "TS(:3)": 6, "wm90": 5.4, "WM(10%:90%)": 5.5, "WM(3:8)": 5.5,
        "PR(:3)": 30, "PR(2:8)": 60, "PR(8:)": 20,
    }  # fmt: skip
    queries = [metric(f"m{at}", stat) for at, stat in enumerate(expected)]

    results = ask(cloudwatch, *queries)["MetricDataResults"]

    found = [result["Values"][0] for result in results]
    assert found == pytest.approx(list(expected.values()))


def test_percentiles_count_values_as_often_as_they_were(cloudwatch: Any) -> None:
    many = {"MetricName": "Latency", "Timestamp": at(MINUTE)}
    many |= {"Values": [1.0, 100.0], "Counts": [99.0, 1.0]}
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[many])

    answer = ask(cloudwatch, metric("a", "p50"), metric("b", "p100"))

    assert (values(answer, "a"), values(answer, "b")) == ([1], [100])


def test_sets_of_statistics_have_no_percentiles(cloudwatch: Any) -> None:
    a_set = {"SampleCount": 2, "Sum": 3, "Minimum": 1, "Maximum": 2}
    given = {"MetricName": "Latency", "Timestamp": at(MINUTE), "StatisticValues": a_set}
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[given])

    assert values(ask(cloudwatch, metric(stat="p50"))) == []


def test_the_newest_comes_first_unless_asked_otherwise(
    cloudwatch: Any, record: Record
) -> None:
    record(MINUTE - 120, 3)

    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[metric()], StartTime=at(NOW - 600), EndTime=at(NOW)
    )

    assert values(answer) == [3, 2, 1]
    assert values(ask(cloudwatch, metric())) == [1, 2, 3]


def test_the_start_is_inclusive_and_the_end_is_not(
    cloudwatch: Any, record: Record
) -> None:
    record(MINUTE - 240, 5)

    answer = ask(
        cloudwatch, metric(), StartTime=at(MINUTE - 170), EndTime=at(MINUTE - 60)
    )

    assert minutes_ago(answer) == [3, 2]


def test_periods_are_counted_from_the_rounded_start(
    cloudwatch: Any, record: Record
) -> None:
    record(MINUTE - 600, 10)

    answer = ask(
        cloudwatch,
        metric(stat="SampleCount", period=300),
        StartTime=at(MINUTE - 590),
        EndTime=at(MINUTE),
    )

    assert (minutes_ago(answer), values(answer)) == ([10, 5], [5, 5])


@pytest.mark.parametrize(
    ("days", "period", "points"),
    [(1, 60, 3), (16, 60, 0), (16, 300, 3), (64, 300, 0), (64, 3_600, 3)],
)
def test_old_points_are_there_only_in_long_periods(
    cloudwatch: Any, record: Record, days: int, period: int, points: int
) -> None:
    start = (NOW - days * DAY) // 3_600 * 3_600
    record(start, 3, period)

    answer = ask(
        cloudwatch,
        metric(period=period),
        StartTime=at(start),
        EndTime=at(start + 3 * period),
    )

    assert len(values(answer)) == points
    assert answer["MetricDataResults"][0]["StatusCode"] == "Complete"


def test_periods_under_a_minute_go_back_three_hours(
    cloudwatch: Any, record: Record
) -> None:
    record(NOW - 4 * 3_600, 2, 10)

    near = ask(cloudwatch, metric(period=10), minutes=5)
    far = ask(cloudwatch, metric(period=10), minutes=300)
    far_by_minutes = ask(cloudwatch, metric(stat="SampleCount"), minutes=300)

    assert values(near) == values(far) == []
    assert sum(values(far_by_minutes)) == 2


def test_another_unit_finds_nothing(cloudwatch: Any, record: Record) -> None:
    record(MINUTE, 1, unit="Seconds")

    assert values(ask(cloudwatch, metric(unit="Count"))) == []
    assert values(ask(cloudwatch, metric(unit="Seconds"))) == [1]
    assert values(ask(cloudwatch, metric())) == [1]


def test_namespaces_and_dimensions_are_apart(cloudwatch: Any) -> None:
    for namespace, value in (("Shop", 1), ("Other", 10)):
        data = [datum(value, Dimensions=dimension("Host", "1"))]
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)

    answer = ask(cloudwatch, metric(dimensions=dimension("Host", "1")))

    assert values(answer) == [1]
    assert values(ask(cloudwatch, metric())) == []


@pytest.mark.parametrize("scan", ["TimestampAscending", "TimestampDescending"])
def test_pages_follow_each_other_without_loss(
    cloudwatch: Any, record: Record, scan: str
) -> None:
    record(MINUTE - 540, 10)
    asked: dict[str, Any] = {"ScanBy": scan, "MaxDatapoints": 4, "minutes": 9}
    found, statuses = [], []

    while True:
        answer = ask(cloudwatch, metric(), **asked)
        found += values(answer)
        statuses.append(answer["MetricDataResults"][0]["StatusCode"])
        if "NextToken" not in answer:
            break
        asked["NextToken"] = answer["NextToken"]

    assert found == sorted(range(1, 11), reverse=scan == "TimestampDescending")
    assert statuses == ["PartialData", "PartialData", "Complete"]


def test_two_queries_share_a_page(cloudwatch: Any, record: Record) -> None:
    record(MINUTE - 540, 10)

    answer = ask(cloudwatch, metric("a"), metric("b", "Average"), MaxDatapoints=4)

    assert len(values(answer, "a") + values(answer, "b")) <= 4
    assert "NextToken" in answer


def test_expressions_have_no_next_page(cloudwatch: Any, record: Record) -> None:
    record(MINUTE - 540, 10)

    answer = ask(cloudwatch, metric(), expression("m1 * 2"), MaxDatapoints=4)

    assert "NextToken" not in answer
    assert answer["MetricDataResults"][0]["StatusCode"] == "PartialData"


def test_a_token_of_nobody_is_refused(cloudwatch: Any) -> None:
    code, _ = refusal(
        cloudwatch.get_metric_data,
        MetricDataQueries=[metric()],
        StartTime=at(NOW - 600),
        EndTime=at(NOW),
        NextToken="x",
    )

    assert code == "InvalidNextToken"


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (None, "Latency"),
        ("plain", "plain"),
        ("max ${MAX} min ${MIN}", "max 3 min 1"),
        ("${LABEL}: ${SUM} ${AVG} ${FIRST} ${LAST}", "Latency: 6 2 1 3"),
        ("${PROP('MetricName')} ${PROP('Stat')}", "Latency Sum"),
        ("${PROP('Namespace')} ${PROP('Period')}", "Shop 60"),
        ("${PROP('Region')} ${PROP('AccountId')}", "eu-west-1 111122223333"),
        ("[${PROP('Dim.Host')}]", "[]"),
        ("${DATAPOINT_COUNT} at ${MAX_TIME}", "3 at 2026-09-21 14:13:00"),
        ("${WHAT}", "${WHAT}"),
    ],
)
def test_labels(
    cloudwatch: Any, record: Record, label: str | None, expected: str
) -> None:
    record(MINUTE - 120, 3)
    others = {} if label is None else {"Label": label}

    answer = ask(cloudwatch, metric(**others))

    assert answer["MetricDataResults"][0]["Label"] == expected


def test_labels_tell_dimensions_and_local_times(cloudwatch: Any) -> None:
    place = dimension("Host", "web-1")
    cloudwatch.put_metric_data(
        Namespace="Shop", MetricData=[datum(1, Dimensions=place)]
    )

    answer = ask(
        cloudwatch,
        metric(dimensions=place, Label="${PROP('Dim.Host')} ${LAST_TIME}"),
        LabelOptions={"Timezone": "+0130"},
    )

    label = answer["MetricDataResults"][0]["Label"]
    assert label == "web-1 2026-09-21 15:43:00"


BAD = [
    ([], "MetricDataQueries is required"),
    ([metric(period=7)], "must be 1, 5, 10, 20, 30 or a multiple of 60"),
    ([metric(stat="p101")], "p101"),
    ([metric(stat="PR(10%:20%)")], "PR(10%:20%)"),
    ([metric(), metric()], "not unique"),
    ([metric("Upper")], "expected pattern"),
    ([{"Id": "m1"}], "is required"),
    ([{**metric(), "Expression": "m1"}], "mutually exclusive"),
    ([metric(f"m{n}") for n in range(501)], "greater than 500"),
]


@pytest.mark.parametrize(("queries", "said"), BAD)
def test_bad_queries_are_refused(
    cloudwatch: Any, queries: list[dict[str, Any]], said: str
) -> None:
    code, message = refusal(
        cloudwatch.get_metric_data,
        MetricDataQueries=queries,
        StartTime=at(NOW - 600),
        EndTime=at(NOW),
    )

    assert code == "ValidationError"
    assert said in message


def test_a_range_that_ends_before_it_starts_is_refused(cloudwatch: Any) -> None:
    code, _ = refusal(
        cloudwatch.get_metric_data,
        MetricDataQueries=[metric()],
        StartTime=at(NOW),
        EndTime=at(NOW - 60),
    )

    assert code == "ValidationError"


def test_partial_results_on_demand(
    cloudwatch: Any, record: Record, cloud: Cloud
) -> None:
    record(MINUTE - 180, 4)
    cloud.faults.add(Fault(FaultKind.PARTIAL, "cloudwatch.GetMetricData", count=1))

    first, second = ask(cloudwatch, metric()), ask(cloudwatch, metric())

    assert first["MetricDataResults"][0]["StatusCode"] == "PartialData"
    assert first["MetricDataResults"][0]["Messages"][0]["Code"] == "InternalError"
    assert (values(first), values(second)) == ([1, 2], [1, 2, 3, 4])


def statistics(client: Any, minutes: int = 10, **others: Any) -> dict[str, Any]:
    asked = {"Period": 60, "Statistics": ["Sum"], **others}
    answer: dict[str, Any] = client.get_metric_statistics(
        Namespace="Shop",
        MetricName="Latency",
        StartTime=at(MINUTE - minutes * 60),
        EndTime=at(MINUTE),
        **asked,
    )
    return answer


def test_statistics_of_a_metric(cloudwatch: Any, record: Record) -> None:
    record(MINUTE - 120, 2, unit="Seconds")

    answer = statistics(
        cloudwatch, Statistics=["Sum", "Maximum"], ExtendedStatistics=["p50"]
    )

    assert answer["Label"] == "Latency"
    assert answer["Datapoints"][1] == {
        "Timestamp": at(MINUTE - 60),
        "Unit": "Seconds",
        "Sum": 2,
        "Maximum": 2,
        "ExtendedStatistics": {"p50": 2},
    }


def test_statistics_of_two_units_are_apart(cloudwatch: Any, record: Record) -> None:
    record(MINUTE - 60, 1, unit="Seconds")
    record(MINUTE - 60, 1, unit="Count")

    found = statistics(cloudwatch)["Datapoints"]
    asked = statistics(cloudwatch, Unit="Count")["Datapoints"]

    assert [point["Unit"] for point in found] == ["Seconds", "Count"]
    assert [point["Unit"] for point in asked] == ["Count"]


@pytest.mark.parametrize(
    ("others", "code", "said"),
    [
        (
            {"minutes": 1_441},
            "InvalidParameterCombination",
            "exceeds the limit of 1440",
        ),
        ({"Period": 45}, "InvalidParameterValue", "multiple of 60"),
        ({"minutes": -1}, "InvalidParameterValue", "less than"),
        (
            {"Statistics": [], "ExtendedStatistics": ["best"]},
            "InvalidParameterValue",
            "best",
        ),
    ],
)
def test_bad_statistics_are_refused(
    cloudwatch: Any, others: dict[str, Any], code: str, said: str
) -> None:
    asked = {name: value for name, value in others.items() if value != []}
    if "ExtendedStatistics" in asked:
        asked["Statistics"] = ["Sum"]

    found = refusal(statistics, client=cloudwatch, **asked)

    assert found[0] == code
    assert said in found[1]
