"""Chunks give back what was put in, bit for bit, and are small."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.metrics import bitpacking, chunks
from apps.monitoring.metrics.lines import Values

anything = st.floats(allow_nan=False, allow_infinity=False)
decimals = st.integers(-(10**7), 10**7).map(lambda whole: whole / 100)
counts = st.integers(0, 10**6).map(float)
values = st.one_of(anything, decimals, counts, st.just(1.0), st.just(-0.0))
rows = st.lists(st.tuples(values, values, values, values), max_size=80)


@given(rows, st.integers(0, 2**40), st.lists(st.integers(1, 9_999), min_size=80))
def test_whatever_is_packed_comes_back_bit_for_bit(
    rows: list[tuple[float, ...]], since: int, steps: list[int]
) -> None:
    times = since + np.cumsum(np.array(steps[: len(rows)], np.int64))
    columns = list(np.array(rows, np.float64).reshape(-1, 4).T)

    found_times, found = chunks.unpack(chunks.pack(times, columns))

    assert found_times.tolist() == times.tolist()
    assert [one.tobytes() for one in found] == [one.tobytes() for one in columns]


@given(st.lists(values, min_size=1), st.sampled_from([1, 3, 60]))
def test_one_column_comes_back_too(column: list[float], period: int) -> None:
    times = np.arange(len(column)) * period

    found_times, found = chunks.unpack(chunks.pack(times, [np.array(column)]))

    assert found_times.tolist() == times.tolist()
    assert found[0].tobytes() == np.array(column).tobytes()


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_any_integers_come_back(numbers: list[int]) -> None:
    packed = bitpacking.pack(np.array(numbers, np.int64))

    found, end = bitpacking.unpack(packed, 0, len(numbers))

    assert found.tolist() == numbers
    assert end == len(packed)


@given(st.integers())
def test_any_number_comes_back(number: int) -> None:
    packed = bitpacking.number(number)

    assert bitpacking.read_number(packed, 0) == (number, len(packed))


def test_times_are_read_without_the_values() -> None:
    times = np.array([60, 120, 300], np.int64)

    packed = chunks.pack(times, [np.array([1.5, 2.5, 3.5])])

    assert chunks.times_of(packed).tolist() == [60, 120, 300]


def test_an_unknown_format_is_refused() -> None:
    packed = chunks.pack(np.array([0], np.int64), [np.array([1.0])])

    with pytest.raises(ValueError, match="format"):
        chunks.unpack(b"\xff" + packed[1:])


dice = np.random.default_rng(4)
full = np.arange(chunks.SPAN, dtype=np.int64) * 60
ones = np.ones(chunks.SPAN)
noise = dice.lognormal(3, 1, chunks.SPAN)
requests = dice.poisson(200, chunks.SPAN).astype(np.float64)
hundredths = np.round(noise, 2)


@pytest.mark.parametrize(
    ("columns", "most_bytes"),
    [
        pytest.param([ones, noise, noise, noise], 7.5, id="one measurement of a disk"),
        pytest.param([requests, requests, ones, ones], 1.5, id="requests"),
        pytest.param(
            [requests, hundredths * 7, hundredths, hundredths * 3], 8, id="durations"
        ),
        pytest.param([ones, ones * 0, ones * 0, ones * 0], 0.2, id="silence"),
        pytest.param(
            [requests, noise * requests, noise / 2, noise * 4], 24, id="noise alone"
        ),
    ],
)
def test_a_full_chunk_has_so_many_bytes_a_sample(
    columns: list[Values], most_bytes: float
) -> None:
    assert len(chunks.pack(full, columns)) / chunks.SPAN <= most_bytes
