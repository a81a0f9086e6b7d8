"""Event patterns as EventBridge itself was recorded to answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.events import patterns
from sandbox.events.problems import BadPattern
from tests.conftest import cases_folder

pytestmark = pytest.mark.cases


def _all() -> list[dict[str, Any]]:
    file = Path(cases_folder()) / "patterns" / "eventbridge.json"
    found: list[dict[str, Any]] = json.loads(file.read_text()) if file.exists() else []
    return found


@pytest.mark.parametrize("case", _all(), ids=lambda case: str(case["name"]))
def test_a_recorded_pattern_has_its_recorded_answer(case: dict[str, Any]) -> None:
    text = json.dumps(case["pattern"])
    if case["expected"] == "exception":
        with pytest.raises(BadPattern):
            patterns.read(text)
    else:
        assert patterns.read(text).matches(case["event"]) is case["expected"]
