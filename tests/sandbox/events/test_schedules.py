"""When schedules are due."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sandbox.events import schedules
from sandbox.events.problems import BadSchedule

NOW = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC).timestamp()  # a Monday


def due(expression: str, zone: str = "UTC") -> str:
    moment = schedules.read(expression, NOW, ZoneInfo(zone))(NOW)
    assert moment is not None
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("expression", "moment"),
    [
        ("rate(1 minute)", "2026-09-21 14:14:20"),
        ("rate(5 minutes)", "2026-09-21 14:18:20"),
        ("rate(2 days)", "2026-09-23 14:13:20"),
        ("at(2026-10-01T08:00:00)", "2026-10-01 08:00:00"),
        ("cron(0/5 * * * ? *)", "2026-09-21 14:15:00"),
        ("cron(0 10 * * ? *)", "2026-09-22 10:00:00"),
        ("cron(15 12 ? * MON-FRI *)", "2026-09-22 12:15:00"),
        ("cron(0 8 1 * ? *)", "2026-10-01 08:00:00"),
        ("cron(0 0 L * ? *)", "2026-09-30 00:00:00"),
        ("cron(0 0 3W * ? *)", "2026-10-02 00:00:00"),
        ("cron(0 0 ? * 6#1 *)", "2026-10-02 00:00:00"),
        ("cron(0 0 ? * 2L *)", "2026-09-28 00:00:00"),
        ("cron(0 0 ? * L *)", "2026-09-26 00:00:00"),
        ("cron(0 0 ? * FRIL *)", "2026-09-25 00:00:00"),
        ("cron(0 0 ? * MON#3 *)", "2026-10-19 00:00:00"),
        ("cron(0 0 ? * 5#5 *)", "2026-10-29 00:00:00"),
        ("cron(0 0 L 2 ? 2028)", "2028-02-29 00:00:00"),
        ("cron(0 0 29 2 ? *)", "2028-02-29 00:00:00"),
        ("cron(0 0 31 * ? *)", "2026-10-31 00:00:00"),
        ("cron(0 0 31W * ? *)", "2026-10-30 00:00:00"),  # the 31st is a Saturday
        ("cron(0 0 1W 11 ? 2026)", "2026-11-02 00:00:00"),  # a Sunday
        ("cron(0 0 1W 8 ? 2026,2027)", "2027-08-02 00:00:00"),  # not in July
        ("cron(0 0 31W 1 ? 2027)", "2027-01-29 00:00:00"),  # not in February
        ("cron(0/20 9-17/4 * * ? *)", "2026-09-21 17:00:00"),
        ("cron(10-20/5 * * * ? *)", "2026-09-21 14:15:00"),
        ("cron(*/30 * * * ? *)", "2026-09-21 14:30:00"),
        ("cron(13 14 * * ? *)", "2026-09-22 14:13:00"),  # 20 seconds ago
        ("cron(0 0 1 OCT-DEC ? *)", "2026-10-01 00:00:00"),
        ("cron(0 0 1 1/3 ? *)", "2026-10-01 00:00:00"),
        ("cron(0 0 ? * mon,wed *)", "2026-09-23 00:00:00"),
        ("cron(0 0 1 1 ? 2026/5)", "2031-01-01 00:00:00"),
        ("cron(59 23 31 12 ? 2199)", "2199-12-31 23:59:00"),
        ("cron(30 6 1,15 JAN ? 2027-2028)", "2027-01-01 06:30:00"),
    ],
)
def test_an_expression_is_due_when_aws_says(expression: str, moment: str) -> None:
    assert due(expression) == moment


def test_a_schedule_may_be_in_another_time_zone() -> None:
    assert due("cron(0 9 * * ? *)", "Europe/Berlin") == "2026-09-22 07:00:00"


def next_three(expression: str, zone: str, day: datetime) -> list[str]:
    """In UTC, from the beginning of a day of that zone on."""
    local = ZoneInfo(zone)
    moment = day.replace(tzinfo=local).timestamp() - 1
    when, found = schedules.read(expression, moment, local), []
    for _ in range(3):
        after = when(moment)
        assert after is not None
        moment = after
        found.append(datetime.fromtimestamp(moment, UTC).strftime("%d %H:%M"))
    return found


def test_an_hour_that_is_left_out_is_left_out() -> None:
    """Berlin goes from 02:00 to 03:00 on March 28."""
    spring = datetime(2027, 3, 27)  # noqa: DTZ001 - the zone is given

    found = next_three("cron(30 2 * * ? *)", "Europe/Berlin", spring)

    assert found == ["27 01:30", "29 00:30", "30 00:30"]


def test_an_hour_that_comes_twice_counts_once() -> None:
    """Berlin goes from 03:00 back to 02:00 on October 25."""
    autumn = datetime(2026, 10, 24)  # noqa: DTZ001 - the zone is given

    found = next_three("cron(30 2 * * ? *)", "Europe/Berlin", autumn)

    assert found == ["24 00:30", "25 00:30", "26 01:30"]


def test_noon_stays_noon_when_clocks_change() -> None:
    autumn = datetime(2026, 10, 31)  # noqa: DTZ001 - the zone is given

    found = next_three("cron(0 12 * * ? *)", "America/New_York", autumn)

    assert found == ["31 16:00", "01 17:00", "02 17:00"]


def test_a_moment_is_of_its_zone() -> None:
    assert due("at(2026-09-22T09:00:00)", "Asia/Tokyo") == "2026-09-22 00:00:00"


def test_a_rate_does_not_drift() -> None:
    """It counts from its start, not from when somebody last looked."""
    when = schedules.read("rate(5 minutes)", NOW)

    assert when(NOW + 299) == NOW + 300
    assert when(NOW + 300) == NOW + 600
    assert when(NOW + 86_401) == NOW + 86_700


def test_a_rate_is_due_first_when_it_starts() -> None:
    assert schedules.read("rate(1 hour)", NOW + 90)(NOW) == NOW + 90


@pytest.mark.parametrize("text", ["at(2026-01-01T00:00:00)", "cron(0 0 * * ? 2025)"])
def test_what_is_over_is_never_due(text: str) -> None:
    assert schedules.read(text, NOW)(NOW) is None


@pytest.mark.parametrize(
    "text",
    [
        "rate(1 minutes)", "rate(5 minute)", "rate(0 minutes)", "rate(1 week)",
        "cron(0 10 * * * *)", "cron(0 10 ? * ? *)", "cron(60 10 * * ? *)",
        "cron(0 10 * * ?)", "cron(x 10 * * ? *)", "at(2026-13-01T00:00:00)", "never",
        "cron(9-5 10 * * ? *)", "cron(0 10 1 * MON *)", "cron(0 10 ? * 8 *)",
        "cron(0 10 0 * ? *)", "cron(0 10 32W * ? *)", "cron(0 10 ? * 2#6 *)",
        "cron(0 10 ? * 2#1,2#3 *)", "cron(0 24 * * ? *)", "cron(0/0 10 * * ? *)",
        "cron(0/ 10 * * ? *)", "cron(0 10 * 13 ? *)", "cron(0 10 * * ? 2200)",
        "cron(\u00b2 10 * * ? *)", "rate(-1 minutes)", "rate(1.5 hours)", "rate(5)",
        "at(2026-10-01)", "at(2026-02-30T08:00:00)", "",
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(BadSchedule):
        schedules.read(text, NOW)
