"""What is usual comes from the same hour before, and outliers do not move it."""

from __future__ import annotations

import numpy as np

from apps.monitoring.charts.baselines import usual

HOUR, DAY, WEEK = 3600, 86400, 7 * 86400
NOW = 4 * WEEK


def hourly(since: int) -> np.ndarray:
    return np.arange(since, NOW, HOUR, dtype=np.int64)


def test_four_weeks_tell_what_an_hour_of_the_week_is_like() -> None:
    then = hourly(0)
    # 10 an hour, 50 in the first hour of each week.
    values = np.where(then % WEEK == 0, 50.0, 10.0)

    found = usual((then, values), np.array([NOW, NOW + HOUR]), 2.0)

    assert found.middle.tolist() == [50, 10]
    assert "hour of the week" in found.method


def test_the_band_is_as_wide_as_the_past_was_spread() -> None:
    then = hourly(0)
    # The same hour of four weeks: 8, 10, 12, 14: median 11, median distance 2.
    values = 8.0 + 2 * (then // WEEK)

    found = usual((then, values), np.array([NOW]), 2.0)

    assert found.middle[0] == 11
    assert np.isclose(found.high[0], 11 + 2 * 1.4826 * 2)
    assert np.isclose(found.low[0], 11 - 2 * 1.4826 * 2)


def test_one_outlier_moves_nothing() -> None:
    then = hourly(0)
    values = np.where(then == WEEK, 1e9, 10.0)

    found = usual((then, values), np.array([NOW]), 3.0)

    assert (found.low[0], found.high[0]) == (10, 10)


def test_a_few_days_tell_what_an_hour_of_the_day_is_like() -> None:
    then = hourly(NOW - 3 * DAY)
    values = np.where(then % DAY == 0, 7.0, 1.0)

    found = usual((then, values), np.array([NOW, NOW + HOUR]), 2.0)

    assert found.middle.tolist() == [7, 1]
    assert "hour of the day" in found.method


def test_less_than_two_days_tell_nothing_and_say_so() -> None:
    then = hourly(NOW - DAY)

    found = usual((then, np.ones(then.size)), np.array([NOW]), 2.0)

    assert np.isnan(found.low).all()
    assert "fewer than two days" in found.method


def test_missing_values_are_no_past() -> None:
    then = hourly(0)

    found = usual((then, np.full(then.size, np.nan)), np.array([NOW]), 2.0)

    assert "fewer than two days" in found.method
