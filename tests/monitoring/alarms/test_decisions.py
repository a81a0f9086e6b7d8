"""What the last points of an alarm come to, by how missing ones are treated."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.monitoring.alarms.decisions import TREATMENTS, judge
from tests.conftest import cases_folder

_POINTS = {"0": False, "X": True, "-": None}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        file = cases_folder() / "patterns" / "alarm_state.json"
        given = json.loads(file.read_text()) if file.exists() else []
        metafunc.parametrize("case", given)


@pytest.mark.cases
def test_examples_of_aws(case: dict[str, Any]) -> None:
    judged = judge(
        [_POINTS[point] for point in case["datapoints"]],
        case["evaluation_periods"],
        case["datapoints_to_alarm"],
        case["treat_missing_data"],
    )

    assert judged.state == case["expected"]
    assert judged.filled == case["points_to_fill"]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ("0XX-X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("-----", ("INSUFFICIENT_DATA", "RETAIN", "ALARM", "OK")),
        ("--X--", ("ALARM", "RETAIN", "ALARM", "OK")),
        ("---X-", ("INSUFFICIENT_DATA", "RETAIN", "ALARM", "OK")),
        ("XXXX0", ("OK", "OK", "OK", "OK")),
    ],
)
def test_three_of_three(points: str, expected: tuple[str, ...]) -> None:
    breaches = [_POINTS[point] for point in points]

    states = tuple(judge(breaches, 3, 3, treatment).state for treatment in TREATMENTS)

    assert states == expected
