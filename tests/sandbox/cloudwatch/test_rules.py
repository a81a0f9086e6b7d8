"""The language of composite alarms' rules."""

from __future__ import annotations

import pytest

from sandbox.cloudwatch.alarms.decisions import State
from sandbox.cloudwatch.alarms.rules import BadRule, alarms_in, holds, parse

STATES = {"on": State.ALARM, "off": State.OK, "new one": State.INSUFFICIENT_DATA}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TRUE", True),
        ("FALSE", False),
        ('ALARM("on")', True),
        ("ALARM(on)", True),
        ("OK('off')", True),
        ('INSUFFICIENT_DATA("new one")', True),
        ('ALARM("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:on")', True),
        ("NOT ALARM(on)", False),
        ("ALARM(on) AND ALARM(off)", False),
        ("ALARM(on) OR ALARM(off)", True),
        ("TRUE OR TRUE AND FALSE", True),
        ("(TRUE OR TRUE) AND FALSE", False),
        ("NOT (ALARM(on) AND OK(off))", False),
        ("NOT FALSE AND NOT FALSE", True),
        ("ALARM( on )\n  AND\n OK( off )", True),
        ("ALARM(nobody)", False),
    ],
)
def test_a_rule_holds(text: str, expected: bool) -> None:
    assert holds(parse(text), STATES.get) is expected


def test_a_rule_names_its_alarms_once() -> None:
    rule = parse("ALARM(b) AND (OK(a) OR NOT ALARM(b))")

    assert alarms_in(rule) == ["b", "a"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ALARM()",
        "ALARM(on) ALARM(off)",
        "(TRUE",
        "TRUE)",
        "AND",
        "on",
        "TRUE XOR TRUE",
    ],
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(BadRule):
        parse(text)


@pytest.mark.parametrize("text", ["NOT " * 2_000 + "TRUE", "(" * 2_000, "NOT (" * 999])
def test_what_is_nested_too_deeply_is_refused(text: str) -> None:
    with pytest.raises(BadRule, match="nested too deeply"):
        parse(text)


def test_fifty_levels_hold() -> None:
    assert holds(parse("NOT (FALSE OR TRUE AND " * 24 + "TRUE" + ")" * 24), STATES.get)
