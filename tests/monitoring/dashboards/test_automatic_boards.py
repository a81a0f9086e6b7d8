"""Every main namespace has a dashboard, made of the series there are."""

import pytest

from apps.monitoring.dashboards.automatic_boards import (
    Inventory,
    board,
    tables,
    variable_name,
)

NAMESPACES = {
    "AWS/Lambda", "AWS/ECS", "AWS/ApplicationELB", "AWS/ApiGateway", "AWS/DynamoDB",
    "AWS/RDS", "AWS/SQS", "AWS/SNS", "AWS/ElastiCache", "AWS/EC2", "AWS/S3",
    "AWS/Kinesis", "AWS/Firehose", "AWS/States", "AWS/Events", "AWS/Logs",
}  # fmt: skip


def test_the_main_namespaces_are_declared() -> None:
    assert set(tables()) == NAMESPACES


@pytest.mark.parametrize("namespace", sorted(NAMESPACES))
def test_a_table_makes_a_dashboard_of_all_it_declares(namespace: str) -> None:
    panels = tables()[namespace]["panels"]
    there: dict[str, dict[tuple[str, ...], int]] = {}
    for panel in panels:
        for line in panel["lines"]:
            if "name" in line:
                there.setdefault(line["name"], {})[tuple(sorted(panel["by"]))] = 1

    made = board(namespace, there)

    assert [one.title for one in made.panels] == [panel["title"] for panel in panels]


def test_only_what_is_there_is_shown() -> None:
    there: Inventory = {
        "Errors": {("FunctionName",): 3},
        "Invocations": {("Resource",): 1},
    }

    made = board("AWS/Lambda", there)

    assert [one.title for one in made.panels] == ["Errors"]
    assert [one.name for one in made.variables] == [
        "account", "region", "d_function_name",
    ]  # fmt: skip
    line = made.panels[0].chart["lines"][0]
    assert line["dimensions"] == {"FunctionName": "${d_function_name}"}
    assert (line["account"], line["region"]) == ("${account}", "${region}")


def test_any_other_namespace_has_a_chart_for_each_metric() -> None:
    there: Inventory = {
        "OrdersPlaced": {(): 1, ("Stage", "Shop"): 4},
        "QueueTime": {("Stage",): 2},
    }

    made = board("Shop/Orders", there)

    assert made.title == "Shop/Orders"
    assert [one.title for one in made.panels] == [
        "OrdersPlaced, average", "QueueTime, average",
    ]  # fmt: skip
    first = made.panels[0].chart["lines"][0]
    assert set(first["dimensions"]) == {"Stage", "Shop"}


def test_what_is_counted_is_summed() -> None:
    made = board("Shop", {"CheckoutErrors": {(): 1}, "Latency": {(): 1}})

    statistics = [one.chart["lines"][0]["statistic"] for one in made.panels]
    assert statistics == ["Sum", "Average"]


@pytest.mark.parametrize(
    ("dimension", "name"),
    [
        ("FunctionName", "d_function_name"),
        ("DBInstanceIdentifier", "d_dbinstance_identifier"),
        ("5 odd-Ones", "d_5_odd_ones"),
    ],
)
def test_variables_are_called_after_their_dimension(dimension: str, name: str) -> None:
    assert variable_name(dimension) == name
