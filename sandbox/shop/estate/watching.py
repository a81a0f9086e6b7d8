"""Alarms on the shop, who hears of them, and metrics that are made of log lines."""

from __future__ import annotations

from typing import Any

from sandbox.kernel.cloud import SHOP
from sandbox.shop.estate.sites import Site
from sandbox.shop.topology import API, SERVICES, STAGE, Registry, Service

OPS_TOPIC = "ops"


def set_up(site: Site) -> None:
    topic = site.client("sns").create_topic(Name=OPS_TOPIC)["TopicArn"]
    for service in SERVICES.values():
        if service.account != site.account:
            continue
        _count_errors(site, service)
        if service.registry is Registry.ALB:
            _watch_balancer(site, service, topic)
    if site.account == SHOP:
        _watch_api(site, topic)


def _count_errors(site: Site, service: Service) -> None:
    site.client("logs").put_metric_filter(
        logGroupName=service.log_group,
        filterName="errors",
        filterPattern='{ $.level = "ERROR" }',
        metricTransformations=[
            {
                "metricName": f"{service.name}-errors",
                "metricNamespace": "Shop/Logs",
                "metricValue": "1",
                "defaultValue": 0,
            }
        ],
    )


def alarm(site: Site, name: str, **what: Any) -> None:
    """An alarm of three minutes, two of them wrong, unless `what` says else."""
    usual: dict[str, Any] = {
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "TreatMissingData": "notBreaching",
    }
    site.client("cloudwatch").put_metric_alarm(AlarmName=name, **{**usual, **what})


def _watch_balancer(site: Site, service: Service, topic: str) -> None:
    balancer = site.balanced[service.name].load_balancer
    alarm(
        site,
        f"{service.name}-slow",
        Namespace="AWS/ApplicationELB",
        MetricName="TargetResponseTime",
        Dimensions=[{"Name": "LoadBalancer", "Value": balancer}],
        ExtendedStatistic="p90",
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
        OKActions=[topic],
    )
    alarm(
        site,
        f"{service.name}-memory",
        Namespace="AWS/ECS",
        MetricName="MemoryUtilization",
        Dimensions=[
            {"Name": "ClusterName", "Value": "shop"},
            {"Name": "ServiceName", "Value": service.name},
        ],
        Statistic="Maximum",
        Threshold=85.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )


def _watch_api(site: Site, topic: str) -> None:
    dimensions = [
        {"Name": "ApiName", "Value": API},
        {"Name": "Stage", "Value": STAGE},
    ]

    def metric(identifier: str, name: str) -> dict[str, Any]:
        of = {
            "Namespace": "AWS/ApiGateway",
            "MetricName": name,
            "Dimensions": dimensions,
        }
        stat = {"Metric": of, "Period": 60, "Stat": "Sum"}
        return {"Id": identifier, "MetricStat": stat, "ReturnData": False}

    site.client("cloudwatch").put_metric_alarm(
        AlarmName="api-faults",
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        TreatMissingData="notBreaching",
        Threshold=5.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
        Metrics=[
            metric("faults", "5XXError"),
            metric("requests", "Count"),
            {
                "Id": "percent",
                "Expression": "100 * faults / requests",
                "Label": "Faults (%)",
                "ReturnData": True,
            },
        ],
    )
    alarm(
        site,
        "no-orders",
        Namespace="Shop",
        MetricName="Orders",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=3,
        DatapointsToAlarm=3,
        Threshold=1.0,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
        AlarmActions=[topic],
    )
    site.client("cloudwatch").put_composite_alarm(
        AlarmName="shop-is-unwell",
        AlarmRule='ALARM("api-faults") OR ALARM("storefront-slow")',
        AlarmActions=[topic],
    )
