"""Values land in their periods, and only what was read is filled."""

from __future__ import annotations

import numpy as np
import pytest

from apps.monitoring.charts.grids import (
    Grid,
    covered_periods,
    filled,
    fitting_period,
    placed,
    uncovered,
)
from apps.monitoring.metrics.lines import Interval, Line

NAN = float("nan")
HOUR, DAY = 3600, 86400


@pytest.mark.parametrize(
    ("length", "wanted", "expected"),
    [
        (HOUR, 0, 60),
        (3 * HOUR, 0, 60),
        (DAY, 0, 300),
        (7 * DAY, 0, 900),
        (30 * DAY, 0, 3600),
        (90 * DAY, 0, 21600),
        (HOUR, 300, 300),
        (30 * DAY, 60, 3600),
        (3650 * DAY, 0, 5 * DAY),
    ],
)
def test_the_range_decides_the_period(length: int, wanted: int, expected: int) -> None:
    period = fitting_period(0, length, wanted, 800)

    assert period == expected
    assert length / period <= 800


def test_a_grid_holds_every_period_that_the_range_touches() -> None:
    grid = Grid.over(90, 301, 60)

    assert grid.times.tolist() == [60, 120, 180, 240, 300]
    assert grid.until == 360


def test_values_are_put_into_their_periods() -> None:
    line = Line(np.array([0, 60, 180, 999]), np.array([9.0, 1.0, 3.0, 9.0]), 60)

    column = placed(line, Grid(60, 60, 4))

    assert np.array_equal(column, [1.0, NAN, 3.0, NAN], equal_nan=True)


def test_periods_that_were_read_in_part_count_as_read() -> None:
    covered = (Interval(0, 61), Interval(200, 240))

    assert covered_periods(covered, Grid(60, 60, 4)).tolist() == [
        True,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("fill", "expected"),
    [
        ("gap", [NAN, 1, NAN, NAN]),
        ("zero", [0, 1, 0, NAN]),
        ("previous", [NAN, 1, 1, NAN]),
        (7.5, [7.5, 1, 7.5, NAN]),
    ],
)
def test_filling_stops_where_nothing_was_read(
    fill: str | float, expected: list[float]
) -> None:
    is_read = np.array([True, True, True, False])

    column = filled(np.array([NAN, 1, NAN, NAN]), fill, is_read)

    assert np.array_equal(column, expected, equal_nan=True)


def test_what_no_line_was_read_for_is_uncovered() -> None:
    one, two = (Interval(0, 10), Interval(30, 40)), (Interval(5, 20),)

    assert uncovered([one, two], 0, 50) == (Interval(20, 30), Interval(40, 50))
    assert uncovered([one, two], 12, 18) == ()
    assert uncovered([()], 0, 50) == (Interval(0, 50),)
