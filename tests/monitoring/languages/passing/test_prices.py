"""What a query scans and costs, before it is asked."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.discovery.coverage import Interval
from apps.monitoring.languages.passing import prices
from apps.monitoring.languages.passing.prices import GIGABYTE, GroupSize

NOW = datetime(2026, 7, 11, tzinfo=UTC)
DAY = timedelta(days=1)


def estimated(group: GroupSize, since: timedelta, until: timedelta) -> tuple[int, int]:
    asked = Interval(NOW - since, NOW - until)
    found = prices.estimate([group], asked, NOW)
    return found.bytes, found.most_bytes


def a_group(**fields: object) -> GroupSize:
    given = {
        "stored_bytes": 100 * GIGABYTE,
        "since": NOW - 10 * DAY,
        "daily_bytes": None,
        "counted_at": NOW,
    }
    return GroupSize(**(given | fields))  # type: ignore[arg-type]


def test_share_of_the_time_is_the_share_of_the_bytes() -> None:
    assert estimated(a_group(), 3 * DAY, 2 * DAY) == (10 * GIGABYTE, 100 * GIGABYTE)


def test_time_before_the_first_event_holds_nothing() -> None:
    assert estimated(a_group(), 20 * DAY, 15 * DAY)[0] == 0
    assert estimated(a_group(), 12 * DAY, 9 * DAY)[0] == 10 * GIGABYTE


def test_group_of_unknown_age_counts_whole() -> None:
    assert estimated(a_group(since=None), DAY, 0 * DAY)[0] == 100 * GIGABYTE


def test_what_came_in_since_aws_counted_is_added() -> None:
    group = a_group(daily_bytes=10 * GIGABYTE, counted_at=NOW - DAY)
    assert estimated(group, DAY, 0 * DAY)[1] == 120 * GIGABYTE


def test_new_group_whose_size_is_not_counted_yet_has_a_bound() -> None:
    assert estimated(a_group(stored_bytes=0), DAY, 0 * DAY) == (0, 2**30)


def test_groups_add_up() -> None:
    found = prices.estimate([a_group()] * 3, Interval(NOW - 10 * DAY, NOW), NOW)
    assert found.bytes == found.most_bytes == 300 * GIGABYTE


@pytest.mark.parametrize(
    ("exact", "rounded"), [(0.12341, 0.1235), (0.1234, 0.1234), (0.0, 0.0)]
)
def test_price_to_agree_to_is_never_less(exact: float, rounded: float) -> None:
    assert prices.rounded_up(exact) == rounded


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (0, "$0.00"),
        (0.0051, "$0.0051"),
        (0.005, "$0.005"),
        (0.05, "$0.05"),
        (1234.5, "$1,234.50"),
        (0.00002, "less than $0.0001"),
    ],
)
def test_price_is_printed(price: float, text: str) -> None:
    assert prices.money(price) == text


def test_gigabyte_has_its_price() -> None:
    assert prices.dollars(2 * GIGABYTE, 0.005) == pytest.approx(0.01)
