"""Pages of GetMetricData: joined they are the whole, and none is too long."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.cloudwatch.paging import Cursor, Part, Slots, cursor, token
from sandbox.cloudwatch.periods import is_time
from sandbox.kernel.errors import ApiError
from tests.sandbox.cloudwatch.conftest import MINUTE, ask, at, expression, metric
from tests.sandbox.conftest import NOW


def put_minutes(client: Any, count: int = 40) -> None:
    """A sample each minute before now, worth the minutes it is old."""
    data = [
        {"MetricName": "Latency", "Timestamp": at(MINUTE - ago * 60), "Value": ago}
        for ago in range(count)
    ]
    client.put_metric_data(Namespace="Shop", MetricData=data)


def points(answer: dict[str, Any]) -> list[tuple[str, float, float]]:
    return [
        (result["Id"], time.timestamp(), value)
        for result in answer["MetricDataResults"]
        for time, value in zip(result["Timestamps"], result["Values"], strict=True)
    ]


def all_pages(client: Any, *queries: Any, **asked: Any) -> list[list[Any]]:
    found = []
    while True:
        answer = ask(client, *queries, **asked)
        found.append(points(answer))
        if "NextToken" not in answer:
            return found
        asked["NextToken"] = answer["NextToken"]


SCANS = ["TimestampAscending", "TimestampDescending"]


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("periods", [(60,), (120, 180), (60, 300, 3_600), (5, 60)])
@pytest.mark.parametrize("most", [1, 3, 7])
def test_pages_joined_are_the_answer_without_pages(
    cloudwatch: Any, scan: str, periods: tuple[int, ...], most: int
) -> None:
    put_minutes(cloudwatch)
    queries = [metric(f"m{length}", period=length) for length in periods]
    asked: dict[str, Any] = {
        "StartTime": at(MINUTE - 611),
        "EndTime": at(MINUTE),
        "ScanBy": scan,
    }

    found = all_pages(cloudwatch, *queries, MaxDatapoints=most, **asked)

    whole = points(ask(cloudwatch, *queries, **asked))
    assert sorted(point for page in found for point in page) == sorted(whole)
    assert max(map(len, found)) <= most


def test_a_start_between_minutes_shifts_no_page(cloudwatch: Any) -> None:
    put_minutes(cloudwatch)
    asked: dict[str, Any] = {"StartTime": at(MINUTE - 591), "EndTime": at(MINUTE)}

    found = all_pages(cloudwatch, metric(), MaxDatapoints=3, **asked)

    ago = [[(MINUTE - time) / 60 for _, time, _ in page] for page in found]
    assert ago == [[10, 9, 8], [7, 6, 5], [4, 3, 2], [1]]


LENGTHS = st.sampled_from([1, 5, 10, 30, 60, 120, 180, 300, 420, 3_600])
_QUERY = st.tuples(st.integers(-50, 50), LENGTHS, st.integers(0, 40))
QUERIES = st.lists(_QUERY, min_size=1, max_size=6)


@given(QUERIES, st.integers(1, 25), st.sampled_from([1, -1]))
@settings(max_examples=150, deadline=None)
def test_every_period_is_on_one_page(
    queries: list[tuple[int, int, int]], most: int, step: int
) -> None:
    expected = [
        (step * (start + row * length), at)
        for at, (start, length, count) in enumerate(queries)
        for row in range(count)
    ]
    slots = Slots([(Part(s, s + n * length), length) for s, length, n in queries])
    found: list[tuple[int, int]] = []
    after: Cursor | None = None

    while True:
        page = slots.page(most, after, step)
        held = [
            (step * time, at)
            for at, part in enumerate(page.parts)
            for time in range(part.start, part.end, queries[at][1])
        ]
        assert len(held) <= most
        found += sorted(held)
        after = page.following
        if after is None:
            break

    assert found == sorted(expected)


@pytest.mark.parametrize("scan", SCANS)
def test_expressions_are_cut_where_the_limit_is(cloudwatch: Any, scan: str) -> None:
    put_minutes(cloudwatch)

    answer = ask(
        cloudwatch, metric(), expression("m1 * 2"), MaxDatapoints=5, ScanBy=scan
    )

    ages = [(name, (MINUTE - time) / 60) for name, time, _ in points(answer)]
    if scan == "TimestampAscending":
        assert ages == [("m1", 10), ("m1", 9), ("m1", 8), ("e1", 10), ("e1", 9)]
    else:
        assert ages == [("m1", 0), ("m1", 1), ("m1", 2), ("e1", 0), ("e1", 1)]


def test_a_token_is_read_back() -> None:
    assert cursor(token(Cursor(-7, 3))) == Cursor(-7, 3)


@pytest.mark.parametrize(
    "text",
    ["x", "bnVsbA==", "WzEsMl0", "WzEuNSwyXQ==", "Wzk5OTk5OTk5OTk5OTksMV0=", "é"],
)
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(ApiError, match="InvalidNextToken"):
        cursor(text)


@pytest.mark.parametrize("most", [0, -1])
def test_a_page_has_room_for_a_point(cloudwatch: Any, most: int) -> None:
    with pytest.raises(Exception, match="MaxDatapoints"):
        ask(cloudwatch, metric(), MaxDatapoints=most, EndTime=at(NOW))


@pytest.mark.parametrize("time", [float("nan"), float("-inf"), 1e300, "now", None])
def test_what_is_no_time_begins_no_range(time: object) -> None:
    assert not is_time(time)
