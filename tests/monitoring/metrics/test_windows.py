"""What is asked, from when until when, in how many calls."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.metrics.lines import Interval
from apps.monitoring.metrics.windows import (
    BASE_STATISTICS,
    Ask,
    Progress,
    advanced,
    batches,
    due_before,
    least_calls,
    night_of,
    readable_until,
    since_of,
    tiers,
)

DAY, HOUR, MINUTE = 86_400, 3_600, 60
NOW = 1_790_000_000  # 2026-09-21T14:13:20Z
NOON = NOW - NOW % DAY + 12 * HOUR


def read_until(moment: int, **others: int) -> Progress:
    """Progress of a series for which nothing else is due."""
    told = {"firm_until": moment, "late_until": moment, "night": night_of(1, NOW)}
    return Progress(1, moment, **{**told, **others})


def asks(count: int, since: int, period: int = MINUTE) -> list[list[Ask]]:
    return [[Ask(one, period, BASE_STATISTICS, since)] for one in range(count)]


def test_a_minute_is_asked_for_once_it_has_been_over_for_a_minute() -> None:
    assert readable_until(NOON + 59, MINUTE) == NOON - 60
    assert readable_until(NOON + 60, MINUTE) == NOON
    assert readable_until(NOON + 119, 300) == NOON


def test_series_asked_equally_often_are_due_together() -> None:
    assert due_before(300, NOON + 60) == NOON
    assert due_before(300, NOON + 359) == NOON
    assert due_before(300, NOON + 360) == NOON + 300


def test_every_poll_reads_the_last_fifteen_minutes_again() -> None:
    before = read_until(NOON - 60, firm_until=NOON - 960, late_until=NOON - 3 * HOUR)

    assert since_of(before, MINUTE, NOON + 65) == NOON - 960

    window = Interval(NOON - 960, NOON)
    after = advanced(before, window, NOON + 65)
    assert after.read_until == NOON
    assert after.firm_until == NOON + 65 - 900


def test_three_hours_are_read_again_once_in_eighteen_minutes() -> None:
    before = read_until(NOON, late_until=NOON - 4 * HOUR)
    after = advanced(before, Interval(NOON - 4 * HOUR, NOON), NOON)

    reaches = []
    for minute in range(1, 40):
        now = NOON + minute * MINUTE
        since = since_of(after, MINUTE, now)
        after = advanced(after, Interval(since, now), now)
        if now - since > HOUR:
            reaches.append((minute, (now - since) // MINUTE))

    assert {later - first for (first, _), (later, _) in pairwise(reaches)} == {18}
    assert all(180 <= minutes <= 201 for _, minutes in reaches)


def test_series_take_turns_in_being_read_again() -> None:
    reaching = [
        since_of(
            Progress(number, NOON, NOON, NOON - 3 * HOUR - MINUTE, 10**9), MINUTE, NOON
        )
        < NOON - HOUR
        for number in range(1_800)
    ]

    assert 50 <= sum(reaching) <= 200


def test_three_days_are_read_again_each_night() -> None:
    midnight = NOON + 12 * HOUR
    evening = read_until(midnight, night=night_of(1, NOON))

    assert since_of(evening, MINUTE, midnight + 119 * MINUTE) == midnight
    at_night = midnight + 6 * HOUR
    since = since_of(evening, MINUTE, at_night)
    assert since == at_night - 72 * HOUR

    after = advanced(evening, Interval(since, at_night), at_night)
    assert since_of(after, MINUTE, at_night + 60) > since + 70 * HOUR


def test_a_window_that_does_not_join_on_leaves_what_is_missing_missing() -> None:
    before = read_until(NOON - HOUR)

    after = advanced(before, Interval(NOON - 600, NOON), NOON)

    assert after.firm_until == NOON - HOUR


@pytest.mark.parametrize(
    ("series", "minutes"), [(1, 1), (125, 201), (126, 15), (5_000, 16), (500, 200)]
)
def test_calls_are_the_arithmetic_minimum(series: int, minutes: int) -> None:
    made = batches(asks(series, NOON - minutes * MINUTE), NOON)

    queries, points = 4 * series, 4 * series * minutes
    assert len(made) == max(math.ceil(queries / 500), math.ceil(points / 100_800))
    assert sum(len(batch.asks) for batch in made) == series


def test_reaching_back_three_hours_and_twenty_minutes_needs_no_more_calls() -> None:
    short = batches(asks(5_000, NOON - 900), NOON)
    long = batches(asks(5_000, NOON - 200 * MINUTE), NOON)

    assert len(short) == len(long) == 40


@given(
    st.lists(st.integers(1, 20_000), min_size=1, max_size=400),
    st.sampled_from([60, 300]),
)
def test_no_call_is_larger_than_aws_allows(minutes: list[int], period: int) -> None:
    bundles = [
        [Ask(number, period, BASE_STATISTICS, NOON - back * period)]
        for number, back in enumerate(min(one, 20_000) for one in minutes)
    ]

    made = batches(bundles, NOON)

    assert sorted(ask.series_id for one in made for ask in one.asks) == [
        *range(len(minutes))
    ]
    for batch in made:
        assert batch.queries <= 500
        assert batch.points <= 100_800
        assert all(batch.window.since <= ask.since for ask in batch.asks)


@given(st.integers(1, 2_000), st.integers(1, 4_000))
def test_the_minimum_is_reached_for_any_number(series: int, periods: int) -> None:
    made = batches(asks(series, NOON - periods * MINUTE), NOON)

    assert len(made) == least_calls(series, periods)


def test_a_percentile_rides_with_its_series() -> None:
    ask = Ask(7, MINUTE, BASE_STATISTICS, NOON - 900)
    percentile = Ask(7, 300, ("p99",), NOON - 900)

    (batch,) = batches([[ask, percentile]], NOON)

    assert batch.asks == (ask, percentile)
    assert batch.queries == 5


def test_a_window_begins_with_a_period_of_everything_in_it() -> None:
    ask = Ask(7, MINUTE, BASE_STATISTICS, NOON - 420)
    percentile = Ask(7, 300, ("p99",), NOON - 300)

    (batch,) = batches([[ask, percentile]], NOON)

    assert batch.window == Interval(NOON - 600, NOON)


def test_a_short_window_is_asked_at_its_own_period() -> None:
    assert tiers(NOON - HOUR, NOON, MINUTE, NOON + 60) == [
        (MINUTE, Interval(NOON - HOUR, NOON))
    ]


def test_what_is_older_than_fifteen_days_is_asked_by_five_minutes() -> None:
    (five, coarse), (one, fine) = tiers(NOON - 20 * DAY, NOON, MINUTE, NOON + 60)

    assert (five, one) == (300, MINUTE)
    assert coarse.since == NOON - 20 * DAY
    assert coarse.until == fine.since
    assert fine.since % 300 == 0
    assert 0 < fine.since - (NOON - 15 * DAY) <= 2 * HOUR
    assert fine.until == NOON


def test_what_is_older_than_sixty_three_days_is_asked_by_the_hour() -> None:
    parts = tiers(NOON - 500 * DAY, NOON, MINUTE, NOON + 60)

    assert [period for period, _ in parts] == [HOUR, 300, MINUTE]
    assert parts[0][1].since > NOON - 455 * DAY
    assert all(window.since % period == 0 for period, window in parts)
    joints = [window.since for _, window in parts[1:]]
    assert [window.until for _, window in parts[:-1]] == joints
