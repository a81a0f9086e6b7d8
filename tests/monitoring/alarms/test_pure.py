"""What alarms say, what they are blind to, and the states they were in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.monitoring.alarms.blindness import blind_spots
from apps.monitoring.alarms.records import AlarmRecord, alarms_of, events_of
from apps.monitoring.alarms.timeline import StateChange, stretches
from apps.monitoring.alarms.wording import condition
from apps.search.timerange import TimeRange

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HEALTHY = AlarmRecord(
    kind="metric",
    arn="arn:aws:cloudwatch:eu-west-1:111122223333:alarm:slow",
    name="slow",
    state="OK",
    reason="",
    since=NOON,
    updated_at=NOON,
    evaluation_state="",
    are_actions_enabled=True,
    settings={"AlarmActions": ["arn:aws:sns:eu-west-1:111122223333:pager"]},
)


def texts(alarm: AlarmRecord, now: datetime = NOON) -> str:
    return " ".join(blind.text for blind in blind_spots(alarm, now))


def with_settings(**settings: Any) -> AlarmRecord:
    return replace(HEALTHY, settings=HEALTHY.settings | settings)


def test_an_alarm_with_data_and_actions_is_blind_to_nothing() -> None:
    assert blind_spots(HEALTHY, NOON) == ()


@pytest.mark.parametrize(
    ("alarm", "told"),
    [
        (replace(HEALTHY, evaluation_state="PARTIAL_DATA"), "judged a part"),
        (replace(HEALTHY, evaluation_state="NEW_ONE"), "CloudWatch says NEW_ONE"),
        (replace(HEALTHY, are_actions_enabled=False), "tells nobody"),
        (replace(HEALTHY, settings={}), "no actions"),
        (with_settings(Namespace="AWS/DynamoDB"), "DynamoDB"),
        (with_settings(TreatMissingData="notBreaching"), "silence looks healthy"),
        (with_settings(TreatMissingData="ignore"), "as it was"),
        (with_settings(EvaluateLowSampleCountPercentile="ignore"), "few samples"),
        (
            replace(with_settings(ActionsSuppressor="holiday"), kind="composite"),
            "holiday can suppress",
        ),
    ],
)
def test_every_blindness_is_told(alarm: AlarmRecord, told: str) -> None:
    assert told in texts(alarm)


def test_too_little_data_is_a_blindness_only_after_an_hour() -> None:
    silent = replace(HEALTHY, state="INSUFFICIENT_DATA")

    assert "misspelt" not in texts(silent, NOON + 59 * MINUTE)
    assert "misspelt" in texts(silent, NOON + 61 * MINUTE)


def test_grave_blindness_comes_first() -> None:
    alarm = replace(HEALTHY, settings={}, are_actions_enabled=False)

    assert [blind.is_grave for blind in blind_spots(alarm, NOON)] == [True, False]


def test_since_is_when_the_state_came_not_when_it_was_looked_at() -> None:
    told = {
        "AlarmName": "slow",
        "AlarmArn": HEALTHY.arn,
        "StateValue": "ALARM",
        "StateUpdatedTimestamp": NOON + MINUTE,
        "StateTransitionedTimestamp": NOON,
    }

    assert next(alarms_of({"MetricAlarms": [told]})).since == NOON


def test_history_that_is_no_json_is_kept_as_text() -> None:
    item = {
        "AlarmName": "slow",
        "Timestamp": NOON,
        "HistoryItemType": "Action",
        "HistoryData": "not json",
    }

    assert next(events_of({"AlarmHistoryItems": [item]})).data == {"text": "not json"}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            {
                "Namespace": "AWS/ApplicationELB",
                "MetricName": "TargetResponseTime",
                "ExtendedStatistic": "p99",
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": 0.5,
                "EvaluationPeriods": 3,
                "DatapointsToAlarm": 2,
                "Period": 60,
            },
            "p99 of AWS/ApplicationELB TargetResponseTime more than 0.5 "
            "for 2 of 3 periods of 1 min",
        ),
        (
            {
                "Metrics": [
                    {"Id": "m", "ReturnData": False, "MetricStat": {"Period": 10}},
                    {"Id": "e", "Expression": "m*2"},
                ],
                "ComparisonOperator": "LessThanThreshold",
                "Threshold": 10.0,
                "EvaluationPeriods": 1,
            },
            "m*2 less than 10 for 1 period of 10 s",
        ),
    ],
)
def test_the_condition_reads_as_a_sentence(told: dict[str, Any], expected: str) -> None:
    assert condition("metric", told) == expected


def test_the_condition_of_a_composite_alarm_is_its_rule() -> None:
    assert condition("composite", {"AlarmRule": "ALARM(a)"}) == "ALARM(a)"


HOUR = TimeRange(NOON, NOON + 60 * MINUTE)


def shown(changes: list[StateChange], state: str, since: datetime) -> list[Any]:
    return [
        (one.state, (one.since - NOON) // MINUTE, (one.until - NOON) // MINUTE)
        for one in stretches(changes, state, since, HOUR)
    ]


def test_states_follow_each_other_without_gaps() -> None:
    changes = [
        StateChange(NOON + 10 * MINUTE, "OK", "ALARM"),
        StateChange(NOON + 25 * MINUTE, "ALARM", "OK"),
    ]

    assert shown(changes, "OK", NOON + 25 * MINUTE) == [
        ("OK", 0, 10),
        ("ALARM", 10, 25),
        ("OK", 25, 60),
    ]


def test_a_change_before_the_range_gives_its_first_state() -> None:
    changes = [StateChange(NOON - MINUTE, "OK", "ALARM")]

    assert shown(changes, "ALARM", NOON - MINUTE) == [("ALARM", 0, 60)]


def test_without_history_nothing_is_claimed_before_the_state_began() -> None:
    assert shown([], "OK", NOON + 15 * MINUTE) == [("", 0, 15), ("OK", 15, 60)]
