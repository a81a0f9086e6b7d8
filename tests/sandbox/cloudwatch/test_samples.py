"""Samples in columns: what goes in comes out, in order and whole."""

from __future__ import annotations

import numpy as np

from sandbox.cloudwatch.samples import EMPTY, Column, Samples, joined
from sandbox.cloudwatch.statistics import compute, parse


def column_of(*times: int) -> Column:
    column = Column()
    for time in times:
        column.add(time, time * 2.0)
    return column


def test_an_empty_column_has_nothing() -> None:
    assert Column().settled() is EMPTY


def test_samples_come_in_order_of_time() -> None:
    column = column_of(30, 10)
    column.settled()
    column.add(20, 40.0)

    assert column.settled().times.tolist() == [10, 20, 30]
    assert column.settled().values.tolist() == [20, 40, 60]


def test_what_was_read_does_not_change() -> None:
    column = column_of(10)
    before = column.settled()

    column.add(20, 1.0)

    assert (len(before.times), len(column.settled().times)) == (1, 2)


def test_counts_are_kept_only_where_there_are_any() -> None:
    column = column_of(10)
    assert column.settled().counts is None

    column.add_counted(20, [5.0, 6.0], [2.0, 3.0])
    column.add(30, 1.0)

    counts = column.settled().counts
    assert counts is not None
    assert counts.tolist() == [1, 2, 3, 1]


def test_sets_make_all_samples_sums() -> None:
    column = Column()
    column.add_counted(10, [5.0], [2.0])
    column.add_set(20, 4, 12, 1, 6)

    found = column.settled()

    assert found.values.tolist() == [10, 12]
    assert found.lows is not None
    assert found.lows.tolist() == [5, 1]


def test_a_range_begins_with_its_start_and_ends_before_its_end() -> None:
    found = column_of(10, 20, 30).settled().between(10, 30)

    assert found.times.tolist() == [10, 20]


def test_most_samples_take_twelve_bytes() -> None:
    found = column_of(*range(1_000)).settled()

    assert found.times.nbytes + found.values.nbytes == 12_000


def test_joining_keeps_every_sample() -> None:
    parts = [column_of(5, 7).settled(), EMPTY, column_of(6).settled()]

    assert joined(parts).times.tolist() == [5, 6, 7]


def test_periods_are_counted_from_the_start_that_is_given() -> None:
    times = np.array([100, 159, 160, 300], np.uint32)
    statistic = parse("SampleCount")
    assert statistic is not None

    points = compute(statistic, Samples(times, np.ones(4)), 100, 60)

    assert points.times.tolist() == [100, 160, 280]
    assert points.values.tolist() == [2, 1, 1]


def test_what_is_no_statistic_is_none() -> None:
    bad = ["", "avg", "p101", "p", "TM(:)", "TM(10%:5)", "PR(1%:2%)", "IQM(1:2)"]

    assert [parse(text) for text in bad] == [None] * len(bad)
