"""The page of an alarm tells what it makes of the newest points, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import nan
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from apps.discovery.roles import Role
from apps.monitoring.alarms.deciding import Rule, decide, newest_read
from apps.monitoring.alarms.watched import NotShown, watched
from apps.monitoring.metrics import samples
from apps.monitoring.metrics.columns import Samples
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.lines import Interval
from apps.monitoring.models import CloudWatchAlarm, MetricSeries
from tests.conftest import signed_in
from tests.factories import ACCOUNT, OTHER_ACCOUNT
from tests.monitoring.alarms.test_pages import an_alarm, text

WHERE = (ACCOUNT, "eu-west-1")
LATENCY: dict[str, Any] = {
    "Namespace": "Shop",
    "MetricName": "Latency",
    "Statistic": "Sum",
    "Dimensions": [{"Name": "Service", "Value": "cart"}],
    "Period": 60,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "Threshold": 5.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}
RULE = Rule(5.0, "GreaterThanThreshold", 3, 2, 60, "notBreaching")


def decided(*values: float, rule: Rule = RULE, state: str = "OK") -> Any:
    times = [60 * at for at in range(len(values))]
    return decide(rule, values, times, state)


class TestDeciding:
    def test_enough_breaching_points_are_an_alarm(self) -> None:
        found = decided(1, 1, 9, 2, 9)

        assert found.state == "ALARM"
        assert found.why == "2 of the newest 3 points breach, 2 of 3 must: in alarm."
        assert [one.value for one in found.points] == [9, 2, 9, 1, 1]
        assert [one.counts for one in found.points] == [True] * 3 + [False] * 2
        assert found.outcomes == ()

    def test_missing_points_are_treated_in_every_way_there_is(self) -> None:
        found = decided(nan, nan, nan, nan, nan)

        assert {one.treatment: one.state for one in found.outcomes} == {
            "missing": "INSUFFICIENT_DATA",
            "ignore": "RETAIN",
            "breaching": "ALARM",
            "notBreaching": "OK",
        }
        assert "3 are missing and treated as notBreaching: OK." in found.why

    def test_a_state_that_is_kept_is_the_one_it_has(self) -> None:
        rule = Rule(5.0, "GreaterThanThreshold", 3, 2, 60, "ignore")

        assert decided(*[nan] * 5, rule=rule, state="ALARM").state == "ALARM"

    def test_dynamodb_keeps_its_state_whatever_is_set(self) -> None:
        settings = LATENCY | {"Namespace": "AWS/DynamoDB"}

        assert Rule.of(settings, 60).treatment == "ignore"

    @pytest.mark.parametrize(
        ("covered", "why"),
        [
            ([], "not been collected yet"),
            ([Interval(0, 600), Interval(800, 1_000)], "not all been collected"),
        ],
    )
    def test_what_was_not_read_is_not_missing(
        self, covered: list[Interval], why: str
    ) -> None:
        with pytest.raises(NotShown, match=why):
            newest_read(RULE, covered, 2_000)

    def test_periods_end_where_they_were_read_whole(self) -> None:
        found = newest_read(RULE, [Interval(0, 1_030)], 2_000)

        assert found == Interval(1_020 - 5 * 60, 1_020)


class TestWatched:
    def test_metric_math_hides_what_it_only_computes_with(self) -> None:
        stat = {"Metric": LATENCY, "Period": 300, "Stat": "Sum"}
        queries = [
            {"Id": "a", "MetricStat": stat, "ReturnData": False},
            {"Id": "b", "Expression": "a * 2", "Label": "Twice"},
        ]

        spec, judged = watched({"Metrics": queries}, WHERE)

        assert (spec.period, judged) == (300, "b")
        assert [(one.id, one.is_hidden) for one in spec.lines] == [
            ("a", True),
            ("b", False),
        ]

    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"Period": 10}, "10 seconds are not kept"),
            ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "anomaly detection"),
            ({"MetricName": None}, "does not watch a metric"),
            ({"Statistic": None, "ExtendedStatistic": "p200"}, "no statistic"),
        ],
    )
    def test_what_cannot_be_drawn_says_why(
        self, changed: dict[str, Any], why: str
    ) -> None:
        with pytest.raises(NotShown, match=why):
            watched(LATENCY | changed, WHERE)


def latencies(values: Sequence[float]) -> CloudWatchAlarm:
    """An alarm whose newest points have these values, the last one minute old."""
    now = timezone.now()
    key = MetricKey.of(WHERE, "Shop", "Latency", {"Service": "cart"})
    row = MetricSeries.made_of(key, now)
    row.save()
    until = int(now.timestamp()) // 60 * 60
    times = until - 60 * np.arange(len(values), 0, -1, dtype=np.int64)
    ones, sums = np.ones(len(values)), np.array(values, dtype=np.float64)
    samples.write(row.pk, 60, Samples(times, ones, sums, sums, sums), until)
    read = Interval(until - 60 * len(values), until)
    samples.note_covered([row.pk], 60, read, until)
    return an_alarm("slow", "ALARM", settings=LATENCY)


@pytest.mark.django_db
class TestPage:
    def test_points_are_shown_with_what_they_come_to(
        self, viewer_client: Client
    ) -> None:
        alarm = latencies([1, 1, 9, 2, 9])

        page = text(viewer_client, f"/alarms/{alarm.pk}/")

        assert "2 of the newest 3 points breach, 2 of 3 must: in alarm." in page
        assert page.count('class="point-breaching"') == 2
        assert "Open the chart" in page

    def test_rest_tells_the_same(self, viewer_client: Client) -> None:
        alarm = latencies([1, 1, 9, 2, 9])

        told = viewer_client.get(f"/api/v1/alarms/{alarm.pk}").json()["decision"]

        assert told["state"] == "ALARM"
        assert [one["breaching"] for one in told["points"]] == [
            True, False, True, False, False,
        ]  # fmt: skip

    def test_a_disagreement_with_cloudwatch_is_said(
        self, viewer_client: Client
    ) -> None:
        alarm = latencies([1, 1, 1, 1, 1])

        page = text(viewer_client, f"/alarms/{alarm.pk}/")

        assert "CloudWatch says In alarm" in page

    def test_without_points_it_says_why(self, viewer_client: Client) -> None:
        alarm = an_alarm("slow", settings=LATENCY)

        assert "cannot be told: This metric is not known" in text(
            viewer_client, f"/alarms/{alarm.pk}/"
        )

    def test_points_of_another_account_stay_unseen(self) -> None:
        alarm = latencies([9, 9, 9, 9, 9])
        CloudWatchAlarm.objects.update(account=OTHER_ACCOUNT)
        told = {"AccountId": ACCOUNT, "Id": "a", "MetricStat": {
            "Metric": LATENCY, "Period": 60, "Stat": "Sum"}}  # fmt: skip
        settings = {**LATENCY, "MetricName": None, "Metrics": [told]}
        CloudWatchAlarm.objects.update(settings=settings)
        vera = signed_in("vera", Role.VIEWER, OTHER_ACCOUNT)

        page = text(vera, f"/alarms/{alarm.pk}/")

        assert "breach," not in page
        assert "not yours to see" in page

    @pytest.mark.parametrize(
        "hostile",
        [
            {"EvaluationPeriods": 10**9},
            {"AlarmDescription": "<script>alert(1)</script>"},
        ],
    )
    def test_strange_settings_break_nothing(
        self, viewer_client: Client, hostile: dict[str, Any]
    ) -> None:
        alarm = latencies([9])
        alarm.settings = LATENCY | hostile
        alarm.since -= timedelta(days=1)
        alarm.save()

        page = text(viewer_client, f"/alarms/{alarm.pk}/")

        assert "Something went wrong" not in page
        assert "<script>alert" not in page
