"""What metrics tell the service map: true traffic, and services without traces."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from apps.discovery.accounts import Viewer
from apps.monitoring.charts.services import measured_services
from apps.monitoring.charts.traffic import true_calls
from apps.monitoring.metrics.keys import MetricKey
from apps.search.timerange import TimeRange
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT
from tests.monitoring.charts.stored import MINUTE, NOW, a_series, cover, keep

pytestmark = pytest.mark.django_db
HERE = (ACCOUNT, "eu-west-1")
HOUR = TimeRange(NOON - timedelta(hours=1), NOON)
GATEWAY = "AWS::ApiGateway::Stage"
BALANCER = "AWS::ElasticLoadBalancing::LoadBalancer"


def viewer(*accounts: str) -> Viewer:
    seen = frozenset(accounts) or None
    return cast("Viewer", SimpleNamespace(visible_accounts=lambda: seen))


def counted(namespace: str, name: str, values: list[float], **dimensions: str) -> None:
    row = a_series(MetricKey.of(HERE, namespace, name, dimensions))
    keep(row, NOW - len(values) * MINUTE, values)
    cover(row, NOW - 3_600, NOW)


@pytest.mark.parametrize(
    ("namespace", "metric", "dimensions", "node"),
    [
        ("AWS/ApiGateway", "Count", {"ApiName": "shop", "Stage": "prod"},
         (ACCOUNT, GATEWAY, "shop/prod")),
        ("AWS/ApiGateway", "Count", {"ApiName": "shop"}, (ACCOUNT, GATEWAY, "shop")),
        ("AWS/ApplicationELB", "RequestCount", {"LoadBalancer": "app/front/50dc6c495c"},
         ("", BALANCER, "front")),
    ],
)  # fmt: skip
def test_calls_are_those_of_the_metric_that_has_the_nodes_name(
    namespace: str,
    metric: str,
    dimensions: dict[str, str],
    node: tuple[str, str, str],
) -> None:
    counted(namespace, metric, [30.0, 20.0, 50.0], **dimensions)

    assert true_calls([node], HOUR, viewer()) == {node: 100}
    assert true_calls([node], HOUR, viewer(OTHER_ACCOUNT)) == {}


def test_counts_of_a_part_are_not_those_of_the_whole() -> None:
    counted(
        "AWS/ApiGateway", "Count", [9.0], ApiName="shop", Stage="prod", Method="GET"
    )
    counted("AWS/ApplicationELB", "RequestCount", [9.0], LoadBalancer="app/shop/1",
            TargetGroup="targetgroup/a/1")  # fmt: skip
    nodes = [(ACCOUNT, GATEWAY, "shop"), (ACCOUNT, BALANCER, "shop")]

    assert true_calls(nodes, HOUR, viewer()) == {}


def test_a_service_of_the_name_of_an_api_is_not_that_api() -> None:
    counted("AWS/ApiGateway", "Count", [9.0], ApiName="shop")

    assert true_calls([(ACCOUNT, "AWS::ECS::Container", "shop")], HOUR, viewer()) == {}


def test_services_are_known_once_from_their_metrics() -> None:
    at = NOON - timedelta(minutes=30)
    a_series(MetricKey.of(HERE, "AWS/Lambda", "Errors", {"FunctionName": "mail"}), at)
    a_series(MetricKey.of(HERE, "AWS/Lambda", "Duration", {"FunctionName": "mail"}), at)
    a_series(MetricKey.of(HERE, "AWS/Lambda", "Errors", {}), at)

    (found,) = measured_services(HOUR, viewer())

    assert (found.name, found.kind) == ("mail", "Lambda function")
    assert found.known_from == "metrics of AWS/Lambda"
    assert measured_services(HOUR, viewer(OTHER_ACCOUNT)) == []
