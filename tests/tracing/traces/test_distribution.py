"""Latencies on a scale of powers, and what is out of the ordinary."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tracing.traces.distribution import distribution, outliers_above
from apps.tracing.traces.durations import shown


@given(st.lists(st.floats(0.001, 1e7), min_size=1, max_size=50))
def test_every_latency_lies_in_one_bar(latencies: list[float]) -> None:
    found = distribution([(one, False) for one in latencies])

    assert found is not None
    assert sum(bar.count for bar in found.bars) == len(latencies)
    assert found.lower_ms < min(latencies) <= max(latencies) < found.upper_ms


def test_percentiles_are_latencies_that_occurred() -> None:
    found = distribution([(float(ms), ms > 90) for ms in range(1, 101)])

    assert found is not None
    assert (found.p50_ms, found.p95_ms, found.p99_ms) == (50, 95, 99)
    assert sum(bar.failed for bar in found.bars) == 10
    assert set(found.ticks) == {1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0}


def test_what_did_not_end_has_no_place() -> None:
    assert distribution([(0.0, False)]) is None


def test_outliers_are_far_from_their_like() -> None:
    usual = [100.0 + at for at in range(40)]

    assert 150 < outliers_above(usual) < 250
    assert outliers_above(usual[:19]) == math.inf


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0 µs"),
        (0.25, "250 µs"),
        (1.5, "1.5 ms"),
        (12.44, "12.4 ms"),
        (999.6, "1,000 ms"),
        (1_500, "1.5 s"),
        (90_000, "1.5 min"),
        (7_200_000, "120 min"),
    ],
)
def test_durations_are_short_and_have_a_unit(milliseconds: float, text: str) -> None:
    assert shown(milliseconds) == text
