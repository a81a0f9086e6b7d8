"""What a value can be compared by.

Each operator is made ready with the value of the rule, and then asked of values of
resources: it answers None where the two cannot be compared.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

import re2

from apps.audit.compliance.places import moment_of

Test = Callable[[Any, datetime], bool | None]
Maker = Callable[[Any], Test]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MOST_VALUES = 500
_LONGEST_PATTERN = 200
_LONGEST_TEXT = 65_536
_AGE = re.compile(r"(\d{1,5})\s*(d|h|m|w)")
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class ValueInvalid(ValueError):
    """The value of an operator cannot be used; says what would be right."""


def _plain(value: Any) -> Any:
    """Text that is a number or a flag is taken as one: AWS is not of one mind."""
    if not isinstance(value, str):
        return value
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return _plain(one) is _plain(other)
    if isinstance(one, int | float) != isinstance(other, int | float):
        return str(one) == str(other)
    return bool(one == other)


def _equal(wanted: Any) -> Test:
    return lambda value, now: _same(value, wanted)


def _unequal(wanted: Any) -> Test:
    return lambda value, now: not _same(value, wanted)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _ordered(holds: Callable[[float, float], bool]) -> Maker:
    def made(wanted: Any) -> Test:
        limit = _number(wanted)
        if limit is None:
            raise ValueInvalid("must be a number.")

        def test(value: Any, now: datetime) -> bool | None:
            found = _number(value)
            return None if found is None else holds(found, limit)

        return test

    return made


def _listed(wanted: Any) -> list[Any]:
    if not isinstance(wanted, list) or not wanted:
        raise ValueInvalid("must be a list with at least one value.")
    if len(wanted) > _MOST_VALUES:
        raise ValueInvalid(f"has more than {_MOST_VALUES} values.")
    return wanted


def _within(wanted: Any) -> Test:
    values = _listed(wanted)
    return lambda value, now: any(_same(value, one) for one in values)


def _without(wanted: Any) -> Test:
    values = _listed(wanted)
    return lambda value, now: not any(_same(value, one) for one in values)


def _contains(wanted: Any) -> Test:
    def test(value: Any, now: datetime) -> bool | None:
        if isinstance(value, str):
            return str(wanted) in value
        if isinstance(value, Mapping):
            return str(wanted) in value
        if isinstance(value, list | tuple):
            return any(_same(one, wanted) for one in value)
        return None

    return test


def _glob(wanted: Any) -> Test:
    if not isinstance(wanted, str) or len(wanted) > _LONGEST_PATTERN:
        raise ValueInvalid(f"must be text of {_LONGEST_PATTERN} characters at most.")
    return lambda value, now: (
        fnmatchcase(value, wanted)
        if isinstance(value, str) and len(value) <= _LONGEST_TEXT
        else None
    )


def _regex(wanted: Any) -> Test:
    if not isinstance(wanted, str) or len(wanted) > _LONGEST_PATTERN:
        raise ValueInvalid(f"must be text of {_LONGEST_PATTERN} characters at most.")
    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(wanted, options)
    except re2.error as error:
        raise ValueInvalid(f"is no regular expression: {error}.") from None
    return lambda value, now: (
        pattern.search(value) is not None
        if isinstance(value, str) and len(value) <= _LONGEST_TEXT
        else None
    )


def _meets(wanted: Any) -> Test:
    values = {str(one) for one in _listed(wanted)}
    return lambda value, now: (
        bool(values & {str(one) for one in value})
        if isinstance(value, list | tuple)
        else None
    )


def _exceeds(wanted: Any) -> Test:
    values = {str(one) for one in _listed(wanted)}
    return lambda value, now: (
        bool({str(one) for one in value} - values)
        if isinstance(value, list | tuple)
        else None
    )


def _network(text: Any) -> Network | None:
    try:
        return ipaddress.ip_network(str(text).strip(), strict=False)
    except ValueError:
        return None


def _cidr(wanted: Any) -> Test:
    given = wanted if isinstance(wanted, list) else [wanted]
    networks = [_network(one) for one in _listed(given)]
    if None in networks:
        raise ValueInvalid("must be a network such as 10.0.0.0/8, or a list of such.")

    def test(value: Any, now: datetime) -> bool | None:
        found = _network(value) if isinstance(value, str) else None
        if found is None:
            return None
        return any(
            found.version == one.version and found.subnet_of(one)  # type: ignore[arg-type]
            for one in networks
            if one is not None
        )

    return test


def _age(wanted: Any) -> timedelta:
    found = _AGE.fullmatch(str(wanted).strip())
    if found is None:
        raise ValueInvalid("must be a length of time such as 90d, 12h, 30m or 2w.")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def _older(wanted: Any) -> Test:
    age = _age(wanted)

    def test(value: Any, now: datetime) -> bool | None:
        found = moment_of(value)
        return None if found is None else now - found > age

    return test


def _newer(wanted: Any) -> Test:
    age = _age(wanted)

    def test(value: Any, now: datetime) -> bool | None:
        found = moment_of(value)
        return None if found is None else now - found <= age

    return test


MAKERS: Mapping[str, tuple[Maker, str]] = {
    "eq": (_equal, "is"),
    "ne": (_unequal, "is not"),
    "gt": (_ordered(lambda a, b: a > b), "is greater than"),
    "ge": (_ordered(lambda a, b: a >= b), "is at least"),
    "lt": (_ordered(lambda a, b: a < b), "is less than"),
    "le": (_ordered(lambda a, b: a <= b), "is at most"),
    "in": (_within, "is one of"),
    "not-in": (_without, "is none of"),
    "contains": (_contains, "contains"),
    "glob": (_glob, "looks like"),
    "regex": (_regex, "matches"),
    "intersect": (_meets, "has some of"),
    "difference": (_exceeds, "has others than"),
    "cidr": (_cidr, "lies within"),
    "older": (_older, "is longer ago than"),
    "newer": (_newer, "is not longer ago than"),
}
"""By name: what makes them ready, and how they read."""
EXISTENCE = ("present", "absent", "not-null", "empty")
"""Asked of whether there is a value at all: they need none, and are never unknown."""
