"""Writers of the same chunks, at the same time, lose nothing of each other's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from apps.monitoring.metrics import samples, storing
from apps.monitoring.metrics.lines import Interval, Wanted
from apps.monitoring.metrics.samples import Reading, Written
from apps.monitoring.models import MetricChunk, SampleCoverage
from tests.monitoring.metrics.things import MONDAY, counted

WRITERS, MINUTES = 4, 12
SERIES = [Wanted(number, "Sum") for number in range(6)]


def write_every_fourth_minute(writer: int) -> None:
    """Every series, minute by minute, none of them another writer's."""
    try:
        for turn in range(MINUTES):
            time = MONDAY + 60 * (turn * WRITERS + writer)
            one = counted(time, 60, [writer + 1])
            readings = [Reading.of(wanted.series_id, 60, one) for wanted in SERIES]
            samples.write_many(readings, time + 60)
    finally:
        connection.close()


def note_every_fourth_minute(writer: int) -> None:
    try:
        for turn in range(MINUTES):
            since = MONDAY + 60 * (turn * WRITERS + writer)
            samples.note_covered([1, 2, 3], 60, Interval(since, since + 60), since)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_writers_of_the_same_chunks_lose_nothing() -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write_every_fourth_minute, range(WRITERS)))

    lines = samples.read(SERIES, MONDAY, MONDAY + 3_600, 60, MONDAY)
    expected = [writer + 1 for writer in range(WRITERS)] * MINUTES
    assert [line.values.tolist() for line in lines.values()] == [expected] * 6


@pytest.mark.django_db(transaction=True)
def test_intervals_noted_at_the_same_time_are_all_noted() -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(note_every_fourth_minute, range(WRITERS)))

    line = samples.read(SERIES[1:2], MONDAY, MONDAY + 3_600, 60, MONDAY)[SERIES[1]]
    assert line.covered == (Interval(MONDAY, MONDAY + 60 * WRITERS * MINUTES),)
    assert SampleCoverage.objects.count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize("is_there", [True, False])
def test_who_was_overtaken_merges_again(
    monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    if is_there:
        samples.write(1, 60, counted(MONDAY, 60, [1]), MONDAY)
    merged = storing._merged  # noqa: SLF001 - the moment between reading and writing

    def overtaken(*given: Any) -> object:
        monkeypatch.setattr(storing, "_merged", merged)
        samples.write(1, 60, counted(MONDAY + 60, 60, [2]), MONDAY)
        return merged(*given)

    monkeypatch.setattr(storing, "_merged", overtaken)
    assert samples.write(1, 60, counted(MONDAY + 120, 60, [3]), MONDAY) == Written(1)

    line = samples.read([Wanted(1, "Sum")], MONDAY, MONDAY + 3_600, 60, MONDAY)
    (found,) = line.values()
    assert found.values.tolist() == ([1, 2, 3] if is_there else [2, 3])
    assert MetricChunk.objects.get().version == 2 + is_there
