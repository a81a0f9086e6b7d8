"""From a chart to the log groups of what it is about."""

from __future__ import annotations

import pytest

from apps.monitoring.charts.loglinks import log_query
from apps.search.language import parse
from tests.monitoring.charts.examples import a_key


@pytest.mark.parametrize(
    ("dimensions", "query"),
    [
        ({"FunctionName": "mailer"}, '@logGroup:"/aws/lambda/mailer"'),
        ({"ServiceName": "orders", "ClusterName": "shop"}, "@logGroup:*orders*"),
        ({"ClusterName": "shop"}, "@logGroup:*shop*"),
        ({"LoadBalancer": "app/x/1"}, ""),
    ],
)
def test_groups_are_guessed_from_dimensions(
    dimensions: dict[str, str], query: str
) -> None:
    assert log_query([a_key("Errors", **dimensions)]) == query


def test_several_resources_are_joined_once_each() -> None:
    keys = [
        a_key("Errors", FunctionName="a"),
        a_key("Duration", FunctionName="a"),
        a_key("Errors", FunctionName="b"),
    ]

    assert log_query(keys) == ('@logGroup:"/aws/lambda/a" OR @logGroup:"/aws/lambda/b"')


@pytest.mark.parametrize("name", ['a" OR x:*', "a b", "ü(", "x:y/z", "\\"])
def test_any_name_gives_a_query_that_can_be_read(name: str) -> None:
    for dimension in ("FunctionName", "ServiceName", "DBInstanceIdentifier"):
        parse(log_query([a_key("Errors", **{dimension: name})]))
