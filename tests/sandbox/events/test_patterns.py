"""What event patterns match, and which are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.events import patterns
from sandbox.events.problems import BadPattern


def matches(pattern: Any, event: Any) -> bool:
    return patterns.read(json.dumps(pattern)).matches(event)


def value(entry: Any, given: Any) -> bool:
    return matches({"a": [entry]}, {"a": given})


@pytest.mark.parametrize(
    ("entry", "yes", "no"),
    [
        ("x", "x", "X"),
        (1, 1.0, "1"),
        (1.5, 1.5, 1),
        (True, True, 1),
        (False, False, 0),
        (None, None, "null"),
        ("", "", None),
        ({"exact": "x"}, "x", "xx"),
        ({"prefix": "ab"}, "abc", "cab"),
        ({"prefix": {"equals-ignore-case": "AB"}}, "abc", "ba"),
        ({"suffix": ".png"}, "a.png", "a.PNG"),
        ({"suffix": {"equals-ignore-case": ".png"}}, "a.PNG", "a.jpg"),
        ({"equals-ignore-case": "Abc"}, "aBC", "abcd"),
        ({"anything-but": "x"}, "y", "x"),
        ({"anything-but": 1}, "1", 1.0),
        ({"anything-but": ["x", "y"]}, None, "y"),
        ({"anything-but": {"prefix": "ab"}}, 5, "abc"),
        ({"anything-but": {"suffix": ["b", "c"]}}, "a", "ab"),
        ({"anything-but": {"equals-ignore-case": "AB"}}, "abc", "ab"),
        ({"anything-but": {"wildcard": "*/x/*"}}, "a/y/b", "a/x/b"),
        ({"numeric": ["=", 3.5]}, 3.5, "3.5"),
        ({"numeric": [">", 0, "<=", 5]}, 5, 0),
        ({"numeric": ["<", 10, ">=", 5]}, 5, 10),
        ({"cidr": "10.0.0.0/24"}, "10.0.0.255", "10.0.1.0"),
        ({"cidr": "2001:db8::/32"}, "2001:db8::1", "10.0.0.1"),
        ({"wildcard": "a*c"}, "abc", "abcd"),
        ({"wildcard": "a\\*c"}, "a*c", "abc"),
        ({"exists": True}, None, []),
        ({"exists": False}, [], "x"),
    ],
)
def test_an_entry_tells_values_apart(entry: Any, yes: Any, no: Any) -> None:
    assert value(entry, yes) is True
    assert value(entry, no) is False


def test_one_of_several_values_is_enough() -> None:
    assert value("b", ["a", "b"])
    assert value({"anything-but": "a"}, ["a", "b"])
    assert not value({"anything-but": "a"}, ["a"])


def test_every_field_must_hold() -> None:
    pattern = {"source": ["aws.ecs"], "detail": {"lastStatus": ["STOPPED"]}}

    stopped = {"source": "aws.ecs", "detail": {"lastStatus": "STOPPED"}}
    assert matches(pattern, stopped)
    assert not matches(pattern, {**stopped, "source": "aws.ec2"})
    assert not matches(pattern, {"source": "aws.ecs", "detail": "STOPPED"})


def test_fields_of_one_array_must_be_of_the_same_element() -> None:
    pattern = {"items": {"name": ["a"], "size": [{"numeric": [">", 5]}]}}
    mixed = {"items": [{"name": "a", "size": 1}, {"name": "b", "size": 9}]}
    right = {"items": [{"name": "b", "size": 1}, {"name": "a", "size": 9}]}

    assert not matches(pattern, mixed)
    assert matches(pattern, right)


def test_alternatives_may_be_nested() -> None:
    pattern = {
        "$or": [{"a": [1]}, {"b": {"$or": [{"c": [2]}, {"d": [3]}]}}],
        "e": [4],
    }

    assert matches(pattern, {"a": 1, "e": 4})
    assert matches(pattern, {"b": {"d": 3}, "e": 4})
    assert not matches(pattern, {"b": {"d": 2}, "e": 4})
    assert not matches(pattern, {"a": 1})


def test_or_with_other_contents_is_a_field_of_that_name() -> None:
    assert matches({"$or": ["x"]}, {"$or": "x"})


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ({}, "Empty objects are not allowed"),
        ({"a": []}, "Empty arrays are not allowed"),
        ({"a": "x"}, '"a" must be an object or an array'),
        ({"a": [["x"]]}, "Match value must be String, number, true, false, or null"),
        ({"a": [{"Numeric": ["=", 1]}]}, "Unrecognized match type Numeric"),
        ({"a": [{"prefix": "a", "suffix": "b"}]}, "Only one key allowed"),
        ({"a": [{"prefix": 1}]}, "prefix match pattern must be a string"),
        ({"a": [{"exists": "true"}]}, "exists match pattern must be either true or"),
        ({"a": [{"numeric": "1"}]}, "Value of numeric must be an array"),
        ({"a": [{"numeric": ["<"]}]}, "Value of < must be numeric"),
        ({"a": [{"numeric": ["=", 1, 2]}]}, "Too many elements"),
        ({"a": [{"numeric": [">", 5, "<", 1]}]}, "Bottom must be less than top"),
        ({"a": [{"numeric": ["!", 5]}]}, "Unrecognized numeric range operator: !"),
        ({"a": [{"numeric": [">", 6e9]}]}, "Value must be between"),
        ({"a": [{"cidr": "10.0.0.0/99"}]}, "Malformed CIDR"),
        ({"a": [{"cidr": "host/24"}]}, "Nonstandard IP address: host"),
        ({"a": [{"wildcard": "a**b"}]}, "Consecutive wildcard characters at pos 1"),
        ({"a": [{"wildcard": "a\\b"}]}, "Invalid escape character at pos 1"),
        ({"a": [{"anything-but": None}]}, "Value of anything-but must be an array"),
        ({"a": [{"anything-but": ["a", 1]}]}, "mixed type is not supported"),
        ({"a": [{"anything-but": {"cidr": "x"}}]}, "Unsupported anything-but pattern"),
        ({"a": [{"anything-but": {"prefix": ""}}]}, "Null prefix/suffix not allowed"),
    ],
)
def test_a_wrong_pattern_is_refused_with_its_reason(pattern: Any, reason: str) -> None:
    with pytest.raises(BadPattern, match=reason.replace("(", r"\(")):
        patterns.read(json.dumps(pattern))


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"'])
def test_what_is_no_object_is_no_pattern(text: str) -> None:
    with pytest.raises(BadPattern, match="Filter is not"):
        patterns.read(text)
