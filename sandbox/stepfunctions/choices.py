"""Where a Choice state goes.

Source: Amazon States Language, "Choice rules".
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.kernel import jsonpaths
from sandbox.stepfunctions.data import StateFailed

_KINDS: Mapping[str, tuple[type, ...]] = {
    "String": (str,),
    "Numeric": (int, float),
    "Boolean": (bool,),
    "Timestamp": (str,),
}
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_IS: Mapping[str, Callable[[Any], bool]] = {
    "IsPresent": lambda found: found is not jsonpaths.ABSENT,
    "IsNull": lambda found: found is None,
    "IsString": lambda found: isinstance(found, str),
    "IsBoolean": lambda found: isinstance(found, bool),
    "IsNumeric": lambda found: (
        isinstance(found, int | float) and not isinstance(found, bool)
    ),
}


def chosen(state: Mapping[str, Any], given: Any) -> str:
    """The name of the next state. Raises StateFailed."""
    for rule in state["Choices"]:
        if _holds(rule, given):
            return str(rule["Next"])
    if "Default" in state:
        return str(state["Default"])
    raise StateFailed("States.NoChoiceMatched", "No choice rule matched.")


def _holds(rule: Mapping[str, Any], given: Any) -> bool:
    if "And" in rule:
        return all(_holds(one, given) for one in rule["And"])
    if "Or" in rule:
        return any(_holds(one, given) for one in rule["Or"])
    if "Not" in rule:
        return not _holds(rule["Not"], given)
    found = jsonpaths.find(rule["Variable"], given)
    name = next(one for one in rule if one not in ("Variable", "Next", "Comment"))
    if name in _IS:
        return _IS[name](found) is rule[name]
    return _compares(name, found, rule[name], given)


def _compares(name: str, found: Any, wanted: Any, given: Any) -> bool:
    if name.endswith("Path"):
        name, wanted = name.removesuffix("Path"), jsonpaths.find(wanted, given)
    kind = next((one for one in _KINDS if name.startswith(one)), "")
    compare = _COMPARE.get(name.removeprefix(kind))
    if not kind or compare is None:
        raise StateFailed("States.Runtime", f"The sandbox does not know {name}.")
    is_bool = isinstance(found, bool) and kind != "Boolean"
    if is_bool or not isinstance(found, _KINDS[kind]):
        return False
    return isinstance(wanted, _KINDS[kind]) and compare(found, wanted)
