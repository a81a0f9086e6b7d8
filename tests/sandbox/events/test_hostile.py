"""Patterns and events made to take long, or to break the reader."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from sandbox.events import patterns
from sandbox.events.problems import BadPattern
from tests.sandbox.conftest import Client
from tests.sandbox.test_identity import refused


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    return patterns.read(json.dumps(pattern)).matches(event)


@pytest.mark.parametrize(
    ("wildcard", "text", "fits"),
    [
        ("*a*b*c*d", "abc" * 80_000, False),
        ("*a*b*c*d", "abc" * 80_000 + "d", True),
        ("a*a", "a", False),
        ("ab*ba", "aba", False),
        ("*", "", True),
        ("a*c*e", "abcde", True),
        ("a*e*c", "abcde", False),
    ],
)
def test_wildcards_take_time_in_proportion(
    wildcard: str, text: str, *, fits: bool
) -> None:
    began = time.process_time()

    assert matches({"a": [{"wildcard": wildcard}]}, {"a": text}) is fits

    assert time.process_time() - began < 1.0


def test_independent_arrays_do_not_multiply() -> None:
    many = [{"v": 1}] * 30
    event = dict.fromkeys("abcdefgh", many)
    event["z"] = [{"x": 1}] * 30 + [{"y": 1}] * 30
    pattern = {**{name: {"v": [1]} for name in "abcdefgh"}, "z": {"x": [1], "y": [1]}}
    began = time.process_time()

    assert not matches(pattern, event)

    assert time.process_time() - began < 1.0


def test_values_of_one_pattern_come_from_one_element() -> None:
    pattern = {"a": {"x": [1], "y": [2]}}

    assert matches(pattern, {"a": [{"x": 1, "y": 2}]})
    assert not matches(pattern, {"a": [{"x": 1}, {"y": 2}]})


def nested(depth: int, innermost: str) -> str:
    return '{"a":' * depth + innermost + "}" * depth


@pytest.mark.parametrize("depth", [400, 5_000])
def test_a_pattern_nested_too_deep_is_refused(depth: int) -> None:
    with pytest.raises(BadPattern):
        patterns.read(nested(depth, "[1]"))


@pytest.mark.parametrize("depth", [500, 20_000])
def test_an_event_nested_deep_breaks_nothing(client: Client, depth: int) -> None:
    events = client("events")
    entry = {"Source": "s", "DetailType": "t", "Detail": nested(depth, "1")}
    rule = {"Name": "r", "EventPattern": '{"source": ["s"]}'}
    events.put_rule(**rule)

    answer = events.put_events(Entries=[entry])

    assert answer["FailedEntryCount"] in (0, 1)
    assert refused(events.test_event_pattern, EventPattern="{}", Event="[")[1] == 400
