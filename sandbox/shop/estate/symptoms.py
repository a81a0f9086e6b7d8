"""Alarms for what goes wrong in one service: memory, caches, chatter, silence.

With `watching`, every incident in traffic raises one.
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel.cloud import SHOP
from sandbox.shop.estate.sites import Site
from sandbox.shop.estate.watching import OPS_TOPIC, alarm
from sandbox.shop.topology import CLUSTER, SERVICES, Registry, Runtime, Service

_MEMORY_PERCENT = 85.0
_LINES_A_MINUTE = 5_000.0
_CALLS_A_REQUEST = 5.0
_MISSED_PERCENT = 50.0
_SLOW_MS = 1_000.0
_ABOVE = "GreaterThanThreshold"


def set_up(site: Site) -> None:
    topic = site.client("sns").create_topic(Name=OPS_TOPIC)["TopicArn"]
    for service in SERVICES.values():
        if service.account == site.account:
            _watch(site, service, topic)
    if site.account == SHOP:
        _watch_checkout(site, topic)
        _watch_cache(site, topic)
        _watch_chatter(site, topic)
        _watch_silence(site, topic)


def _watch(site: Site, service: Service, topic: str) -> None:
    alarm(
        site,
        f"{service.name}-log-volume",
        Namespace="AWS/Logs",
        MetricName="IncomingLogEvents",
        Dimensions=[{"Name": "LogGroupName", "Value": service.log_group}],
        Statistic="Sum",
        Threshold=_LINES_A_MINUTE,
        ComparisonOperator=_ABOVE,
        AlarmActions=[topic],
    )
    # Services behind a balancer have theirs with it.
    if service.runtime is Runtime.ECS and service.registry is not Registry.ALB:
        alarm(
            site,
            f"{service.name}-memory",
            Namespace="AWS/ECS",
            MetricName="MemoryUtilization",
            Dimensions=[
                {"Name": "ClusterName", "Value": CLUSTER},
                {"Name": "ServiceName", "Value": service.name},
            ],
            Statistic="Maximum",
            Threshold=_MEMORY_PERCENT,
            ComparisonOperator=_ABOVE,
            AlarmActions=[topic],
        )


def _watch_checkout(site: Site, topic: str) -> None:
    alarm(
        site,
        "checkout-slow",
        Namespace="Shop",
        MetricName="Latency",
        Dimensions=[{"Name": "Service", "Value": "checkout"}],
        ExtendedStatistic="p90",
        Threshold=_SLOW_MS,
        ComparisonOperator=_ABOVE,
        AlarmActions=[topic],
    )


def _metric(identifier: str, stat: str, metric: dict[str, Any]) -> dict[str, Any]:
    of = {"Metric": metric, "Period": 60, "Stat": stat}
    return {"Id": identifier, "MetricStat": of, "ReturnData": False}


def _ratio(site: Site, name: str, metrics: list[dict[str, Any]], **what: Any) -> None:
    expression, label = what.pop("expression"), what.pop("label")
    returned = {
        "Id": "ratio",
        "Expression": expression,
        "Label": label,
        "ReturnData": True,
    }
    site.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        TreatMissingData="notBreaching",
        ComparisonOperator=_ABOVE,
        Metrics=[*metrics, returned],
        **what,
    )


def _watch_cache(site: Site, topic: str) -> None:
    def of(name: str) -> dict[str, Any]:
        dimensions = [{"Name": "CacheClusterId", "Value": "product-cache"}]
        return {
            "Namespace": "AWS/ElastiCache",
            "MetricName": name,
            "Dimensions": dimensions,
        }

    _ratio(
        site,
        "product-cache-misses",
        [
            _metric("misses", "Sum", of("CacheMisses")),
            _metric("gets", "Sum", of("GetTypeCmds")),
        ],
        expression="100 * misses / gets",
        label="Missed (%)",
        Threshold=_MISSED_PERCENT,
        AlarmActions=[topic],
    )


def _watch_chatter(site: Site, topic: str) -> None:
    reads = {
        "Namespace": "AWS/DynamoDB",
        "MetricName": "SuccessfulRequestLatency",
        "Dimensions": [
            {"Name": "TableName", "Value": "affinities"},
            {"Name": "Operation", "Value": "Query"},
        ],
    }
    requests = {
        "Namespace": "Shop",
        "MetricName": "Latency",
        "Dimensions": [{"Name": "Service", "Value": "recommendations"}],
    }
    _ratio(
        site,
        "recommendations-chatty",
        [
            _metric("reads", "SampleCount", reads),
            _metric("requests", "SampleCount", requests),
        ],
        expression="reads / requests",
        label="Reads a request",
        Threshold=_CALLS_A_REQUEST,
        AlarmActions=[topic],
    )


def _watch_silence(site: Site, topic: str) -> None:
    for name in ("storefront", "catalog", "recommendations"):
        alarm(
            site,
            f"{name}-silent",
            Namespace="Shop",
            MetricName="Latency",
            Dimensions=[{"Name": "Service", "Value": name}],
            Statistic="SampleCount",
            DatapointsToAlarm=3,
            Threshold=1.0,
            ComparisonOperator="LessThanThreshold",
            TreatMissingData="breaching",
            AlarmActions=[topic],
        )
