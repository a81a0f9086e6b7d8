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
        ("cron(30 6 1,15 JAN ? 2027-2028)", "2027-01-01 06:30:00"),
    ],
)
def test_an_expression_is_due_when_aws_says(expression: str, moment: str) -> None:
    assert due(expression) == moment


def test_a_schedule_may_be_in_another_time_zone() -> None:
    assert due("cron(0 9 * * ? *)", "Europe/Berlin") == "2026-09-22 07:00:00"


@pytest.mark.parametrize("text", ["at(2026-01-01T00:00:00)", "cron(0 0 * * ? 2025)"])
def test_what_is_over_is_never_due(text: str) -> None:
    assert schedules.read(text, NOW)(NOW) is None


@pytest.mark.parametrize(
    "text",
    [
        "rate(1 minutes)", "rate(5 minute)", "rate(0 minutes)", "rate(1 week)",
        "cron(0 10 * * * *)", "cron(0 10 ? * ? *)", "cron(60 10 * * ? *)",
        "cron(0 10 * * ?)", "cron(x 10 * * ? *)", "at(2026-13-01T00:00:00)", "never",
        "cron(9-5 10 * * ? *)",
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(BadSchedule):
        schedules.read(text, NOW)
