"""CloudWatch, walked with the AWS CLI."""

from __future__ import annotations

import json

from sandbox.assembly import Sandbox
from tests.sandbox.conftest import NOW
from tests.sandbox.tour.aws import Aws
from tests.sandbox.tour.conftest import all_of

_START, _END = int(NOW - 600), int(NOW)
_RANGE = f"--start-time {_START} --end-time {_END}"
_LATENCY = "--namespace Shop --metric-name Latency"


def a_query(query_id: str, **others: object) -> dict[str, object]:
    stat = {
        "Metric": {"Namespace": "Shop", "MetricName": "Latency"},
        "Period": 60,
        "Stat": "p90",
    }
    return {"Id": query_id, "MetricStat": stat, **others}


def walk_metrics(aws: Aws) -> None:
    """Put a metric, list it, and read it in both ways."""
    aws(f"cloudwatch put-metric-data {_LATENCY} --value 7 --timestamp {_END - 60}")
    listed = aws("cloudwatch list-metrics --namespace Shop")["Metrics"]
    assert [each["MetricName"] for each in listed] == ["Latency"]
    queries = [a_query("m1"), {"Id": "e1", "Expression": "m1 * 2", "Label": "twice"}]
    results = aws(
        f"cloudwatch get-metric-data {_RANGE} --metric-data-queries",
        json.dumps(queries),
    )["MetricDataResults"]
    assert [each["Values"] for each in results] == [[7], [14]]
    points = aws(
        f"cloudwatch get-metric-statistics {_LATENCY} {_RANGE} --period 60 "
        "--statistics Sum"
    )["Datapoints"]
    assert [point["Sum"] for point in points] == [7]


def walk_alarms(aws: Aws) -> None:
    """Two alarms and one above them, and what is told of them."""
    for name, threshold in (("slow", 5), ("dead", 9_000)):
        aws(
            f"cloudwatch put-metric-alarm --alarm-name {name} {_LATENCY} "
            f"--statistic Maximum --period 60 --evaluation-periods 1 "
            f"--threshold {threshold} --comparison-operator GreaterThanThreshold"
        )
    aws(
        "cloudwatch put-composite-alarm --alarm-name shop --alarm-rule",
        "ALARM(slow) AND NOT ALARM(dead)",
    )
    found = aws("cloudwatch describe-alarms --alarm-types MetricAlarm CompositeAlarm")
    states = {
        alarm["AlarmName"]: alarm["StateValue"]
        for alarm in found["MetricAlarms"] + found["CompositeAlarms"]
    }
    assert states == {"slow": "ALARM", "dead": "OK", "shop": "ALARM"}
    of_metric = aws(f"cloudwatch describe-alarms-for-metric {_LATENCY}")
    assert len(of_metric["MetricAlarms"]) == 2


def walk_changes(aws: Aws) -> None:
    """Change an alarm by hand, and read what happened."""
    aws("cloudwatch disable-alarm-actions --alarm-names slow")
    found = aws("cloudwatch describe-alarms --alarm-names slow")["MetricAlarms"]
    assert found[0]["ActionsEnabled"] is False
    aws("cloudwatch enable-alarm-actions --alarm-names slow")
    aws(
        "cloudwatch set-alarm-state --alarm-name dead --state-value ALARM "
        "--state-reason drill"
    )
    items = aws(
        "cloudwatch describe-alarm-history --alarm-name shop "
        "--alarm-types CompositeAlarm --history-item-type StateUpdate"
    )["AlarmHistoryItems"]
    assert items[0]["HistorySummary"] == "Alarm updated from ALARM to OK"


def walk_tags(aws: Aws) -> None:
    found = aws("cloudwatch describe-alarms --alarm-names slow")["MetricAlarms"]
    arn = found[0]["AlarmArn"]
    aws(f"cloudwatch tag-resource --resource-arn {arn} --tags Key=team,Value=shop")
    tags = aws(f"cloudwatch list-tags-for-resource --resource-arn {arn}")["Tags"]
    assert tags == [{"Key": "team", "Value": "shop"}]
    aws(f"cloudwatch untag-resource --resource-arn {arn} --tag-keys team")
    assert aws(f"cloudwatch list-tags-for-resource --resource-arn {arn}")["Tags"] == []


def walk_dashboards(aws: Aws) -> None:
    body = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "x"}}]})
    put = "cloudwatch put-dashboard --dashboard-name shop --dashboard-body"
    assert aws(put, body).get("DashboardValidationMessages", []) == []
    listed = aws("cloudwatch list-dashboards")["DashboardEntries"]
    assert [each["DashboardName"] for each in listed] == ["shop"]
    found = aws("cloudwatch get-dashboard --dashboard-name shop")
    assert json.loads(found["DashboardBody"]) == json.loads(body)
    aws("cloudwatch delete-dashboards --dashboard-names shop")
    assert aws("cloudwatch list-dashboards")["DashboardEntries"] == []


def test_metrics_and_alarms(aws: Aws, sandbox: Sandbox, walked: set[str]) -> None:
    walk_metrics(aws)
    walk_alarms(aws)
    walk_changes(aws)
    walk_tags(aws)
    walk_dashboards(aws)
    aws("cloudwatch delete-alarms --alarm-names slow dead shop")

    gone = aws("cloudwatch describe-alarms --alarm-types MetricAlarm CompositeAlarm")
    assert gone["MetricAlarms"] == gone["CompositeAlarms"] == []
    assert walked >= all_of(sandbox, "cloudwatch")
