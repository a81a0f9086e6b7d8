"""Rules of conditions: what they hold of resources, and what is wrong with them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from apps.audit.compliance.conditions.compiling import ConditionInvalid
from apps.audit.compliance.conditions.definitions import defined, read
from apps.audit.compliance.verdicts import Outcome
from tests.audit.compliance.making import Others, an_item

THING = {
    "name": "a",
    "port": 22,
    "size": "8",
    "public": True,
    "flag": "false",
    "nothing": None,
    "empty": [],
    "text": "arn:aws:s3:::logs",
    "cidr": "10.1.2.0/24",
    "made": "2026-06-01T12:00:00Z",
    "zones": ["a", "b"],
    "rules": [
        {"port": 22, "from": ["0.0.0.0/0"]},
        {"port": 443, "from": ["10.0.0.0/8", "::/0"]},
    ],
}


def told(condition: Any, thing: dict[str, Any] | None = None, **more: Any) -> str:
    """What a rule that fails by the condition says of a resource."""
    rule = defined({"title": "t", "fails_when": condition, **more})
    item = an_item(configuration=thing or THING, tags={"team": "web"})
    return rule.judge(item, Others()).outcome.value


def on(path: str, op: str, value: Any = ..., **more: Any) -> dict[str, Any]:
    given = {} if value is ... else {"value": value}
    return {"path": f"configuration.{path}", "op": op, **given, **more}


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (on("port", "eq", 22), "fail"),
        (on("port", "eq", "22"), "fail"),
        (on("port", "ne", 22), "pass"),
        (on("public", "eq", True), "fail"),
        (on("flag", "eq", False), "fail"),
        (on("size", "gt", 7), "fail"),
        (on("size", "lt", 8), "pass"),
        (on("size", "le", 8), "fail"),
        (on("name", "gt", 7), "unknown"),
        (on("port", "in", [21, 22]), "fail"),
        (on("port", "not-in", [21, 22]), "pass"),
        (on("text", "contains", "s3"), "fail"),
        (on("zones", "contains", "b"), "fail"),
        (on("zones", "contains", "c"), "pass"),
        (on("text", "glob", "arn:*:logs"), "fail"),
        (on("text", "regex", "^arn:aws:(s3|sqs)"), "fail"),
        (on("port", "regex", "2"), "unknown"),
        (on("zones", "intersect", ["b", "c"]), "fail"),
        (on("zones", "difference", ["a", "b"]), "pass"),
        (on("zones", "difference", ["a"]), "fail"),
        (on("cidr", "cidr", "10.0.0.0/8"), "fail"),
        (on("cidr", "cidr", ["192.168.0.0/16", "fd00::/8"]), "pass"),
        (on("made", "older", "29d"), "fail"),
        (on("made", "older", "30d"), "pass"),
        (on("made", "newer", "5w"), "fail"),
        (on("name", "older", "1d"), "unknown"),
        (on("nothing", "present"), "pass"),
        (on("nothing", "absent"), "fail"),
        (on("empty", "present"), "fail"),
        (on("empty", "not-null"), "pass"),
        (on("empty", "empty"), "fail"),
        (on("missing", "absent"), "fail"),
        (on("missing", "eq", 1), "unknown"),
        (on("nothing", "ne", 1), "unknown"),
        (on("rules[*].port", "eq", 443), "fail"),
        (on("rules[*].port", "eq", 443, match="all"), "pass"),
        (on("rules[*].port", "eq", 80, match="none"), "fail"),
        (on("rules[*].from[*]", "cidr", "10.0.0.0/8"), "fail"),
        (on("rules[1].port", "eq", 443), "fail"),
        (on("rules[2].port", "eq", 443), "unknown"),
        (on("rules[*].gone", "eq", 1), "unknown"),
        (on("empty[*].port", "eq", 1), "pass"),
        ({"path": 'configuration["name"]', "op": "eq", "value": "a"}, "fail"),
        ({"path": "tags.team", "op": "eq", "value": "web"}, "fail"),
        ({"path": "type", "op": "glob", "value": "AWS::EC2::*"}, "fail"),
    ],
)
def test_a_value_is_compared(condition: Any, said: str) -> None:
    assert told(condition) == said


YES, NO, LOST = on("port", "eq", 22), on("port", "eq", 1), on("missing", "eq", 1)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"and": [YES, YES]}, "fail"),
        ({"and": [YES, LOST]}, "unknown"),
        ({"and": [LOST, NO]}, "pass"),
        ({"or": [LOST, YES]}, "fail"),
        ({"or": [LOST, NO]}, "unknown"),
        ({"or": [NO, NO]}, "pass"),
        ({"not": YES}, "pass"),
        ({"not": LOST}, "unknown"),
        ({"not": {"or": [NO, {"and": [NO]}]}}, "fail"),
    ],
)
def test_what_is_not_known_stays_so(condition: Any, said: str) -> None:
    assert told(condition) == said


def element(word: str, *parts: Any) -> dict[str, Any]:
    return {"path": "configuration.rules", word: {"and": list(parts)}}


SSH, WORLD = {"path": "port", "value": 22}, {"path": "from[*]", "value": "0.0.0.0/0"}
SIXTH = {"path": "from[*]", "value": "::/0"}


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (element("any", SSH, WORLD), "fail"),
        # Both are true of some element, but not of the same.
        (element("any", SSH, SIXTH), "pass"),
        (element("all", {"path": "port", "op": "lt", "value": 500}), "fail"),
        (element("all", SSH), "pass"),
        (element("none", SSH, SIXTH), "fail"),
        (element("none", SSH), "pass"),
        (element("any", {"path": "gone", "value": 1}), "unknown"),
        ({"path": "configuration.port", "any": SSH}, "unknown"),
        ({"path": "configuration.empty", "all": SSH}, "fail"),
        ({"path": "configuration.zones", "any": {"path": "", "value": "b"}}, "fail"),
    ],
)
def test_elements_of_a_list_are_asked_one_by_one(condition: Any, said: str) -> None:
    assert told(condition) == said


def test_a_verdict_says_what_was_seen_and_where() -> None:
    rule = defined({"title": "t", "message": "SSH is open.", "fails_when": YES})
    verdict = rule.judge(an_item(configuration=THING), Others())
    assert verdict.outcome is Outcome.FAIL
    assert verdict.path == "configuration.port"
    assert verdict.reason == "SSH is open. configuration.port is 22."


def test_a_rule_may_be_about_some_resources_only() -> None:
    assert told(YES, only_when=NO) == "not_applicable"
    assert told(YES, only_when=LOST) == "unknown"
    assert told(YES, resource_types=["AWS::S3::Bucket"]) == "not_applicable"


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ({"title": "t"}, "fails_when"),
        ({"fails_when": YES}, "title"),
        ({"title": "t", "fails_when": YES, "colour": 1}, "colour"),
        ({"title": "t", "fails_when": YES, "severity": "awful"}, "severity"),
        (
            {"title": "t", "fails_when": YES, "resource_types": ["S3"]},
            "resource_types[0]",
        ),
        ({"title": "t", "fails_when": []}, "fails_when"),
        ({"title": "t", "fails_when": {"nor": []}}, "fails_when"),
        ({"title": "t", "fails_when": {"and": []}}, "fails_when.and"),
        (
            {"title": "t", "fails_when": {"and": [YES, {"or": [on("x", "eqq", 1)]}]}},
            "fails_when.and[1].or[0].op",
        ),
        ({"title": "t", "fails_when": on("x", "eq")}, "fails_when"),
        ({"title": "t", "fails_when": on("x", "gt", "many")}, "fails_when.value"),
        ({"title": "t", "fails_when": on("x", "in", 3)}, "fails_when.value"),
        ({"title": "t", "fails_when": on("x", "regex", "(")}, "fails_when.value"),
        ({"title": "t", "fails_when": on("x", "older", "old")}, "fails_when.value"),
        ({"title": "t", "fails_when": on("x", "cidr", "10.0")}, "fails_when.value"),
        ({"title": "t", "fails_when": on("x", "absent", 1)}, "fails_when.value"),
        ({"title": "t", "fails_when": on("x[", "eq", 1)}, "fails_when.path"),
        ({"title": "t", "fails_when": {**YES, "valeu": 1}}, "fails_when.valeu"),
        (
            {"title": "t", "fails_when": YES, "examples": [{"says": "maybe"}]},
            "examples[0]",
        ),
        (
            {
                "title": "t",
                "fails_when": YES,
                "examples": [{"says": "maybe", "resource": {}}],
            },
            "examples[0].says",
        ),
    ],
)
def test_a_mistake_is_said_with_its_place(written: Any, place: str) -> None:
    with pytest.raises(ConditionInvalid) as caught:
        defined(written)
    assert caught.value.place == place


RULE = """
title: SSH is closed
resource_types: [AWS::EC2::SecurityGroup]
fails_when: {path: configuration.port, op: eq, value: 22}
examples:
  - {says: fail, resource: {configuration: {port: 22}}}
  - {says: pass, resource: {configuration: {port: 80}}}
  - {says: pass, resource: {configuration: {port: 22}}}
"""


def test_examples_are_the_tests_of_a_rule() -> None:
    (wrong,) = read(RULE).outliers()
    assert (wrong.number, wrong.expected) == (3, Outcome.PASS)
    assert wrong.verdict.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: *x",
        "[" * 100,
        "title: !!python/object:os.system x",
        "x" * 60_000,
        "title: [unclosed",
        "\x00",
        "- - - -",
        "7",
    ],
)
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(ConditionInvalid):
        read(text)


def test_a_greedy_expression_does_not_hang() -> None:
    condition = on("text", "regex", "(a+)+$")
    begun = time.monotonic()
    assert told(condition, {"text": "a" * 60_000 + "!"}) == "pass"
    assert time.monotonic() - begun < 1
