"""What was read, what is missing, what to read next."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.discovery.coverage import Interval, gaps, merged, next_window

START = datetime(2026, 7, 1, tzinfo=UTC)
HOURS = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5)), max_size=8)


def hours(since: int, until: int) -> Interval:
    return Interval(START + timedelta(hours=since), START + timedelta(hours=until))


def inside(intervals: list[Interval], hour: int) -> bool:
    moment = START + timedelta(hours=hour, minutes=30)
    return any(one.since <= moment < one.until for one in intervals)


def test_what_touches_grows_together() -> None:
    assert merged([hours(4, 5), hours(1, 2), hours(2, 4)]) == [hours(1, 5)]


@given(HOURS)
def test_every_hour_is_either_covered_or_missing(drawn: list[tuple[int, int]]) -> None:
    covered = [hours(since, since + length) for since, length in drawn]
    missing = gaps(covered, hours(0, 24))

    for hour in range(24):
        assert inside(covered, hour) != inside(missing, hour)


def test_the_newest_gap_comes_first_a_window_at_a_time() -> None:
    window = next_window(
        [], hours(0, 24), timedelta(minutes=30), longest=timedelta(hours=6)
    )

    assert window == hours(18, 24)


def test_a_window_reaches_back_for_events_that_came_late() -> None:
    window = next_window(
        [hours(0, 23)], hours(0, 24), timedelta(hours=1), timedelta(hours=6)
    )

    assert window == hours(22, 24)


def test_nothing_is_read_twice_without_a_reason() -> None:
    assert (
        next_window(
            [hours(0, 24)], hours(0, 24), timedelta(hours=1), timedelta(hours=6)
        )
        is None
    )


def test_reading_window_after_window_covers_everything() -> None:
    covered: list[Interval] = []
    for _ in range(100):
        window = next_window(
            covered, hours(0, 24), timedelta(minutes=30), timedelta(hours=5)
        )
        if window is None:
            break
        covered.append(window)

    assert gaps(covered, hours(0, 24)) == []
