"""The state an alarm's points put it in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.cloudwatch.alarms.decisions import (
    Missing,
    Rule,
    State,
    decide,
    points_to_fill,
)
from tests.conftest import cases_folder

_POINTS = {"0": False, "X": True, "-": None}


def points(text: str) -> list[bool | None]:
    """`0` is within the threshold, `X` breaches it and `-` is missing."""
    return [_POINTS[letter] for letter in text.replace(" ", "")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        file = cases_folder() / "patterns" / "alarm_state.json"
        metafunc.parametrize(
            "case", json.loads(file.read_text()) if file.exists() else []
        )


@pytest.mark.cases
def test_aws_own_examples(case: dict[str, Any]) -> None:
    rule = Rule(
        case["evaluation_periods"],
        case["datapoints_to_alarm"],
        Missing(case["treat_missing_data"]),
    )
    given = points("".join(case["datapoints"]))

    state = decide(given, rule)

    assert (state.value if state else "RETAIN") == case["expected"]
    assert points_to_fill(given, rule) == case["points_to_fill"]


THREE_OF_THREE = [
    # points, then the state under missing, ignore, breaching and notBreaching
    ("0-X-X", "OK", "OK", "OK", "OK"),
    ("0----", "OK", "OK", "OK", "OK"),
    ("-----", "INSUFFICIENT_DATA", None, "ALARM", "OK"),
    ("0XX-X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("--X--", "ALARM", None, "ALARM", "OK"),
    ("---X-", "INSUFFICIENT_DATA", None, "ALARM", "OK"),
    ("XXXX0", "OK", "OK", "OK", "OK"),
    ("00XXX", "ALARM", "ALARM", "ALARM", "ALARM"),
]
TWO_OF_THREE = [
    ("0-X-X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("00X0X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0-X--", "OK", "OK", "ALARM", "OK"),
    ("----0", "OK", "OK", "ALARM", "OK"),
    ("---X-", "ALARM", None, "ALARM", "OK"),
    ("---XX", "ALARM", "ALARM", "ALARM", "ALARM"),
]


@pytest.mark.parametrize(
    ("needed", "row"),
    [(3, row) for row in THREE_OF_THREE] + [(2, row) for row in TWO_OF_THREE],
)
def test_each_treatment_of_missing_points(
    needed: int, row: tuple[str | None, ...]
) -> None:
    given = points(row[0] or "")

    found = [decide(given, Rule(3, needed, missing)) for missing in Missing]

    expected = [state and State(state) for state in row[1:]]
    assert found == expected
