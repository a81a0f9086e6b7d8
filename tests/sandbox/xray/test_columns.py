"""Tables, indexes and histograms: the columns beneath the graph."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.xray.histograms import histograms
from sandbox.xray.table import Index, Table


def keys(*values: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array(values, np.uint64)


def test_a_row_has_the_number_it_was_given() -> None:
    table = Table({"a": "u4", "b": "f8"})

    numbers = [table.append((n, n / 2)) for n in range(20_000)]

    assert numbers == list(range(20_000))
    assert table.columns()["a"][19_999] == 19_999
    assert table.columns()["b"][8_192] == 4_096.0


def test_what_is_written_to_a_column_stays() -> None:
    table = Table({"a": "u4"})
    table.append((1,))
    table.columns()["a"][0] = 5
    table.append((2,))

    assert table.columns()["a"].tolist() == [5, 2]


def test_an_index_finds_the_row_added_last() -> None:
    index = Index()
    index.add(keys(7, 9), np.array([0, 1]))
    index.add(keys(9), np.array([2]))

    assert index.find(keys(7, 9, 8)).tolist() == [0, 2, -1]


@given(st.lists(st.lists(st.integers(0, 50), max_size=20), max_size=8))
def test_an_index_is_as_a_dictionary(batches: list[list[int]]) -> None:
    index, expected, row = Index(), dict[int, int](), 0
    for batch in batches:
        rows = np.arange(row, row + len(batch))
        index.add(keys(*batch), rows)
        expected |= dict(zip(batch, rows.tolist(), strict=True))
        row += len(batch)

    found = index.find(keys(*range(51))).tolist()

    assert found == [expected.get(key, -1) for key in range(51)]


def test_an_index_stays_right_when_it_merges() -> None:
    index = Index()
    for begin in range(0, 200_000, 50_000):
        rows = np.arange(begin, begin + 50_000)
        index.add(rows.astype(np.uint64), rows)
    index.add(keys(3), np.array([7]))

    assert index.find(keys(3, 199_999, 200_000)).tolist() == [7, 199_999, -1]


def test_few_values_are_rounded_to_milliseconds() -> None:
    seconds = np.array([0.0051, 0.0149, 0.157, 0.157, 2.0])
    groups = np.array([0, 0, 0, 0, 2])

    assert histograms(groups, seconds, 3) == [
        [
            {"Value": 0.005, "Count": 1},
            {"Value": 0.015, "Count": 1},
            {"Value": 0.157, "Count": 2},
        ],
        [],
        [{"Value": 2.0, "Count": 1}],
    ]


def test_many_values_are_rounded_to_two_digits() -> None:
    seconds = np.repeat([0.0123, 0.1234, 1.277, 40.0], 200)

    [found] = histograms(np.zeros(800, np.int64), seconds, 1)

    assert found == [
        {"Value": 0.012, "Count": 200},
        {"Value": 0.12, "Count": 200},
        {"Value": 1.3, "Count": 200},
        {"Value": 40.0, "Count": 200},
    ]


@pytest.mark.parametrize("seconds", [0.0, 1e6])
def test_values_beyond_every_bucket_are_counted(seconds: float) -> None:
    [found] = histograms(np.zeros(600, np.int64), np.full(600, seconds), 1)

    assert sum(entry["Count"] for entry in found) == 600
