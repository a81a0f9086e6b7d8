"""Where `aws:branch` goes."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.ssm.branches import choose


def holds(variable: Any, **test: Any) -> bool:
    choice = {"NextStep": "yes", "Variable": variable, **test}
    return choose({"Choices": [choice], "Default": "no"}) == "yes"


@pytest.mark.parametrize(
    ("variable", "test", "expected"),
    [
        ("linux", {"StringEquals": "linux"}, True),
        ("Linux", {"StringEquals": "linux"}, False),
        ("Linux", {"EqualsIgnoreCase": "lINUX"}, True),
        ("Linux", {"EqualsIgnoreCase": "linu"}, False),
        ("ami-1", {"StartsWith": "ami-"}, True),
        ("i-ami-1", {"StartsWith": "ami-"}, False),
        ("web.log", {"EndsWith": ".log"}, True),
        ("web.log.1", {"EndsWith": ".log"}, False),
        ("the cart is empty", {"Contains": "cart"}, True),
        ("the cart is empty", {"Contains": "Cart"}, False),
        (7, {"NumericEquals": 7.0}, True),
        ("7", {"NumericEquals": 7}, True),
        (7, {"NumericEquals": 8}, False),
        (8, {"NumericGreater": 7}, True),
        (7, {"NumericGreater": 7}, False),
        (7, {"NumericGreaterOrEquals": 7}, True),
        (6, {"NumericGreaterOrEquals": 7}, False),
        (6, {"NumericLesser": 7}, True),
        (7, {"NumericLesser": 7}, False),
        (7, {"NumericLesserOrEquals": 7}, True),
        (8, {"NumericLesserOrEquals": 7}, False),
        (10, {"NumericGreater": 9}, True),  # as numbers, not as texts
        (True, {"BooleanEquals": True}, True),
        ("True", {"BooleanEquals": "true"}, True),
        (False, {"BooleanEquals": True}, False),
        ("x", {}, False),
        (5, {"NumericGreater": 1, "NumericLesser": 3}, False),
    ],
)
def test_each_operator_holds_when_aws_says(
    variable: Any, test: dict[str, Any], expected: bool
) -> None:
    assert holds(variable, **test) is expected


YES = {"Variable": "a", "StringEquals": "a"}
NO = {"Variable": "a", "StringEquals": "b"}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"And": [YES, YES]}, True),
        ({"And": [YES, NO]}, False),
        ({"Or": [NO, YES]}, True),
        ({"Or": [NO, NO]}, False),
        ({"Not": NO}, True),
        ({"Not": YES}, False),
        ({"And": [YES, {"Not": {"Or": [NO, NO]}}]}, True),
    ],
)
def test_operators_are_combined(choice: dict[str, Any], expected: bool) -> None:
    chosen = choose({"Choices": [{"NextStep": "yes", **choice}], "Default": "no"})

    assert (chosen == "yes") is expected


def test_the_first_choice_that_holds_is_taken() -> None:
    choices = [{**NO, "NextStep": "a"}, {**YES, "NextStep": "b"}]

    assert choose({"Choices": [*choices, {**YES, "NextStep": "c"}]}) == "b"


def test_without_a_default_nothing_may_be_chosen() -> None:
    assert choose({"Choices": [{**NO, "NextStep": "a"}]}) is None
