"""What CloudTrail saw changing, as markers of charts."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from apps.audit.changes import badges, markers
from apps.discovery.accounts import Viewer
from apps.monitoring.metrics.keys import MetricKey
from apps.search.timerange import TimeRange
from tests.conftest import Fill
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT, an_event

SPAN = TimeRange(NOON - timedelta(hours=1), NOON + timedelta(hours=1))
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:cart"
ERRORS = MetricKey(
    ACCOUNT, "eu-west-1", "AWS/Lambda", "Errors", (("FunctionName", "cart"),)
)


def viewer(*accounts: str) -> Viewer:
    seen = frozenset(accounts) or None
    return cast("Viewer", SimpleNamespace(visible_accounts=lambda: seen))


def a_change(**fields: Any) -> Any:
    changed = {
        "eventName": "UpdateFunctionCode20150331v2",
        "eventSource": "lambda.amazonaws.com",
        "readOnly": False,
        "requestParameters": {"functionName": FUNCTION},
        "resources": [{"ARN": FUNCTION}],
    }
    return an_event(**(changed | fields))


def titles(*accounts: str) -> list[str]:
    return [one.title for one in markers([ERRORS], SPAN, viewer(*accounts))]


def test_a_write_on_the_resource_marks_its_chart(fill: Fill) -> None:
    fill(a_change())

    (found,) = markers([ERRORS], SPAN, viewer())

    assert found.kind == "change"
    assert found.title == "UpdateFunctionCode20150331v2"
    assert "alice" in found.text


@pytest.mark.parametrize(
    "fields",
    [
        {"readOnly": True},
        {"errorCode": "AccessDenied"},
        {"awsRegion": "us-east-1"},
        {"resources": [{"ARN": FUNCTION + "-2"}], "requestParameters": None},
        {"eventTime": "2026-07-01T15:00:00Z"},
    ],
)
def test_reads_failures_and_others_do_not(fill: Fill, fields: dict[str, Any]) -> None:
    fill(a_change(**fields))

    assert titles() == []


def test_changes_in_accounts_one_does_not_see_are_not_told(fill: Fill) -> None:
    fill(a_change())

    assert titles("999999999999") == []


def test_a_metric_without_dimensions_has_no_changes(fill: Fill) -> None:
    fill(a_change())
    whole = MetricKey(ACCOUNT, "eu-west-1", "AWS/Lambda", "Errors")

    assert markers([whole], SPAN, viewer()) == ()


NODES = [(ACCOUNT, "AWS::Lambda::Function", "cart"), ("", "", "web")]


def test_writes_are_badges_of_the_node_that_has_the_resources_name(fill: Fill) -> None:
    fill(
        a_change(eventID="1"),
        a_change(eventID="2", eventName="UpdateFunctionConfiguration20150331v2"),
        a_change(eventID="3", readOnly=True, eventName="GetFunction20150331v2"),
    )

    found = badges(NODES, SPAN, viewer())

    ((badge,),) = found.values()
    assert list(found) == [NODES[0]]
    assert (badge.kind, badge.count) == ("change", 2)
    assert badge.text.startswith("2 changes: ")
    assert "explore/trail" in badge.url


def test_writes_of_another_account_are_not_the_nodes(fill: Fill) -> None:
    fill(a_change())
    other = [(OTHER_ACCOUNT, "", "cart")]

    assert badges(other, SPAN, viewer()) == {}
    assert badges(NODES, SPAN, viewer(OTHER_ACCOUNT)) == {}


def test_many_long_names_are_asked_for_in_parts(fill: Fill) -> None:
    fill(a_change())
    many = [
        (ACCOUNT, "", f"{'a-very-long-name-of-a-service-' * 3}{at}") for at in range(60)
    ]

    assert list(badges([*many, NODES[0]], SPAN, viewer())) == [NODES[0]]
