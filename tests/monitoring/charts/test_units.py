"""Numbers carry the unit their metric is measured in."""

from __future__ import annotations

import pytest

from apps.monitoring.charts.units import is_summed, shown, unit_of
from apps.monitoring.metrics.keys import MetricKey


@pytest.mark.parametrize(
    ("namespace", "name", "statistic", "unit"),
    [
        ("AWS/ECS", "CPUUtilization", "Average", "Percent"),
        ("AWS/ECS", "CPUUtilization", "SampleCount", "Count"),
        ("AWS/ApplicationELB", "TargetResponseTime", "p99", "Seconds"),
        ("AWS/ApplicationELB", "ProcessedBytes", "Sum", "Bytes"),
        ("AWS/Lambda", "Duration", "Average", "Milliseconds"),
        ("AWS/Lambda", "Errors", "Sum", "Count"),
        ("AWS/RDS", "FreeStorageSpace", "Minimum", "Bytes"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", "Seconds"),
        ("AWS/DynamoDB", "SuccessfulRequestLatency", "Average", "Milliseconds"),
        ("Shop", "OrdersPlaced", "Sum", ""),
    ],
)
def test_units(namespace: str, name: str, statistic: str, unit: str) -> None:
    key = MetricKey("1", "r", namespace, name)

    assert unit_of(key, statistic) == unit


@pytest.mark.parametrize(
    ("namespace", "name", "expected"),
    [
        ("AWS/ApplicationELB", "RequestCount", True),
        ("AWS/Lambda", "Errors", True),
        ("AWS/ApplicationELB", "HealthyHostCount", False),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", False),
        ("AWS/RDS", "FreeStorageSpace", False),
        ("AWS/Lambda", "Duration", False),
    ],
)
def test_what_counts_events_is_summed_and_levels_are_not(
    namespace: str, name: str, expected: bool
) -> None:
    assert is_summed(MetricKey("1", "r", namespace, name)) is expected


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "Count", "0"),
        (999, "Count", "999"),
        (12_340, "Count", "12.34 k"),
        (-2_500_000, "", "-2.5 M"),
        (12, "Bytes", "12 B"),
        (1500, "Bytes", "1.5 kB"),
        (3e9, "Bytes", "3 GB"),
        (23.456, "Percent", "23.46 %"),
        (0.25, "Seconds", "250 ms"),
        (90, "Seconds", "1.5 min"),
        (1250, "Milliseconds", "1.25 s"),
        (7200, "Seconds", "2 h"),
        (5, "orders", "5 orders"),
        (0.000012, "", "1.20e-05"),
        (float("nan"), "Count", "\u2013"),
    ],
)
def test_numbers_as_people_read_them(value: float, unit: str, text: str) -> None:
    assert shown(value, unit) == text
