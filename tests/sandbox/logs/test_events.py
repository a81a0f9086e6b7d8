"""Writing and reading events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.assembly import Sandbox
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from sandbox.kernel.faults import Fault, FaultKind
from tests.sandbox.logs.conftest import NOW_MS, Put, messages

HOUR = 3_600_000
DAY = 24 * HOUR


def test_events_of_all_streams_come_in_the_order_of_their_time(
    logs: Any, put: Put
) -> None:
    logs.create_log_stream(logGroupName="/shop", logStreamName="two")
    put("b", "d", at=[-30, -10])
    put("a", "c", stream="two", at=[-40, -20])

    found = logs.filter_log_events(logGroupName="/shop")

    assert messages(found) == ["a", "b", "c", "d"]
    assert found["searchedLogStreams"] == []
    assert [event["logStreamName"] for event in found["events"]][:2] == ["two", "one"]


def test_ids_are_unique_stable_and_have_56_digits(logs: Any, put: Put) -> None:
    put("same", "same")

    first = logs.filter_log_events(logGroupName="/shop")["events"]
    again = logs.filter_log_events(logGroupName="/shop")["events"]

    ids = [event["eventId"] for event in first]
    assert len(set(ids)) == 2
    assert all(len(one) == 56 and one.isdigit() for one in ids)
    assert ids == [event["eventId"] for event in again]


def test_the_end_of_a_filter_is_inclusive_and_of_a_stream_exclusive(
    logs: Any, put: Put
) -> None:
    put("first", "last", at=[-20, -10])
    span = {"startTime": NOW_MS - 20, "endTime": NOW_MS - 10}

    filtered = logs.filter_log_events(logGroupName="/shop", **span)
    got = logs.get_log_events(logGroupName="/shop", logStreamName="one", **span)

    assert messages(filtered) == ["first", "last"]
    assert messages(got) == ["first"]


def test_an_event_that_comes_late_is_found_where_its_time_is(
    logs: Any, put: Put, pass_time: Callable[[float], None]
) -> None:
    put("new")
    pass_time(60)
    put("old", at=[-HOUR])

    found = logs.filter_log_events(logGroupName="/shop")["events"]

    assert [event["message"] for event in found] == ["old", "new"]
    assert found[0]["ingestionTime"] - found[1]["ingestionTime"] == 60_000


def test_ingestion_that_is_late_shows_events_only_then(
    cloud: Cloud, logs: Any, put: Put, pass_time: Callable[[float], None]
) -> None:
    fault = Fault(FaultKind.LATE, where="logs.ingestion", seconds=120, count=1)
    cloud.faults.add(fault)
    put("slow")
    assert messages(logs.filter_log_events(logGroupName="/shop")) == []

    pass_time(121)

    (event,) = logs.filter_log_events(logGroupName="/shop")["events"]
    assert (event["message"], event["ingestionTime"]) == ("slow", NOW_MS)


def test_pages_follow_tokens_and_keep_to_the_limit(logs: Any, put: Put) -> None:
    put(*"abcde", at=[1, 2, 3, 4, 5])
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="/shop", limit=2
    )

    assert [messages(page) for page in pages] == [["a", "b"], ["c", "d"], ["e"]]


def test_newest_first_pages_backwards(logs: Any, put: Put) -> None:
    put(*"abc", at=[1, 2, 3])
    asked = {"logGroupName": "/shop", "startTime": NOW_MS, "limit": 2}

    first = logs.filter_log_events(startFromHead=False, **asked)
    second = logs.filter_log_events(nextToken=first["nextToken"], **asked)

    assert messages(first) == ["c", "b"]
    assert messages(second) == ["a"]


def test_pages_without_a_match_are_not_the_last(sandbox: Sandbox, logs: Any) -> None:
    service: Any = sandbox.service("logs")
    events = [(NOW_MS + n, "dull") for n in range(30_000)] + [(NOW_MS + 40_000, "gold")]
    service.write_history((SHOP, HOME_REGION), ("/shop", "one"), events)

    pages = list(
        logs.get_paginator("filter_log_events").paginate(
            logGroupName="/shop", filterPattern="gold"
        )
    )

    assert [messages(page) for page in pages] == [[], [], [], ["gold"]]


def test_a_page_holds_no_more_than_a_megabyte(logs: Any, put: Put) -> None:
    for n in range(3):
        put("x" * 500_000, at=[n])

    first = logs.filter_log_events(logGroupName="/shop")

    assert len(first["events"]) == 2
    assert "nextToken" in first


@pytest.mark.parametrize("seconds", [0, 90_000])
def test_a_token_is_for_its_own_question_and_for_a_day(
    logs: Any, put: Put, pass_time: Callable[[float], None], seconds: float
) -> None:
    put("a", "b")
    token = logs.filter_log_events(logGroupName="/shop", limit=1)["nextToken"]
    pass_time(seconds)
    pattern = "" if seconds else "other"

    with pytest.raises(ClientError, match="nextToken is invalid"):
        logs.filter_log_events(
            logGroupName="/shop", nextToken=token, filterPattern=pattern
        )


def test_streams_are_chosen_by_name_or_by_prefix(logs: Any, put: Put) -> None:
    for name in ("web/1", "web/2", "job/1"):
        logs.create_log_stream(logGroupName="/shop", logStreamName=name)
        put(name, stream=name)

    named = logs.filter_log_events(logGroupName="/shop", logStreamNames=["job/1"])
    begun = logs.filter_log_events(logGroupName="/shop", logStreamNamePrefix="web/")

    assert messages(named) == ["job/1"]
    assert messages(begun) == ["web/1", "web/2"]


def test_a_prefix_of_many_streams_finds_all_of_them(logs: Any, put: Put) -> None:
    for n in range(120):
        logs.create_log_stream(logGroupName="/shop", logStreamName=f"task/{n}")
        put(str(n), stream=f"task/{n}", at=[n])
    put("other")

    found = logs.filter_log_events(logGroupName="/shop", logStreamNamePrefix="task/")

    assert messages(found) == [str(n) for n in range(120)]


def test_a_stream_is_read_forwards_until_the_token_stays(logs: Any, put: Put) -> None:
    put(*"abc", at=[1, 2, 3])
    asked = {"logGroupName": "/shop", "logStreamName": "one", "limit": 2}
    first = logs.get_log_events(startFromHead=True, **asked)
    second = logs.get_log_events(nextToken=first["nextForwardToken"], **asked)
    third = logs.get_log_events(nextToken=second["nextForwardToken"], **asked)

    assert [messages(one) for one in (first, second, third)] == [["a", "b"], ["c"], []]
    assert third["nextForwardToken"] == second["nextForwardToken"]
    assert first["nextForwardToken"].startswith("f/")
    back = logs.get_log_events(nextToken=third["nextBackwardToken"], **asked)
    assert messages(back) == ["b", "c"]


def test_a_stream_shows_its_end_first_and_is_read_backwards(
    logs: Any, put: Put
) -> None:
    put(*"abc", at=[1, 2, 3])
    asked = {"logGroupName": "/shop", "logStreamName": "one", "limit": 2}
    last = logs.get_log_events(**asked)
    before = logs.get_log_events(nextToken=last["nextBackwardToken"], **asked)
    none = logs.get_log_events(nextToken=before["nextBackwardToken"], **asked)

    assert [messages(one) for one in (last, before, none)] == [["b", "c"], ["a"], []]
    assert none["nextBackwardToken"] == before["nextBackwardToken"]


def test_a_reader_that_waits_at_the_end_sees_what_comes(logs: Any, put: Put) -> None:
    asked = {"logGroupName": "/shop", "logStreamName": "one", "startFromHead": True}
    token = logs.get_log_events(**asked)["nextForwardToken"]
    put("new")

    assert messages(logs.get_log_events(nextToken=token, **asked)) == ["new"]


def test_events_too_old_too_new_and_expired_are_refused_by_index(
    logs: Any, put: Put
) -> None:
    logs.put_retention_policy(logGroupName="/shop", retentionInDays=3)

    said = put("old", "gone", "ok", "new", at=[-15 * DAY, -4 * DAY, 0, 3 * HOUR])

    assert said["rejectedLogEventsInfo"] == {
        "tooOldLogEventEndIndex": 1,
        "expiredLogEventEndIndex": 2,
        "tooNewLogEventStartIndex": 3,
    }
    assert said["nextSequenceToken"]
    assert messages(logs.filter_log_events(logGroupName="/shop")) == ["ok"]


def test_events_older_than_the_retention_disappear(
    logs: Any, put: Put, pass_time: Callable[[float], None]
) -> None:
    put("a", at=[-2 * DAY])
    put("b")

    logs.put_retention_policy(logGroupName="/shop", retentionInDays=1)
    assert messages(logs.filter_log_events(logGroupName="/shop")) == ["b"]

    pass_time(3_601)
    logs.delete_retention_policy(logGroupName="/shop")
    assert messages(logs.filter_log_events(logGroupName="/shop")) == ["b"]


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        ([(0, "late"), (-1, "early")], "chronological order"),
        ([(0, "x")] * 10_001, "10000"),
        ([(0, "x" * 600_000)] * 2, "Upload too large: 1200052 bytes"),
        ([(0, "x" * 1_048_577)], "Log event too large"),
        ([(-25 * HOUR, "a"), (0, "b")], "24 hours"),
    ],
)
def test_a_batch_that_aws_would_refuse_is_refused(
    logs: Any, put: Put, batch: list[tuple[int, str]], said: str
) -> None:
    with pytest.raises(ClientError, match=said):
        put(*(message for _, message in batch), at=[at for at, _ in batch])

    assert messages(logs.filter_log_events(logGroupName="/shop")) == []


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"logGroupName": "/shop", "logGroupIdentifier": "/shop"},
        {"logGroupName": "/shop", "filterPattern": "{ $.a = }"},
        {"logGroupName": "/shop", "startTime": 2, "endTime": 1},
        {
            "logGroupName": "/shop",
            "logStreamNames": ["one"],
            "logStreamNamePrefix": "o",
        },
        {"logGroupName": "/shop", "startFromHead": False},
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    logs: Any, asked: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs.filter_log_events(**asked)


def test_a_group_is_also_found_by_its_arn(logs: Any, put: Put) -> None:
    put("a")
    arn = logs.describe_log_groups()["logGroups"][0]["logGroupArn"]

    assert messages(logs.filter_log_events(logGroupIdentifier=arn)) == ["a"]


def test_what_does_not_exist_is_not_found(logs: Any) -> None:
    with pytest.raises(ClientError, match="log group does not exist"):
        logs.filter_log_events(logGroupName="/none")
    with pytest.raises(ClientError, match="log stream does not exist"):
        logs.get_log_events(logGroupName="/shop", logStreamName="none")
