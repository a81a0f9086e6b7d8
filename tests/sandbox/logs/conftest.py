"""A log group with a stream, and short ways to write and read."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.sandbox.conftest import NOW, Client

NOW_MS = int(NOW * 1_000)
Put = Callable[..., Any]


@pytest.fixture
def logs(client: Client) -> Any:
    """A client, with the group /shop and its stream one."""
    made = client("logs")
    made.create_log_group(logGroupName="/shop")
    made.create_log_stream(logGroupName="/shop", logStreamName="one")
    return made


@pytest.fixture
def put(logs: Any) -> Put:
    """`put("a", "b")` writes messages; `at` gives their times from now, in ms."""

    def write(*messages: str, stream: str = "one", at: Sequence[int] = ()) -> Any:
        times = at or [0] * len(messages)
        return logs.put_log_events(
            logGroupName="/shop",
            logStreamName=stream,
            logEvents=[
                {"timestamp": NOW_MS + ms, "message": message}
                for ms, message in zip(times, messages, strict=True)
            ],
        )

    return write


def messages(answer: Any) -> list[str]:
    return [event["message"] for event in answer["events"]]


def within(seconds: float, work: Callable[[], Any]) -> Any:
    began = time.monotonic()
    found = work()
    assert time.monotonic() - began < seconds
    return found
