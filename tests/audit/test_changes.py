"""What CloudTrail saw changing, as markers of charts."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from apps.audit.changes import markers
from apps.discovery.accounts import Viewer
from apps.monitoring.metrics.keys import MetricKey
from apps.search.timerange import TimeRange
from tests.conftest import Fill
from tests.factories import ACCOUNT, NOON, an_event

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
