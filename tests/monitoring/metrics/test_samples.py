"""Samples that were written are read: as they were, merged, whoever wrote them."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.monitoring.metrics import samples
from apps.monitoring.metrics.lines import Interval, Line, Wanted
from apps.monitoring.metrics.samples import Reading, Written
from apps.monitoring.models import MetricChunk
from tests.monitoring.metrics.things import MONDAY, counted, some

pytestmark = pytest.mark.django_db
HOUR = 3_600
DAY = 86_400
NOW = MONDAY + 40 * DAY


def drawn(statistic: str, since: int, until: int, period: int = 60) -> Line:
    wanted = Wanted(1, statistic)
    return samples.read([wanted], since, until, period, NOW)[wanted]


def points(line: Line) -> list[tuple[int, float]]:
    times = (line.times - MONDAY).tolist()
    return list(zip(times, line.values.tolist(), strict=True))


def test_every_statistic_of_a_sample_is_read() -> None:
    samples.write(1, 60, some((MONDAY, 4, 10, 1, 5)), NOW)

    found = {
        name: points(drawn(name, MONDAY, MONDAY + HOUR))
        for name in ("SampleCount", "Sum", "Minimum", "Maximum", "Average")
    }

    assert found == {
        "SampleCount": [(0, 4)],
        "Sum": [(0, 10)],
        "Minimum": [(0, 1)],
        "Maximum": [(0, 5)],
        "Average": [(0, 2.5)],
    }


def test_the_range_has_its_start_and_not_its_end() -> None:
    samples.write(1, 60, counted(MONDAY, 60, [1, 2, 3, 4]), NOW)

    assert points(drawn("Sum", MONDAY + 60, MONDAY + 180)) == [(60, 2), (120, 3)]


def test_writing_tells_what_was_new_and_what_changed() -> None:
    first = counted(MONDAY, 60, [1, 2, 3])

    assert samples.write(1, 60, first, NOW) == Written(new=3)
    assert samples.write(1, 60, first, NOW) == Written(same=3)
    later = counted(MONDAY + 60, 60, [2, 5, 7])
    assert samples.write(1, 60, later, NOW) == Written(new=1, changed=1, same=1)
    found = points(drawn("Sum", MONDAY, MONDAY + HOUR))
    assert found == [(0, 1), (60, 2), (120, 5), (180, 7)]


def test_what_did_not_change_is_not_written_again() -> None:
    samples.write(1, 60, counted(MONDAY, 60, [1, 2]), NOW)
    samples.write(1, 60, counted(MONDAY, 60, [1, 2]), NOW)

    assert MetricChunk.objects.get().version == 1


def test_samples_come_in_any_order_and_span_chunks() -> None:
    times = [MONDAY + 7 * HOUR, MONDAY, MONDAY + 13 * HOUR, MONDAY + 60]
    samples.write(1, 60, some(*((time, 1, time, 1, 1) for time in times)), NOW)

    assert MetricChunk.objects.count() == 3
    line = drawn("Sum", MONDAY, MONDAY + DAY)
    assert line.times.tolist() == line.values.tolist() == sorted(times)


def test_of_a_time_that_comes_twice_the_last_is_taken() -> None:
    samples.write(1, 60, some((MONDAY, 1, 1, 1, 1), (MONDAY, 2, 9, 4, 5)), NOW)

    assert points(drawn("Sum", MONDAY, MONDAY + HOUR)) == [(0, 9)]


def test_longer_periods_are_merged() -> None:
    rows = [(MONDAY + 60 * place, 2, place, -place, place) for place in range(10)]
    samples.write(1, 60, some(*rows), NOW)

    found = {
        name: points(drawn(name, MONDAY + 70, MONDAY + HOUR, 300))
        for name in ("Sum", "Average", "Minimum", "Maximum", "SampleCount")
    }

    assert found == {
        "Sum": [(0, 10), (300, 35)],
        "Average": [(0, 1), (300, 3.5)],
        "Minimum": [(0, -4), (300, -9)],
        "Maximum": [(0, 4), (300, 9)],
        "SampleCount": [(0, 10), (300, 10)],
    }


def test_a_period_that_is_no_tier_is_merged_of_the_tier_below() -> None:
    samples.write(1, 300, counted(MONDAY, 300, [1] * 12), NOW)

    found = points(drawn("Sum", MONDAY, MONDAY + HOUR, 900))

    assert found == [(0, 3), (900, 3), (1_800, 3), (2_700, 3)]


def test_a_line_of_what_is_read_every_five_minutes_is_answered_so() -> None:
    samples.write(1, 300, counted(MONDAY, 300, [5, 6]), NOW)

    line = drawn("Sum", MONDAY, MONDAY + HOUR, 60)

    assert (line.period_seconds, points(line)) == (300, [(0, 5), (300, 6)])


def test_where_a_part_is_there_at_a_longer_period_the_whole_line_is() -> None:
    samples.write(1, 300, counted(MONDAY, 300, [5, 6]), NOW)
    samples.write(1, 60, counted(MONDAY + 600, 60, [1] * 10), NOW)

    line = drawn("Sum", MONDAY, MONDAY + HOUR, 60)
    found = points(line)

    assert line.period_seconds == 300
    assert found == [(0, 5), (300, 6), (600, 5), (900, 5)]
    assert drawn("Sum", MONDAY + 600, MONDAY + HOUR, 60).period_seconds == 60


def test_an_hour_read_partly_by_minutes_and_partly_by_five_is_whole() -> None:
    samples.write(1, 300, counted(MONDAY, 300, [50] * 6), NOW)
    samples.write(1, 60, counted(MONDAY + HOUR // 2, 60, [10] * 30), NOW)

    assert points(drawn("Sum", MONDAY, MONDAY + HOUR, HOUR)) == [(0, 600)]


def test_percentiles_are_there_at_their_own_period_only() -> None:
    times = np.array([MONDAY, MONDAY + 300])
    samples.write_statistic(1, "p99", 300, times, np.array([1.5, 2.5]), NOW)

    assert points(drawn("p99", MONDAY, MONDAY + HOUR, 300)) == [(0, 1.5), (300, 2.5)]
    for period in (60, HOUR):
        line = drawn("p99", MONDAY, MONDAY + HOUR, period)
        assert (len(line.times), line.period_seconds) == (0, period)


def test_a_sample_of_no_measurements_has_no_average() -> None:
    samples.write(1, 60, some((MONDAY, 0, 0, 0, 0)), NOW)

    assert points(drawn("Average", MONDAY, MONDAY + HOUR)) == []
    assert points(drawn("Sum", MONDAY, MONDAY + HOUR)) == [(0, 0)]


def test_a_series_nobody_wrote_is_an_empty_line() -> None:
    line = drawn("Sum", MONDAY, MONDAY + HOUR)

    assert (len(line.times), line.covered, line.provisional_since) == (0, (), None)


def test_the_newest_sample_of_each_series_is_known() -> None:
    samples.write(1, 60, counted(MONDAY, 60, [1] * 500), NOW)
    samples.write(1, 300, counted(MONDAY, 300, [1] * 120), NOW)
    samples.write(2, 300, counted(MONDAY, 300, [1]), NOW)

    found = samples.newest([1, 2, 3])

    assert found == {1: MONDAY + 119 * 300, 2: MONDAY}


def test_many_series_are_written_in_three_statements_and_read_in_two() -> None:
    readings = [
        Reading.of(number, 60, counted(MONDAY, 60, [number, 2])) for number in range(80)
    ]
    with CaptureQueriesContext(
        connection,
    ) as written:
        assert samples.write_many(readings, NOW) == Written(new=160)
    # What is there, and a transaction around what is written.
    assert len(written) <= 4

    wanted = [Wanted(number, "Sum") for number in range(80)]
    with CaptureQueriesContext(connection) as asked:
        lines = samples.read(wanted, MONDAY, MONDAY + HOUR, 60, NOW)
    assert len(asked) == 2
    assert [lines[one].values[0] for one in wanted] == list(range(80))


# --- What was really read ----------------------------------------------------------


def test_coverage_is_of_columns_that_grow_together() -> None:
    for minute in range(5):
        since = MONDAY + 60 * minute
        samples.note_covered([1, 2], 60, Interval(since, since + 60), since + 200)

    line = drawn("Sum", MONDAY - HOUR, MONDAY + HOUR)

    assert line.covered == (Interval(MONDAY, MONDAY + 300),)


def test_gaps_stay_until_they_are_read() -> None:
    hours = [Interval(MONDAY + HOUR * at, MONDAY + HOUR * (at + 1)) for at in range(3)]
    samples.note_covered([1], 60, hours[0], NOW)
    samples.note_covered([1], 60, hours[2], NOW)
    assert drawn("Sum", MONDAY, MONDAY + DAY).covered == (hours[0], hours[2])

    samples.note_covered([1], 60, hours[1], NOW)
    whole = Interval(MONDAY, MONDAY + 3 * HOUR)
    assert drawn("Sum", MONDAY, MONDAY + DAY).covered == (whole,)


def test_coverage_is_of_all_periods_and_clipped_to_the_range() -> None:
    samples.note_covered([1], 300, Interval(MONDAY, MONDAY + HOUR), NOW)
    samples.note_covered([1], 60, Interval(MONDAY + HOUR, MONDAY + DAY), NOW)

    line = drawn("Sum", MONDAY + 600, MONDAY + 2 * HOUR)

    assert line.covered == (Interval(MONDAY + 600, MONDAY + 2 * HOUR),)


def test_an_empty_interval_covers_nothing() -> None:
    samples.note_covered([1], 60, Interval(MONDAY, MONDAY), NOW)

    assert drawn("Sum", MONDAY, MONDAY + DAY).covered == ()


@pytest.mark.parametrize(("period", "settles"), [(60, 180), (300, 600)])
def test_what_was_just_read_may_change(period: int, settles: int) -> None:
    read_at = MONDAY + 6_000
    samples.note_covered([1], period, Interval(MONDAY, read_at), read_at)

    line = drawn("Sum", MONDAY, MONDAY + 2 * HOUR, period)

    assert line.provisional_since == read_at - settles
    assert drawn("Sum", MONDAY, MONDAY + HOUR, period).provisional_since is None


def test_reading_old_periods_again_settles_nothing_new() -> None:
    end = MONDAY + HOUR
    samples.note_covered([1], 60, Interval(MONDAY, end), end)
    samples.note_covered([1], 60, Interval(MONDAY, MONDAY + 600), NOW)
    assert drawn("Sum", MONDAY, end).provisional_since == end - 180

    samples.note_covered([1], 60, Interval(MONDAY + 600, end), NOW)
    assert drawn("Sum", MONDAY, end).provisional_since is None


def test_a_period_that_is_not_over_may_change() -> None:
    samples.note_covered([1], 60, Interval(NOW - DAY, NOW), NOW)

    line = drawn("Sum", NOW - DAY, NOW + DAY, HOUR)

    assert line.provisional_since == NOW - HOUR
