"""What AWS really answered about logs is read without losing anything of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from apps.discovery.aws import Door, Target
from apps.discovery.limits import Pace
from apps.monitoring.logs.cloudwatch_logs import (
    PERMISSIONS,
    CloudWatchLogs,
    EventWindow,
)
from tests.conftest import cases_folder

HERE = Target("111122223333", "eu-west-1")
# The same in every answer about logs: tokens say where to go on, and AWS has given up
# counting the bytes of a stream and its sequence tokens.
NOT_DATA = {"nextToken", "nextForwardToken", "nextBackwardToken", "uploadSequenceToken"}
READS: Mapping[str, Callable[[CloudWatchLogs], Any]] = {
    "DescribeLogGroups": lambda logs: list(logs.groups()),
    "DescribeLogStreams": lambda logs: list(logs.stream_pages("/shop")),
    "DescribeSubscriptionFilters": lambda logs: logs.subscription_filters("/shop"),
    "DescribeMetricFilters": lambda logs: logs.metric_filters("/shop"),
    "FilterLogEvents": lambda logs: list(logs.event_pages(EventWindow("/shop", 0, 1))),
    "GetLogEvents": lambda logs: list(logs.stream_events("/shop", "one", 0, 1)),
}


def recorded() -> list[Any]:
    folder = cases_folder() / "aws-responses" / "logs"
    return [
        pytest.param(path.stem, line, id=f"{path.stem}-{at}")
        for path in sorted(folder.glob("*.jsonl"))
        if path.stem in READS
        for at, line in enumerate(path.read_text().splitlines())
    ]


def leaves(value: Any, key: str = "") -> Iterator[str]:
    """Every value that says something, as text."""
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from leaves(below, name)
    elif isinstance(value, list | tuple):
        for below in value:
            yield from leaves(below, key)
    elif key not in NOT_DATA and value is not None:
        yield str(value).removesuffix(":*")


def answering(monkeypatch: pytest.MonkeyPatch, *pages: Mapping[str, Any]) -> list[Any]:
    """AWS answers with these pages, one a call; what it is asked."""
    asked: list[Any] = []
    waiting = iter(pages)

    def call(self: Door, operation: str, **parameters: Any) -> Mapping[str, Any]:
        asked.append(parameters)
        return next(waiting)

    monkeypatch.setattr(Door, "__init__", lambda *_: None)
    monkeypatch.setattr(Door, "call", call)
    return asked


@pytest.mark.cases
@pytest.mark.parametrize(("operation", "line"), recorded())
def test_nothing_of_a_recorded_answer_is_lost(
    operation: str, line: str, monkeypatch: pytest.MonkeyPatch, cases: Path
) -> None:
    said = json.loads(line)["data"]
    last = {name: value for name, value in said.items() if name != "nextToken"}
    answering(monkeypatch, last, last)

    read = READS[operation](CloudWatchLogs(HERE))

    kept = set(leaves(plain(read)))
    lost = set(leaves(last)) - kept - {"0"}
    assert not {text for text in lost if ":log-stream:" not in text}


def plain(value: Any) -> Any:
    return [plain(one) if isinstance(one, list) else _fields(one) for one in value]


def _fields(one: Any) -> Any:
    return asdict(one) if hasattr(one, "__slots__") else one


def test_only_the_token_ends_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"timestamp": 5, "message": "m", "logStreamName": "s", "eventId": "e"}
    asked = answering(
        monkeypatch,
        {"events": [], "nextToken": "a"},
        {"events": [event], "nextToken": "b"},
        {"events": [], "nextToken": "c"},
        {"events": []},
    )

    pages = list(CloudWatchLogs(HERE).event_pages(EventWindow("/shop", 0, 10)))

    assert [len(page.events) for page in pages] == [0, 1, 0, 0]
    assert [one.get("nextToken") for one in asked] == [None, "a", "b", "c"]


def test_the_end_of_a_window_is_not_asked_for() -> None:
    """FilterLogEvents includes its end; windows exclude theirs."""
    asked = EventWindow("/shop", 1_000, 2_000).parameters

    assert (asked["startTime"], asked["endTime"]) == (1_000, 1_999)


def test_a_stream_ends_where_its_token_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event = {"timestamp": 5, "message": "m"}
    asked = answering(
        monkeypatch,
        {"events": [event], "nextForwardToken": "f/1"},
        {"events": [], "nextForwardToken": "f/1"},
    )

    pages = list(CloudWatchLogs(HERE).stream_events("/shop", "one", 0, 10))

    assert [len(page) for page in pages] == [1, 0]
    assert [one.get("nextToken") for one in asked] == [None, "f/1"]


@pytest.mark.parametrize(
    ("region", "per_second"),
    [("us-east-1", 25), ("eu-central-1", 5), ("il-central-1", 5), ("eu-west-1", 10)],
)
def test_searching_keeps_to_the_quota_of_its_region(
    region: str, per_second: int
) -> None:
    pace = Pace.of("111122223333", region, "logs.filter_log_events")

    assert pace is not None
    assert pace.interval_ms >= 1_000 / per_second


def test_every_action_of_the_door_is_in_the_policy() -> None:
    named = {one.removeprefix("logs:") for many in PERMISSIONS.values() for one in many}

    assert named == set(READS)
