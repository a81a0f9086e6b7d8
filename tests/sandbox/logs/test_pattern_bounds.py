"""What filter patterns may cost at most."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.kernel.cloud import Cloud
from sandbox.logs.filterpatterns import columns, parse_pattern
from tests.sandbox.logs.conftest import Put, messages, within

SLOW = r"%\w+\w+\w+\w+\d%"
LONG = "a" * 300 + "!"


def test_a_slow_pattern_answers_short_pages_that_lead_on(logs: Any, put: Put) -> None:
    put(*[LONG] * 30, "a1")
    asked: dict[str, Any] = {"logGroupName": "/shop", "filterPattern": SLOW}

    first = within(2.5, lambda: logs.filter_log_events(**asked))

    assert first["events"] == []
    page = first
    while "nextToken" in page:
        page = logs.filter_log_events(**asked, nextToken=page["nextToken"])
    assert messages(page) == []


def test_a_slow_metric_filter_stops_matching_and_says_so_once(
    logs: Any, put: Put, caplog: pytest.LogCaptureFixture
) -> None:
    logs.put_metric_filter(
        logGroupName="/shop",
        filterName="slow",
        filterPattern=SLOW,
        metricTransformations=[
            {"metricName": "M", "metricNamespace": "N", "metricValue": "1"}
        ],
    )

    with caplog.at_level(logging.WARNING, "sandbox.logs"):
        within(2.5, lambda: [put(*[LONG] * 30) for _ in range(3)])

    assert len([one for one in caplog.messages if "slow" in one]) == 1


def test_no_timer_waits_for_a_slow_filter(logs: Any, put: Put, cloud: Cloud) -> None:
    logs.put_metric_filter(
        logGroupName="/shop",
        filterName="slow",
        filterPattern=SLOW,
        metricTransformations=[
            {"metricName": "M", "metricNamespace": "N", "metricValue": "1"}
        ],
    )
    put(*[LONG] * 30)

    within(0.2, cloud.timers.run_due)


def test_a_test_of_a_slow_pattern_is_refused(logs: Any) -> None:
    asked = {"filterPattern": SLOW, "logEventMessages": [LONG] * 50}

    with pytest.raises(ClientError, match="too expensive"):
        within(3, lambda: logs.test_metric_filter(**asked))


def test_words_are_found_in_linear_time() -> None:
    pattern = parse_pattern("[a, b = x]")

    assert within(1, lambda: pattern.matches("[ " * 100_000)) is False
    assert columns.words_of('a [b c] "d e" [f g') == ["a", "b c", "d e", "[f", "g"]


def test_matching_holds_no_lock(logs: Any, put: Put) -> None:
    put(*[LONG] * 30)
    asked: dict[str, Any] = {"logGroupName": "/shop", "filterPattern": SLOW}
    searching = threading.Thread(target=lambda: logs.filter_log_events(**asked))
    searching.start()

    within(0.8, lambda: logs.create_log_stream(logGroupName="/shop", logStreamName="x"))

    searching.join()
