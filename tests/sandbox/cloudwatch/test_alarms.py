"""Alarms: put, evaluated by themselves, and described."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.cloudwatch.conftest import (
    datum,
    dimension,
    expression,
    metric,
    refusal,
)
from tests.sandbox.conftest import NOW

Passing = Callable[[float], None]
NO_METRIC: dict[str, Any] = dict.fromkeys(
    ("Namespace", "MetricName", "Statistic", "Period")
)
"""What an alarm on several metrics has none of."""


def put_alarm(client: Any, name: str = "slow", **others: Any) -> None:
    """An alarm on the sum of `Latency` above five in one minute."""
    given: dict[str, Any] = {
        "AlarmName": name,
        "Namespace": "Shop",
        "MetricName": "Latency",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 5,
        "ComparisonOperator": "GreaterThanThreshold",
        **others,
    }
    asked = {member: value for member, value in given.items() if value is not None}
    client.put_metric_alarm(**asked)


def put(client: Any, *data: dict[str, Any]) -> None:
    client.put_metric_data(Namespace="Shop", MetricData=list(data))


def described(client: Any, name: str = "slow") -> dict[str, Any]:
    found = client.describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return dict((found["MetricAlarms"] + found["CompositeAlarms"])[0])


def state(client: Any, name: str = "slow") -> str:
    return str(described(client, name)["StateValue"])


def test_an_alarm_without_data_has_insufficient_data(cloudwatch: Any) -> None:
    put_alarm(cloudwatch)

    found = described(cloudwatch)

    assert found["StateValue"] == "INSUFFICIENT_DATA"
    assert found["StateReason"] == "Unchecked: Initial alarm creation"
    assert found["AlarmArn"] == "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:slow"


def test_an_alarm_looks_at_once_when_it_is_put(cloudwatch: Any) -> None:
    put(cloudwatch, datum(9, 1))

    put_alarm(cloudwatch)

    assert state(cloudwatch) == "ALARM"


def test_an_alarm_goes_off_and_comes_back(cloudwatch: Any, pass_time: Passing) -> None:
    put_alarm(cloudwatch, TreatMissingData="notBreaching")
    put(cloudwatch, datum(9))

    pass_time(60)
    went_off = described(cloudwatch)
    pass_time(300)

    assert went_off["StateValue"] == "ALARM"
    assert went_off["StateTransitionedTimestamp"].timestamp() == NOW + 60
    assert state(cloudwatch) == "OK"


def test_the_reason_is_told_in_words_and_in_json(cloudwatch: Any) -> None:
    put(cloudwatch, datum(9, 1, Unit="Count"))

    put_alarm(cloudwatch)

    found = described(cloudwatch)
    assert found["StateReason"] == (
        "Threshold Crossed: 1 out of the last 1 datapoints "
        "[9.0 (21/09/26 14:12:00)] was greater than the threshold (5.0) "
        "(minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert json.loads(found["StateReasonData"]) == {
        "version": "1.0",
        "queryDate": "2026-09-21T14:13:20.000+0000",
        "startDate": "2026-09-21T14:12:00.000+0000",
        "statistic": "Sum",
        "period": 60,
        "recentDatapoints": [9.0],
        "threshold": 5.0,
        "evaluatedDatapoints": [
            {
                "timestamp": "2026-09-21T14:12:00.000+0000",
                "sampleCount": 1.0,
                "value": 9.0,
            }
        ],
    }


def test_the_reason_of_missing_points(cloudwatch: Any) -> None:
    put_alarm(cloudwatch, TreatMissingData="breaching", EvaluationPeriods=2)

    found = described(cloudwatch)

    assert found["StateReason"] == (
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing "
        "datapoints were treated as [Breaching]."
    )


@pytest.mark.parametrize(
    ("latencies", "expected"), [([9, 1, 9], "ALARM"), ([9, 1, 1], "OK")]
)
def test_two_of_three_points_are_enough(
    cloudwatch: Any, latencies: list[float], expected: str
) -> None:
    put(cloudwatch, *(datum(value, 3 - i) for i, value in enumerate(latencies)))

    put_alarm(cloudwatch, EvaluationPeriods=3, DatapointsToAlarm=2)

    assert state(cloudwatch) == expected


def test_older_points_stand_in_for_missing_ones(cloudwatch: Any) -> None:
    put(cloudwatch, datum(9, 5), datum(9, 4), datum(9, 2))

    put_alarm(cloudwatch, EvaluationPeriods=3, TreatMissingData="notBreaching")

    assert state(cloudwatch) == "ALARM"


def test_an_alarm_on_an_expression(cloudwatch: Any) -> None:
    put(cloudwatch, datum(9, 1, MetricName="Errors"), datum(10, 1))
    metrics = [
        metric("m1", name="Errors", ReturnData=False),
        metric("m2", ReturnData=False),
        expression("100 * m1 / m2"),
    ]

    put_alarm(
        cloudwatch,
        **NO_METRIC,
        Metrics=metrics,
        Threshold=80,
    )

    assert state(cloudwatch) == "ALARM"


def test_percentiles_of_few_samples_may_be_ignored(cloudwatch: Any) -> None:
    put(cloudwatch, datum(9, 1))
    p99 = {"Statistic": None, "ExtendedStatistic": "p99"}

    put_alarm(cloudwatch, "evaluate", **p99)
    put_alarm(cloudwatch, "ignore", **p99, EvaluateLowSampleCountPercentile="ignore")

    assert state(cloudwatch, "evaluate") == "ALARM"
    assert state(cloudwatch, "ignore") == "INSUFFICIENT_DATA"


def test_an_alarm_on_a_band(cloudwatch: Any) -> None:
    normal = [datum(10 + minute % 2, minute) for minute in range(2, 50)]
    put(cloudwatch, *normal, datum(99, 1))

    put_alarm(
        cloudwatch,
        **NO_METRIC,
        Threshold=None,
        Metrics=[metric("m1"), expression("ANOMALY_DETECTION_BAND(m1, 2)", "ad1")],
        ThresholdMetricId="ad1",
        ComparisonOperator="GreaterThanUpperThreshold",
    )

    assert state(cloudwatch) == "ALARM"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"MetricName": None}, "Exactly one of the parameters MetricName and Metrics"),
    ({"Statistic": None}, "Statistic and ExtendedStatistic"),
    ({"Period": 45}, "Period must be"),
    ({"EvaluationPeriods": 2_000}, "more than a day"),
    ({"DatapointsToAlarm": 2}, "less than or equal EvaluationPeriods"),
    ({"TreatMissingData": "guess"}, "guess is not supported"),
    ({"Threshold": None}, "Threshold"),
    ({"AlarmActions": ["nobody"]}, "Invalid arn syntax: nobody"),
    ({"ExtendedStatistic": "p101", "Statistic": None}, "p101"),
]


@pytest.mark.parametrize(("others", "said"), BAD)
def test_a_bad_alarm_is_refused(
    cloudwatch: Any, others: dict[str, Any], said: str
) -> None:
    code, message = refusal(put_alarm, client=cloudwatch, **others)

    assert code == "ValidationError"
    assert said in message


def test_what_the_sandbox_cannot_evaluate_is_refused(cloudwatch: Any) -> None:
    window: dict[str, Any] = {"SlidingWindow": {}}

    code, _ = refusal(put_alarm, client=cloudwatch, EvaluationWindow=window)

    assert code == "NotImplementedBySandbox"


def test_a_set_state_lasts_until_the_next_look(
    cloudwatch: Any, pass_time: Passing
) -> None:
    put_alarm(cloudwatch, TreatMissingData="notBreaching")

    cloudwatch.set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="try")
    while_set = state(cloudwatch)
    pass_time(10)

    assert while_set == "ALARM"
    assert state(cloudwatch) == "OK"


def test_pages_follow_names(cloudwatch: Any) -> None:
    for number in range(52):
        put_alarm(cloudwatch, f"a{number:02}")

    first = cloudwatch.describe_alarms()
    second = cloudwatch.describe_alarms(NextToken=first["NextToken"])

    assert len(first["MetricAlarms"]) == 50
    assert [a["AlarmName"] for a in second["MetricAlarms"]] == ["a50", "a51"]
    assert len(cloudwatch.describe_alarms(MaxRecords=100)["MetricAlarms"]) == 52


def test_alarms_are_found_by_what_they_are(cloudwatch: Any) -> None:
    topic = "arn:aws:sns:eu-west-1:111122223333:ops"
    put_alarm(cloudwatch, "slow", AlarmActions=[topic])
    put_alarm(cloudwatch, "fast", TreatMissingData="breaching")

    def found(**asked: Any) -> list[str]:
        alarms = cloudwatch.describe_alarms(**asked)["MetricAlarms"]
        return [alarm["AlarmName"] for alarm in alarms]

    assert found(AlarmNamePrefix="s") == ["slow"]
    assert found(StateValue="ALARM") == ["fast"]
    assert found(ActionPrefix="arn:aws:sns") == ["slow"]
    assert found(AlarmNames=["fast", "none"]) == ["fast"]


def test_alarms_of_a_metric(cloudwatch: Any) -> None:
    put_alarm(cloudwatch, "one", Dimensions=dimension("Host", "1"))
    put_alarm(cloudwatch, "two", Dimensions=dimension("Host", "2"))

    found = cloudwatch.describe_alarms_for_metric(
        Namespace="Shop", MetricName="Latency", Dimensions=dimension("Host", "2")
    )

    assert [alarm["AlarmName"] for alarm in found["MetricAlarms"]] == ["two"]


def test_history_tells_what_happened_newest_first(
    cloudwatch: Any, pass_time: Passing
) -> None:
    put_alarm(cloudwatch)
    put(cloudwatch, datum(9))
    pass_time(60)
    cloudwatch.delete_alarms(AlarmNames=["slow"])

    items = cloudwatch.describe_alarm_history(AlarmName="slow")["AlarmHistoryItems"]

    assert [item["HistorySummary"] for item in items] == [
        'Alarm "slow" deleted',
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        'Alarm "slow" created',
    ]
    changed = json.loads(items[1]["HistoryData"])
    assert changed["oldState"]["stateValue"] == "INSUFFICIENT_DATA"
    assert changed["newState"]["stateReason"].startswith("Threshold Crossed")


def test_history_comes_in_pages_and_by_kind(cloudwatch: Any) -> None:
    for number in range(3):
        put_alarm(cloudwatch, f"a{number}")

    first = cloudwatch.describe_alarm_history(MaxRecords=2, ScanBy="TimestampAscending")
    second = cloudwatch.describe_alarm_history(
        NextToken=first["NextToken"], ScanBy="TimestampAscending"
    )
    states = cloudwatch.describe_alarm_history(HistoryItemType="StateUpdate")

    assert [i["AlarmName"] for i in first["AlarmHistoryItems"]] == ["a0", "a1"]
    assert [i["AlarmName"] for i in second["AlarmHistoryItems"]] == ["a2"]
    assert states["AlarmHistoryItems"] == []


def test_an_alarm_that_is_not_there_is_not_deleted(cloudwatch: Any) -> None:
    code, _ = refusal(cloudwatch.delete_alarms, AlarmNames=["nobody"])

    assert code == "ResourceNotFound"


def test_tags_come_and_go(cloudwatch: Any) -> None:
    put_alarm(cloudwatch, Tags=[{"Key": "team", "Value": "shop"}])
    arn = described(cloudwatch)["AlarmArn"]

    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "tier", "Value": "1"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["team"])

    tags = cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert tags == [{"Key": "tier", "Value": "1"}]
    assert (
        refusal(cloudwatch.list_tags_for_resource, ResourceARN=arn + "x")[0]
        == "ResourceNotFoundException"
    )


def test_setting_the_same_state_again_is_no_transition(
    cloudwatch: Any, pass_time: Passing
) -> None:
    put_alarm(cloudwatch)
    pass_time(5)

    cloudwatch.set_alarm_state(
        AlarmName="slow", StateValue="INSUFFICIENT_DATA", StateReason="again"
    )

    found = described(cloudwatch)
    assert found["StateReason"] == "again"
    assert found["StateTransitionedTimestamp"].timestamp() == NOW


def test_a_threshold_that_is_no_band_leaves_an_alarm_blind(cloudwatch: Any) -> None:
    put_alarm(
        cloudwatch,
        **NO_METRIC,
        Threshold=None,
        Metrics=[metric("m1"), expression("m1 * 2", "ad1")],
        ThresholdMetricId="ad1",
        ComparisonOperator="GreaterThanUpperThreshold",
    )

    assert state(cloudwatch) == "INSUFFICIENT_DATA"


def test_an_alarm_that_is_put_again_keeps_its_state_and_tags(cloudwatch: Any) -> None:
    put_alarm(cloudwatch, Tags=[{"Key": "team", "Value": "shop"}])
    cloudwatch.set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="try")

    put_alarm(cloudwatch, TreatMissingData="ignore", Threshold=7)

    found = described(cloudwatch)
    assert (found["StateValue"], found["Threshold"]) == ("ALARM", 7)
    tags = cloudwatch.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "shop"}]


def test_dynamodb_alarms_ignore_missing_points(cloudwatch: Any) -> None:
    put_alarm(cloudwatch, Namespace="AWS/DynamoDB", TreatMissingData="breaching")

    assert state(cloudwatch) == "INSUFFICIENT_DATA"


def test_windows_of_long_periods_end_with_the_minute(cloudwatch: Any) -> None:
    put(cloudwatch, datum(3, 1), datum(3, 5), datum(3, 6))

    put_alarm(cloudwatch, Period=300)

    assert "[6.0 (21/09/26 14:08:00)]" in described(cloudwatch)["StateReason"]
