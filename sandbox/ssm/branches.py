"""Where `aws:branch` goes.

Source: Systems Manager User Guide, "aws:branch - Run conditional automation steps".
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.ssm.variables import as_text

NEXT = "NextStep"

_Test = Callable[[Any, Any], bool]


def _texts(test: Callable[[str, str], bool]) -> _Test:
    return lambda value, wanted: test(as_text(value), as_text(wanted))


def _numbers(test: Callable[[float, float], bool]) -> _Test:
    def compare(value: Any, wanted: Any) -> bool:
        return test(float(value), float(wanted))

    return compare


def _same_truth(value: Any, wanted: Any) -> bool:
    return as_text(value).lower() == as_text(wanted).lower()


_TESTS: Mapping[str, _Test] = {
    "BooleanEquals": _same_truth,
    "Contains": _texts(lambda value, wanted: wanted in value),
    "EndsWith": _texts(str.endswith),
    "EqualsIgnoreCase": _texts(lambda a, b: a.lower() == b.lower()),
    "NumericEquals": _numbers(operator.eq),
    "NumericGreater": _numbers(operator.gt),
    "NumericGreaterOrEquals": _numbers(operator.ge),
    "NumericLesser": _numbers(operator.lt),
    "NumericLesserOrEquals": _numbers(operator.le),
    "StartsWith": _texts(str.startswith),
    "StringEquals": _texts(operator.eq),
}


def choose(inputs: Mapping[str, Any]) -> str | None:
    """The step to go to; None where no choice holds and there is no default."""
    for choice in inputs.get("Choices") or ():
        if _holds(choice):
            return str(choice[NEXT])
    default = inputs.get("Default")
    return str(default) if default else None


def _holds(choice: Mapping[str, Any]) -> bool:
    if "And" in choice:
        return all(_holds(one) for one in choice["And"])
    if "Or" in choice:
        return any(_holds(one) for one in choice["Or"])
    if "Not" in choice:
        return not _holds(choice["Not"])
    value = choice.get("Variable")
    tests = [(test, choice[name]) for name, test in _TESTS.items() if name in choice]
    return bool(tests) and all(test(value, wanted) for test, wanted in tests)
