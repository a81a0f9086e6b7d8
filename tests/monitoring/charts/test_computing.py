"""Charts are computed from what is stored, and know what is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from apps.monitoring.charts.computing import UNKNOWN, Computed, compute
from apps.monitoring.charts.notes import notes
from apps.monitoring.charts.specs import ChartSpec
from apps.monitoring.metrics.lines import Interval
from apps.search.timerange import TimeRange
from tests.factories import NOON, OTHER_ACCOUNT
from tests.monitoring.charts.examples import a_key, a_line, a_spec
from tests.monitoring.charts.stored import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    a_series,
    cover,
    keep,
)

pytestmark = pytest.mark.django_db
LAST_HOUR = TimeRange(NOON - timedelta(hours=1), NOON)


class Person:
    def __init__(self, *accounts: str) -> None:
        self.accounts = accounts

    def visible_accounts(self) -> frozenset[str] | None:
        return frozenset(self.accounts) if self.accounts else None


def computed(
    value: dict[str, Any], span: TimeRange = LAST_HOUR, person: Person | None = None
) -> Computed:
    return compute(ChartSpec.parse(value), span, person or Person(), NOON)


def values(found: Computed, at: int = 0) -> list[float | None]:
    return [None if np.isnan(one) else one for one in found.lines[at].values]


def test_a_line_is_what_was_stored_and_gaps_stay_gaps() -> None:
    row = a_series(a_key())
    keep(row, NOW - HOUR, [1, None, 3])

    found = computed(a_spec())

    assert values(found) == [1, None, 3] + [None] * 57
    assert found.grid.period_seconds == MINUTE


def test_an_expression_is_computed_from_the_lines() -> None:
    keep(a_series(a_key()), NOW - HOUR, [1, 2])
    spec = a_spec(a_line(is_hidden=True), {"id": "e", "expression": "a * 100 / c"})
    spec["lines"].insert(1, {"id": "c", "expression": "a + 1", "is_hidden": True})

    found = computed(spec)

    assert [one.line.id for one in found.lines] == ["e"]
    assert values(found)[:2] == [50, pytest.approx(66.6667, abs=1e-3)]


@pytest.mark.parametrize(
    ("expression", "problem"),
    [("a +", "missing"), ("zz", "no line 'zz'"), ("e * 2", "computed from itself")],
)
def test_a_wrong_expression_spoils_only_its_line(expression: str, problem: str) -> None:
    keep(a_series(a_key()), NOW - HOUR, [1])

    found = computed(a_spec(a_line(), {"id": "e", "expression": expression}))

    assert problem in found.lines[1].problem
    assert values(found)[0] == 1


def test_what_others_own_looks_like_what_is_not_there() -> None:
    keep(a_series(a_key()), NOW - HOUR, [1])

    found = computed(a_spec(), person=Person(OTHER_ACCOUNT))

    assert found.lines[0].problem == UNKNOWN
    assert found.series == {}
    assert set(values(found)) == {None}


def test_a_longer_range_has_longer_periods_and_sums_add_up() -> None:
    row = a_series(a_key())
    keep(row, NOW - DAY, [1] * 1440)
    span = TimeRange(NOON - timedelta(days=1), NOON)

    found = computed(a_spec(a_line(statistic="Sum")), span)

    assert found.grid.period_seconds == 300
    assert values(found) == [5] * 288


def test_a_period_with_too_many_points_gives_way() -> None:
    a_series(a_key())
    span = TimeRange(NOON - timedelta(days=30), NOON)

    assert computed(a_spec(period=60), span).grid.period_seconds == 3600


def test_missing_values_are_filled_where_it_is_known_that_there_are_none() -> None:
    row = a_series(a_key())
    keep(row, NOW - HOUR, [4])
    cover(row, NOW - HOUR, NOW - HOUR + 3 * MINUTE)

    found = computed(a_spec(a_line(fill="zero")))

    assert values(found)[:5] == [4, 0, 0, None, None]


def test_time_that_was_not_read_is_a_gap_of_its_own() -> None:
    row = a_series(a_key())
    cover(row, NOW - 50 * MINUTE, NOW - 20 * MINUTE)

    assert computed(a_spec()).gaps == (
        Interval(NOW - HOUR, NOW - 50 * MINUTE),
        Interval(NOW - 20 * MINUTE, NOW),
    )


def test_the_same_line_a_week_before() -> None:
    row = a_series(a_key())
    keep(row, NOW - HOUR, [1, 2])
    keep(row, NOW - HOUR - 7 * DAY, [10, 20])

    before = computed(a_spec(compare="1w")).lines[0].before

    assert before is not None
    assert before[:2].tolist() == [10, 20]


def test_sums_of_longer_periods_are_spread_over_those_of_the_chart() -> None:
    row = a_series(a_key())
    keep(row, NOW - HOUR, [1, 2])
    keep(row, NOW - HOUR - 7 * DAY, [600], period=HOUR)

    found = computed(a_spec(a_line(statistic="Sum"), compare="1w"))

    assert found.lines[0].before is not None
    assert found.lines[0].before[:2].tolist() == [10, 10]
    assert "Dashed: a week before, of which periods of 1 hour are kept" in " ".join(
        note.text for note in notes(found)
    )


def test_what_is_usual_comes_from_the_weeks_before() -> None:
    row = a_series(a_key())
    for week in (1, 2, 3):
        keep(row, NOW - HOUR - week * 7 * DAY, [10.0] * 60)
    for day in range(1, 22):
        keep(row, NOW - HOUR - day * DAY, [10.0] * 60)

    band = computed(a_spec(band={"of": "a", "width": 2})).band

    assert band is not None
    assert "hour of the" in band.method
    assert band.middle[0] == 10


def test_without_a_past_there_is_no_band_and_a_reason() -> None:
    keep(a_series(a_key()), NOW - HOUR, [1])

    band = computed(a_spec(band={"of": "a"})).band

    assert band is not None
    assert np.isnan(band.low).all()
    assert "fewer than two days" in band.method


def test_a_chart_without_lines_is_empty() -> None:
    found = computed({"lines": []})

    assert (found.lines, found.gaps) == ((), ())
