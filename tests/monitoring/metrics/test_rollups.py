"""However samples come, and whenever they are rolled up, the sums are right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.monitoring.metrics import retention, rollups, samples
from apps.monitoring.metrics.columns import Samples, no_samples
from apps.monitoring.metrics.lines import Wanted
from tests.monitoring.metrics.things import MONDAY, counted, some

numbers = count(1)
DAY = 86_400
# A minute of the first day, and how many requests it is now known to have had.
minutes = st.tuples(st.integers(0, 1_439), st.integers(1, 9))
batches = st.lists(st.lists(minutes, min_size=1, max_size=30), max_size=5)


@pytest.mark.django_db
@settings(max_examples=40)
@given(batches, st.sampled_from([300, 900, 3_600, 7_200, DAY]), st.booleans())
def test_late_and_changed_values_reach_every_tier(
    batches: Sequence[Sequence[tuple[int, int]]], period: int, is_rolled_up: bool
) -> None:
    series, truth = next(numbers), dict[int, int]()
    for batch in batches:
        for minute, requests in batch:
            truth[minute] = truth.get(minute, 0) + requests
            one = counted(MONDAY + 60 * minute, 60, [truth[minute]])
            samples.write(series, 60, one, MONDAY)
        if is_rolled_up:
            retention.roll_up_due(MONDAY + 400 * DAY)

    expected: dict[int, float] = {}
    for minute, requests in truth.items():
        time = MONDAY + 60 * minute // period * period
        expected[time] = expected.get(time, 0) + requests
    wanted = Wanted(series, "Sum")
    line = samples.read([wanted], MONDAY, MONDAY + DAY, period, MONDAY)[wanted]
    assert dict(zip(line.times.tolist(), line.values.tolist(), strict=True)) == expected


def test_merging_adds_what_adds_and_keeps_the_extremes() -> None:
    found = rollups.merged(
        some((0, 1, 5, 5, 5), (60, 3, 6, -1, 4), (300, 1, 7, 7, 7)), 300
    )

    assert found.times.tolist() == [0, 300]
    assert [column.tolist() for column in found.columns] == [
        [4, 1], [11, 7], [-1, 7], [5, 7],
    ]  # fmt: skip


def test_of_two_the_one_of_more_measurements_stands() -> None:
    stored = some((0, 5, 50, 1, 9), (300, 5, 50, 1, 9), (900, 1, 1, 1, 1))
    made = some((0, 2, 20, 1, 9), (300, 5, 60, 1, 9), (600, 1, 3, 3, 3))

    found = rollups.overlaid(stored, made)

    assert found.times.tolist() == [0, 300, 600, 900]
    assert found.sum.tolist() == [50, 60, 3, 1]


@pytest.mark.parametrize(
    ("period", "above"),
    [(1, 60), (60, 300), (300, 3_600), (900, 3_600), (3_600, DAY), (DAY, None)],
)
def test_every_period_has_its_tier_above(period: int, above: int | None) -> None:
    assert rollups.tier_above(period) == above


def test_seconds_are_rolled_up_into_minutes() -> None:
    found = rollups.climbed({10: counted(0, 10, [1] * 12)}, 60)

    assert (found.times.tolist(), found.sum.tolist()) == ([0, 60], [6, 6])


@pytest.mark.parametrize(
    ("stored", "coarser", "is_lacking"),
    [
        (no_samples(), [], False),
        (no_samples(), [0], True),
        (counted(240, 60, [1]), [0], False),
        (counted(300, 60, [1]), [0], True),
        (counted(240, 60, [1, 1]), [0, 300], False),
        (counted(240, 60, [1, 1]), [0, 300, 600], True),
    ],
)
def test_a_period_without_any_shorter_one_is_lacking(
    stored: Samples, coarser: list[int], is_lacking: bool
) -> None:
    times = np.array(coarser, np.int64)

    assert rollups.is_lacking(stored, times, 300) is is_lacking
