"""What readings come to: the same whether they come at once or in portions."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.discovery.alerthooks import Early
from apps.monitoring.incidents.deciding import (
    Change,
    Decision,
    Evaluation,
    Kept,
    Policy,
    Series,
    Value,
    advance,
    decide,
)
from tests.conftest import cases_folder

GAP = math.nan
POLICY = Policy("gt", 5, 1, 1, "missing", 0, 60)
_POINTS = {"0": 0.0, "X": 9.0, "-": None}
_AS_AWS = {
    "missing": "missing",
    "notBreaching": "ok",
    "breaching": "breaching",
    "ignore": "keep",
}
_STATES = {
    "OK": Decision.FINE,
    "ALARM": Decision.BREACHING,
    "INSUFFICIENT_DATA": Decision.NO_DATA,
    "RETAIN": Decision.KEPT,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        file = cases_folder() / "patterns" / "alarm_state.json"
        given_cases = json.loads(file.read_text()) if file.exists() else []
        metafunc.parametrize("case", given_cases)


@pytest.mark.cases
def test_examples_of_aws(case: dict[str, Any]) -> None:
    policy = replace(
        POLICY,
        needed=case["datapoints_to_alarm"],
        periods=case["evaluation_periods"],
        missing=_AS_AWS[case["treat_missing_data"]],
    )

    found = decide(policy, [_POINTS[point] for point in case["datapoints"]])

    assert found is _STATES[case["expected"]]


def changes(
    policy: Policy, values: list[Value], late: int | None = None, early: str = "not"
) -> list[tuple[int, str]]:
    """What changed, by the number of the period, of periods that begin at 0."""
    late = len(values) if late is None else late
    series = Series(0, 60, tuple(values), late, Early(early))
    found = advance(policy, Kept.new(0), series).evaluations
    return [(one.until // 60 - 1, one.change.value) for one in found if one.change]


def test_it_fires_once_and_is_resolved_once() -> None:
    values: list[Value] = [1, 9, 9, 9, 1, 1, 9]

    assert changes(POLICY, values) == [(1, "fired"), (4, "resolved"), (6, "fired")]


def test_m_of_n() -> None:
    policy = replace(POLICY, needed=2, periods=3)

    assert changes(policy, [9, 1, 1, 9, 1, 9, 1, 1]) == [(5, "fired"), (6, "resolved")]


def test_it_is_resolved_once_it_was_fine_for_long_enough() -> None:
    policy = replace(POLICY, hold_seconds=180)

    assert changes(policy, [9, 1, 1, 9, 1, 1, 1, 1]) == [(0, "fired"), (6, "resolved")]


@pytest.mark.parametrize("nothing", [None, GAP])
def test_without_data_nothing_fires_and_nothing_is_resolved(nothing: Value) -> None:
    assert changes(POLICY, [nothing] * 5) == []
    assert changes(POLICY, [9, *[nothing] * 9]) == [(0, "fired")]


def test_what_was_not_seen_to_be_fine_does_not_count_as_fine() -> None:
    policy = replace(POLICY, hold_seconds=120)

    assert changes(policy, [9, 1, GAP, 1, 1]) == [(0, "fired"), (4, "resolved")]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ("ok", [(0, "fired"), (3, "resolved")]),
        ("breaching", [(0, "fired")]),
        ("keep", [(0, "fired")]),
    ],
)
def test_what_missing_data_counts_as(
    missing: str, expected: list[tuple[int, str]]
) -> None:
    """As with AWS, the newest points that are there count before missing ones do."""
    policy = replace(POLICY, missing=missing)

    assert changes(policy, [9, None, None, None, None]) == expected


def test_a_period_that_was_not_collected_is_not_taken_for_a_missing_one() -> None:
    assert changes(replace(POLICY, missing="breaching"), [1, GAP, GAP]) == []


def test_late_periods_wait() -> None:
    assert changes(POLICY, [1, 9, 9], late=1) == []


def test_what_can_only_grow_fires_before_its_period_is_over() -> None:
    assert changes(POLICY, [1, 9, 9], late=1, early="up") == [(1, "fired")]
    below = replace(POLICY, comparison="lt")
    assert changes(below, [9, 1, 1], late=1, early="up") == []
    assert changes(below, [9, 1, 1], late=1, early="any") == [(1, "fired")]


def test_what_fired_early_is_not_resolved_by_the_periods_before() -> None:
    series = Series(0, 60, (1, 1, 9), 0, Early.UP)
    fired = advance(POLICY, Kept.new(0), series)
    later = advance(POLICY, fired.kept, replace(series, late=2))
    last = advance(POLICY, later.kept, Series(0, 60, (1, 1, 9, 1), 4, Early.UP))

    assert [one.change for one in fired.evaluations] == [Change.FIRED]
    assert [one.change for one in later.evaluations] == [None, None]
    assert [one.change for one in last.evaluations] == [None, Change.RESOLVED]


_VALUES = st.lists(st.sampled_from([1.0, 9.0, 9.0, None, GAP]), min_size=1, max_size=40)


@given(
    values=_VALUES,
    cuts=st.lists(st.integers(0, 40), max_size=6),
    needed=st.integers(1, 3),
    missing=st.sampled_from(["missing", "ok", "breaching", "keep"]),
    hold=st.sampled_from([0, 120, 300]),
)
def test_portions_come_to_the_same_as_all_at_once(
    values: list[Value], cuts: list[int], needed: int, missing: str, hold: int
) -> None:
    """A restart between any two periods forgets nothing and repeats nothing."""
    policy = Policy("gt", 5, needed, 3, missing, hold, 60)
    whole = Series(0, 60, tuple(values), len(values))
    at_once = advance(policy, Kept.new(0), whole)
    kept = Kept.new(0)
    told: list[Evaluation] = []
    for late in [*sorted(min(cut, len(values)) for cut in cuts), len(values)]:
        outcome = advance(policy, kept, replace(whole, late=late))
        kept = outcome.kept
        told += outcome.evaluations

    assert kept == at_once.kept
    # NaN is not equal to itself: the windows are compared as text.
    assert list(map(repr, told)) == list(map(repr, at_once.evaluations))


@given(values=_VALUES, late=st.integers(0, 40))
def test_every_change_is_the_other_than_the_one_before(
    values: list[Value], late: int
) -> None:
    found = changes(POLICY, values, min(late, len(values)), "up")

    words = [word for _, word in found]
    assert all(one != other for one, other in pairwise(words))
    assert not words or words[0] == "fired"
