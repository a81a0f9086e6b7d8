"""Metric math as CloudWatch computes it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.charts.expressions import Expression, ExpressionError, Lines

NAN = float("nan")
LINES = Lines(
    values={
        "a": np.array([1.0, 2.0, NAN, 4.0, 5.0]),
        "b": np.array([0.0, 2.0, 2.0, 2.0, 2.0]),
        "errors": np.array([NAN, NAN, NAN, NAN, NAN]),
    },
    metrics=("a", "b", "errors"),
    times=np.array([0.0, 60.0, 120.0, 180.0, 240.0]),
    period_seconds=60,
)


def column(text: str) -> list[float | None]:
    """The answer, with None where it is missing."""
    answer = Expression.parse(text).column(LINES)
    return [None if np.isnan(one) else round(float(one), 6) for one in answer]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", [1, 2, None, 4, 5]),
        ("a + b", [1, 4, None, 6, 7]),
        ("a / b * 100", [None, 100, None, 200, 250]),
        ("a / 0", [None] * 5),
        ("(a + 1) * 2", [4, 6, None, 10, 12]),
        ("a + 1 * 2", [3, 4, None, 6, 7]),
        ("-a ^ 2", [-1, -4, None, -16, -25]),
        ("2 ^ 3 ^ 2", [512] * 5),
        ("2 - 1 - 1", [0] * 5),
        ("a % 2", [1, 0, None, 0, 1]),
        (".5 + 1e1", [10.5] * 5),
        ("a > 2", [0, 0, None, 1, 1]),
        ("a >= 2 && b == 2", [0, 1, None, 1, 1]),
        ("a < 2 OR b != 2", [1, 0, None, 0, 0]),
        ("IF(a > 2, a, 0)", [0, 0, None, 4, 5]),
        ("IF(b, a)", [None, 2, None, 4, 5]),
        ("IF(1, b, a)", [0, 2, 2, 2, 2]),
        ("ABS(0 - a)", [1, 2, None, 4, 5]),
        ("CEIL(a / 2)", [1, 1, None, 2, 3]),
        ("FLOOR(a / 2)", [0, 1, None, 2, 2]),
        ("LOG10(b * 50)", [None, 2, 2, 2, 2]),
        ("LOG(0 - 1)", [None] * 5),
        ("DIFF(a)", [None, 1, None, 2, 1]),
        ("DIFF_TIME(a)", [None, 60, None, 120, 60]),
        ("RATE(a)", [None, 0.016667, None, 0.016667, 0.016667]),
        ("RUNNING_SUM(a)", [1, 3, None, 7, 12]),
        ("PERIOD(a)", [60] * 5),
        ("SUM(a)", [12] * 5),
        ("AVG(a)", [3] * 5),
        ("MIN(b) + MAX(a)", [5] * 5),
        ("SUM(METRICS())", [1, 4, 2, 6, 7]),
        ("MAX([a, b])", [1, 2, 2, 4, 5]),
        ('SUM(METRICS("err"))', [None] * 5),
        ("SUM(METRICS('none'))", [None] * 5),
        ("SUM(METRICS() * 2)", [2, 8, 4, 12, 14]),
        ("SUM(FILL(METRICS(), 1))", [2, 5, 4, 7, 8]),
        ("FILL(a, 0)", [1, 2, 0, 4, 5]),
        ("FILL(a, REPEAT)", [1, 2, 2, 4, 5]),
        ("FILL(a, LINEAR)", [1, 2, 3, 4, 5]),
        ("FILL(errors, LINEAR)", [None] * 5),
    ],
)
def test_expressions(text: str, expected: list[float | None]) -> None:
    assert column(text) == expected


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("", 0, "missing"),
        ("a +", 3, "missing"),
        ("a $ b", 2, r"'\$'"),
        ("((a)", 4, "missing"),
        ("1 + c", 4, "no line 'c'"),
        ("1 + FOO(a)", 4, "no function FOO; there are ABS"),
        ("SUM", 0, "neither a line"),
        ("SUM(a, b)", 0, "takes 1 argument"),
        ("METRICS()", 0, "several lines"),
        ("METRICS() + METRICS()", 0, "one line, not several"),
        ("REPEAT", 0, "a word"),
        ("1 + REPEAT", 0, "is no number"),
    ],
)
def test_what_is_wrong_is_told_by_its_place(
    text: str, position: int, problem: str
) -> None:
    with pytest.raises(ExpressionError, match=problem) as refused:
        column(text)

    assert refused.value.position == position


@pytest.mark.parametrize("text", ["-" * 1000 + "a", "ABS(" * 250 + "a" + ")" * 250])
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match="deep"):
        column(text)


def test_parentheses_may_be_many() -> None:
    assert column("(" * 500 + "b" + ")" * 500) == [0, 2, 2, 2, 2]


@given(st.text("ab01+-*/^%()[],.<>=!&|'\" SUMFILR", max_size=40))
def test_any_text_is_computed_or_refused(text: str) -> None:
    try:
        assert len(column(text)) == 5
    except ExpressionError as error:
        assert 0 <= error.position <= len(text)


def test_names_are_those_of_lines() -> None:
    assert Expression.parse("a / PERIOD(a) + b").names() == {"a", "b"}
