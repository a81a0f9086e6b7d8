"""What is listed next, and when a trace is looked at again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.discovery.coverage import Interval, gaps, merged
from apps.tracing.collecting.windows import (
    CHANGES_FOR,
    LONGEST_WINDOW,
    NEW_EVERY,
    SETTLE,
    Kind,
    Progress,
    Window,
    new_window,
    next_look,
    past_window,
    sweep,
)

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def progress(*covered: Interval, begun: tuple[Window, ...] = ()) -> Progress:
    return Progress(NOW - DAY, covered, begun)


def read(since: timedelta, until: timedelta) -> Interval:
    """Covered time, told by how long ago it was."""
    return Interval(NOW - since, NOW - until)


def test_the_newest_hour_comes_first_and_reaches_beyond_now() -> None:
    window = new_window(progress(), NOW)

    assert window is not None
    assert window.since == NOW - SETTLE - LONGEST_WINDOW
    assert window.until > NOW
    assert window.covers == Interval(window.since, NOW - SETTLE)


def test_the_next_window_begins_where_the_last_is_sure_of() -> None:
    before = read(HOUR, SETTLE)
    later = NOW + NEW_EVERY

    window = new_window(progress(before), later)

    assert window is not None
    assert window.since == before.until
    assert window.since <= NOW - SETTLE


def test_nothing_is_listed_before_it_is_worth_a_call() -> None:
    assert new_window(progress(read(HOUR, SETTLE)), NOW + NEW_EVERY / 2) is None


def test_new_traces_do_not_wait_for_an_old_window_that_takes_long() -> None:
    begun = Window(Kind.NEW, NOW - HOUR, NOW, NOW - 5 * MINUTE)

    window = new_window(progress(begun=(begun,)), NOW)

    assert window is not None
    assert window.since == NOW - 5 * MINUTE - SETTLE


def test_after_an_outage_the_newest_hour_comes_before_the_others() -> None:
    outage = progress(read(20 * HOUR, 6 * HOUR))

    window = new_window(outage, NOW)
    past = past_window(progress(*outage.covered, read(HOUR, SETTLE)), NOW)

    assert window is not None
    assert window.until - window.since < LONGEST_WINDOW + 2 * MINUTE
    assert past is not None
    assert (past.since, past.until) == (NOW - 2 * HOUR, NOW - HOUR)


def test_all_that_is_wanted_is_covered_in_the_end_and_nothing_twice() -> None:
    covered: list[Interval] = []
    listed: list[Interval] = []
    for _ in range(40):
        known = progress(*covered)
        window = new_window(known, NOW) or past_window(known, NOW)
        if window is None:
            break
        assert window.covers is not None
        listed.append(window.covers)
        covered = merged([*covered, window.covers])

    assert gaps(covered, Interval(NOW - DAY, NOW - SETTLE)) == []
    lengths = sum((one.until - one.since for one in listed), timedelta())
    assert lengths == DAY - SETTLE


def test_only_one_window_of_the_past_is_open() -> None:
    begun = Window(Kind.PAST, NOW - 3 * HOUR, NOW - 2 * HOUR, NOW)

    assert past_window(progress(read(2 * HOUR, SETTLE), begun=(begun,)), NOW) is None


def test_nothing_is_asked_for_that_x_ray_has_dropped() -> None:
    asked = Progress(NOW - 90 * DAY, [read(30 * DAY - HOUR, SETTLE)])

    assert past_window(asked, NOW) is None


@pytest.mark.parametrize(
    ("hourly_ago", "daily_ago", "kind", "reach"),
    [
        (30 * MINUTE, HOUR, None, None),
        (HOUR, HOUR, Kind.HOURLY, 90 * MINUTE),
        (HOUR, DAY, Kind.DAILY, 24 * HOUR),
    ],
)
def test_covered_time_is_swept_every_hour_and_every_day(
    hourly_ago: timedelta,
    daily_ago: timedelta,
    kind: Kind | None,
    reach: timedelta | None,
) -> None:
    known = Progress(
        NOW - 3 * DAY,
        [read(3 * DAY, SETTLE)],
        hourly_at=NOW - hourly_ago,
        daily_at=NOW - daily_ago,
    )

    window = sweep(known, NOW)

    assert (window and window.kind) == kind
    if window is not None and reach is not None:
        assert (window.since, window.until) == (NOW - reach, NOW - SETTLE)


def test_a_sweep_stays_within_what_was_read() -> None:
    known = Progress(NOW - DAY, [read(DAY, 12 * HOUR), read(20 * MINUTE, SETTLE)])

    window = sweep(known, NOW)

    assert window is not None
    assert window.since == NOW - 20 * MINUTE


@pytest.mark.parametrize(
    ("read_after", "due_after"),
    [
        (timedelta(seconds=30), MINUTE),
        (MINUTE, 10 * MINUTE),
        (5 * MINUTE, 10 * MINUTE),
        (30 * MINUTE, HOUR),
        (HOUR, None),
        (12 * HOUR, None),
    ],
)
def test_a_whole_trace_is_looked_at_after_a_minute_ten_and_an_hour(
    read_after: timedelta, due_after: timedelta | None
) -> None:
    due = next_look(NOW, NOW, NOW + read_after, is_partial=False)

    assert due == (due_after and NOW + due_after)


def test_a_trace_in_progress_is_looked_at_until_it_cannot_change_any_more() -> None:
    at, looks = NOW, 0
    while (due := next_look(NOW, NOW, at, is_partial=True)) is not None:
        assert at < due < NOW + CHANGES_FOR
        at, looks = due, looks + 1

    assert looks == 3 + 27
