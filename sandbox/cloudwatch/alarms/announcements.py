"""What alarms tell SNS, EventBridge and Lambda.

Sources: notifications of alarms as SNS delivers them; alarm events and EventBridge,
CloudWatch user guide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.loaders import Loader

from sandbox.cloudwatch.alarms.model import Alarm, Condition, stamp

_STATISTICS = {
    "SampleCount": "SAMPLE_COUNT",
    "Average": "AVERAGE",
    "Sum": "SUM",
    "Minimum": "MINIMUM",
    "Maximum": "MAXIMUM",
}
_TRIGGER = (
    "Period",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "ComparisonOperator",
    "Threshold",
)


def _region_names() -> Mapping[str, str]:
    regions = Loader().load_data("endpoints")["partitions"][0]["regions"]
    names = {name: each["description"] for name, each in regions.items()}
    # Notifications have kept the older names of Europe's regions.
    return {name: each.replace("Europe (", "EU (") for name, each in names.items()}


_REGIONS = _region_names()


def region_name(region: str) -> str:
    return _REGIONS.get(region, region)


def subject(alarm: Alarm) -> str:
    where = region_name(alarm.place[1])
    return f'{alarm.condition.value}: "{alarm.name}" in {where}'[:100]


def notification(
    alarm: Alarm, before: Condition, children: Sequence[Alarm]
) -> dict[str, Any]:
    """The message to SNS; `children` are those a composite's change came from."""
    given, after = alarm.configuration, alarm.condition
    message: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": given.get("AlarmDescription"),
        "AWSAccountId": alarm.place[0],
        "AlarmConfigurationUpdatedTimestamp": stamp(alarm.configured_at),
        "NewStateValue": after.value.value,
        "NewStateReason": after.reason,
        "StateChangeTime": stamp(after.since),
        "Region": region_name(alarm.place[1]),
        "AlarmArn": alarm.arn,
        "OldStateValue": before.value.value,
        "OKActions": given["OKActions"],
        "AlarmActions": given["AlarmActions"],
        "InsufficientDataActions": given["InsufficientDataActions"],
    }
    if alarm.rule is None:
        return {**message, "Trigger": _trigger(given)}
    triggering = [_child(child) for child in children]
    return {
        **message,
        "AlarmRule": given["AlarmRule"],
        "TriggeringChildren": triggering,
    }


def _child(alarm: Alarm) -> dict[str, Any]:
    state = alarm.condition
    value = {"Value": state.value.value, "Timestamp": stamp(state.since)}
    return {"Arn": alarm.arn, "State": value}


def _trigger(given: Mapping[str, Any]) -> dict[str, Any]:
    trigger = {name: given[name] for name in _TRIGGER if name in given}
    trigger["TreatMissingData"] = given.get("TreatMissingData", "")
    low = given.get("EvaluateLowSampleCountPercentile", "")
    trigger["EvaluateLowSampleCountPercentile"] = low
    if "Metrics" in given:
        return {**trigger, "Metrics": [_metric(each) for each in given["Metrics"]]}
    head = {
        "MetricName": given["MetricName"],
        "Namespace": given["Namespace"],
        **_statistic(given),
        "Unit": given.get("Unit"),
        "Dimensions": _dimensions(given),
    }
    return {**head, **trigger}


def _statistic(given: Mapping[str, Any]) -> dict[str, Any]:
    if "Statistic" in given:
        name = _STATISTICS[given["Statistic"]]
        return {"StatisticType": "Statistic", "Statistic": name}
    extended = given["ExtendedStatistic"]
    return {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": extended}


def _dimensions(given: Mapping[str, Any]) -> list[dict[str, str]]:
    listed = given.get("Dimensions") or ()
    return [{"value": each["Value"], "name": each["Name"]} for each in listed]


def _metric(query: Mapping[str, Any]) -> dict[str, Any]:
    told = {**query, "ReturnData": query.get("ReturnData", True)}
    if "MetricStat" in query:
        stat = query["MetricStat"]
        metric = {**stat["Metric"], "Dimensions": _dimensions(stat["Metric"])}
        told["MetricStat"] = {**stat, "Metric": metric}
    return told


def event_detail(alarm: Alarm, before: Condition) -> dict[str, Any]:
    """The detail of `CloudWatch Alarm State Change`."""
    return {
        "alarmName": alarm.name,
        "configuration": configuration(alarm),
        "previousState": state(before),
        "state": state(alarm.condition),
    }


def state(condition: Condition) -> dict[str, Any]:
    told: dict[str, Any] = {"reason": condition.reason}
    if condition.data:
        told["reasonData"] = condition.data
    return {
        **told,
        "timestamp": stamp(condition.since),
        "value": condition.value.value,
    }


def configuration(alarm: Alarm) -> dict[str, Any]:
    given = alarm.configuration
    told: dict[str, Any] = {}
    if "AlarmDescription" in given:
        told["description"] = given["AlarmDescription"]
    if alarm.rule is not None:
        return {**told, "alarmRule": given["AlarmRule"]}
    if "Metrics" in given:
        return {**told, "metrics": [_query(each) for each in given["Metrics"]]}
    stat = given.get("Statistic") or given["ExtendedStatistic"]
    query = {
        "Id": "m1",
        "MetricStat": {"Metric": given, "Period": given["Period"], "Stat": stat},
    }
    return {**told, "metrics": [_query(query)]}


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"id": query["Id"]}
    for member in ("Expression", "Label"):
        if member in query:
            told[member.lower()] = query[member]
    if "MetricStat" in query:
        stat = query["MetricStat"]
        metric = stat["Metric"]
        dimensions = {d["Name"]: d["Value"] for d in metric.get("Dimensions") or ()}
        told["metricStat"] = {
            "metric": {
                "dimensions": dimensions,
                "name": metric["MetricName"],
                "namespace": metric["Namespace"],
            },
            "period": stat["Period"],
            "stat": stat["Stat"],
        }
    return {**told, "returnData": query.get("ReturnData", True)}


def invocation(alarm: Alarm, before: Condition) -> str:
    """What a Lambda function that is an action is called with."""
    detail = event_detail(alarm, before)
    account, region = alarm.place
    return json.dumps(
        {
            "source": "aws.cloudwatch",
            "alarmArn": alarm.arn,
            "accountId": account,
            "time": stamp(alarm.condition.since),
            "region": region,
            "alarmData": detail,
        }
    )
