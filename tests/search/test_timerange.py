"""Times and ranges as people write them."""

from datetime import UTC, datetime

import pytest

from apps.search.timerange import TimeError, parse_range, parse_time, rfc3339

NOW = datetime(2026, 7, 8, 15, 30, 45, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", "2026-07-08T15:30:45Z"),
        ("now-15m", "2026-07-08T15:15:45Z"),
        ("now+1h", "2026-07-08T16:30:45Z"),
        ("now-2d", "2026-07-06T15:30:45Z"),
        ("now-1w", "2026-07-01T15:30:45Z"),
        ("now/h", "2026-07-08T15:00:00Z"),
        ("now/d", "2026-07-08T00:00:00Z"),
        ("now/w", "2026-07-06T00:00:00Z"),
        ("now-1d/d", "2026-07-07T00:00:00Z"),
        ("2026-07-01", "2026-07-01T00:00:00Z"),
        ("2026-07-01T08:00", "2026-07-01T08:00:00Z"),
        ("2026-07-01t08:00:00z", "2026-07-01T08:00:00Z"),
        ("2026-07-01T08:00:00+02:00", "2026-07-01T06:00:00Z"),
        ("2026-07-01T08:00:00.250Z", "2026-07-01T08:00:00.250Z"),
        ("1782892800000", "2026-07-01T08:00:00Z"),
        (" 2026-07-01 ", "2026-07-01T00:00:00Z"),
    ],
)
def test_reads(text: str, moment: str) -> None:
    assert rfc3339(parse_time(text, NOW)) == moment


@pytest.mark.parametrize(
    "text", ["", "soon", "now-", "now-5x", "2026-13-01", "1999-12-31", "2500-01-01"]
)
def test_refuses_and_says_what_it_expects(text: str) -> None:
    with pytest.raises(TimeError, match="expected a time such as|2000 to 2199"):
        parse_time(text, NOW)


def test_refuses_what_lies_outside_any_calendar() -> None:
    for text in ("now-999999y", "now+999999y", "0001-01-01T00:00:00+14:00"):
        with pytest.raises(TimeError, match="2000 to 2199"):
            parse_time(text, NOW)


@pytest.mark.parametrize("until", ["2026-07-01", "2026-06-30"])
def test_a_range_ends_after_it_begins(until: str) -> None:
    with pytest.raises(TimeError, match="before it begins"):
        parse_range("2026-07-01", until, NOW)


def test_a_range_knows_the_days_it_touches() -> None:
    span = parse_range("2026-07-01T23:00:00Z", "2026-07-03", NOW)

    assert span.days() == ("2026-07-01", "2026-07-02")


def test_a_widened_range_is_twice_as_long_around_the_same_middle() -> None:
    wide = parse_range("2026-07-01", "2026-07-03", NOW).widened()

    assert rfc3339(wide.since) == "2026-06-30T00:00:00Z"
    assert rfc3339(wide.until) == "2026-07-04T00:00:00Z"
