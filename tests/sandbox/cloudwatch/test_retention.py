"""What is forgotten of old samples, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sandbox.cloudwatch import retention
from sandbox.cloudwatch.retention import age
from sandbox.cloudwatch.samples import Column, Samples
from sandbox.cloudwatch.store import MetricKey, MetricStore
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.sandbox.cloudwatch.conftest import MINUTE, ask, metric, values

HOUR, DAY = 3_600, 86_400
PLACE, KEY = (SHOP, HOME_REGION), MetricKey("Shop", "Latency")


def column_of(times: list[int], found: list[float]) -> Column:
    column = Column()
    column.add_columns(Samples(np.array(times, np.uint32), np.array(found)))
    return column


def test_equal_values_of_an_old_minute_become_one() -> None:
    column = column_of([0, 1, 2, 3, 59, 60], [7, 7, 7, 7, 8, 7])

    age(column, 4 * HOUR)

    found = column.settled()
    assert found.counts is not None
    assert list(zip(found.times, found.values, found.counts, strict=True)) == [
        (0, 7, 4),
        (0, 8, 1),
        (60, 7, 1),
    ]


def test_values_that_differ_stay_in_twelve_bytes() -> None:
    column = column_of([0, 1, 2], [1, 2, 3])

    age(column, 4 * HOUR)

    assert column.settled().times.tolist() == [0, 1, 2]
    assert column.settled().counts is None


def test_the_last_three_hours_keep_their_seconds() -> None:
    column = column_of([*range(600)], [1.0] * 600)

    age(column, 3 * HOUR + 300)

    times = column.settled().times.tolist()
    assert times == [0, 60, 120, 180, 240, *range(300, 600)]


def test_what_came_since_is_aged_the_next_time() -> None:
    column = column_of([*range(120)], [1.0] * 120)
    age(column, 3 * HOUR + 60)
    column.add(120, 1.0)

    age(column, 4 * HOUR)

    counts = column.settled().counts
    assert column.settled().times.tolist() == [0, 60, 120]
    assert counts is not None
    assert counts.tolist() == [60, 60, 1]


def test_sets_of_statistics_stay_as_they_are() -> None:
    column = Column()
    column.add_set(5, 2, 3, 1, 2)

    age(column, DAY)

    assert column.settled().times.tolist() == [5]


def test_only_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MOST_ROWS", 2)
    column = column_of([0, 60, 120], [1, 2, 3])

    age(column, DAY)

    assert column.settled().values.tolist() == [2, 3]


def test_after_fifteen_months_a_metric_is_gone() -> None:
    store = MetricStore()
    store.record(PLACE, KEY, [0], [1.0])
    store.record(PLACE, MetricKey("Shop", "New"), [0, 456 * DAY], [1.0, 2.0])

    store.age(457 * DAY)

    assert [each.key.name for each in store.listed(PLACE, 0)] == ["New"]
    assert store.samples(PLACE, MetricKey("Shop", "New"), None).values.tolist() == [2]


@pytest.mark.parametrize("stat", ["Sum", "SampleCount", "Maximum", "p90", "TM(2:)"])
def test_nobody_sees_what_was_forgotten(
    sandbox: Any, cloudwatch: Any, pass_time: Callable[[float], None], stat: str
) -> None:
    times = MINUTE - 3_000 + np.arange(3_000)
    sandbox.service("cloudwatch").metrics.record(PLACE, KEY, times, times % 7)
    before = values(ask(cloudwatch, metric(stat=stat), minutes=60))

    pass_time(5 * HOUR)

    store = sandbox.service("cloudwatch").metrics
    assert len(store.samples(PLACE, KEY, None).times) == 50 * 7
    assert values(ask(cloudwatch, metric(stat=stat), minutes=60)) == before
