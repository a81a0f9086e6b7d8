"""Conditions of IAM policies.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators". A condition
whose operator is not known here is `None`: it neither holds nor fails.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

Context = Mapping[str, str]
"""Condition keys in lower case."""


@lru_cache(maxsize=4_096)
def _compiled(pattern: str) -> re.Pattern[str]:
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.DOTALL)


def like(value: str, pattern: str) -> bool:
    """Whether a value is of a pattern with `*` and `?`."""
    return _compiled(pattern).fullmatch(value) is not None


def listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def hold(conditions: Any, context: Context) -> bool | None:
    """Whether all conditions hold; None where one has an operator not known here."""
    found = [
        _holds(operator, key.lower(), [str(v) for v in listed(values)], context)
        for operator, keys in conditions.items()
        for key, values in keys.items()
    ]
    if False in found:
        return False
    return None if None in found else True


def _holds(operator: str, key: str, wanted: list[str], context: Context) -> bool | None:
    name = operator.split(":")[-1]
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    actual = context.get(key)
    if name == "Null":
        return (actual is None) == (wanted[:1] == ["true"])
    is_not = name in _NEGATED
    compare = _OPERATORS.get(_NEGATED.get(name, name))
    if compare is None:
        return None
    if actual is None:
        return if_exists or is_not
    return any(compare(actual, each) for each in wanted) is not is_not


def _same_without_case(actual: str, wanted: str) -> bool:
    return actual.lower() == wanted.lower()


def _in_network(actual: str, wanted: str) -> bool:
    network = ipaddress.ip_network(wanted, strict=False)
    return ipaddress.ip_address(actual) in network


def _number(text: str) -> float:
    return float(text)


def _moment(text: str) -> float:
    if text.replace(".", "", 1).isdigit():
        return float(text)
    return datetime.fromisoformat(text).timestamp()


def _ordered(read: Callable[[str], float]) -> dict[str, Callable[[str, str], bool]]:
    return {
        "Equals": lambda actual, wanted: read(actual) == read(wanted),
        "LessThan": lambda actual, wanted: read(actual) < read(wanted),
        "LessThanEquals": lambda actual, wanted: read(actual) <= read(wanted),
        "GreaterThan": lambda actual, wanted: read(actual) > read(wanted),
        "GreaterThanEquals": lambda actual, wanted: read(actual) >= read(wanted),
    }


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda actual, wanted: actual == wanted,
    "StringEqualsIgnoreCase": _same_without_case,
    "StringLike": like,
    "ArnEquals": like,
    "ArnLike": like,
    "Bool": _same_without_case,
    "IpAddress": _in_network,
    **{f"Numeric{name}": one for name, one in _ordered(_number).items()},
    **{f"Date{name}": one for name, one in _ordered(_moment).items()},
}
_NEGATED: Mapping[str, str] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
