"""One value of an event against one entry of a pattern's list.

Source: EventBridge User Guide, comparison operators; the words of refusals are those
of the open event-ruler that EventBridge runs.
"""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.events import wildcards
from sandbox.events.problems import BadPattern

Matcher = Callable[[Any], bool]
"""Takes a leaf of an event: text, number, bool or None."""

_SMALLEST, _LARGEST = -5.0e9, 5.0e9
_Texts = Callable[[str], bool]


class Absent:
    """`{"exists": false}`: holds where the event has no such leaf."""


Entry = Matcher | Absent


def entry(written: Any) -> Entry:
    """What an entry asks for. Raises BadPattern."""
    if isinstance(written, Mapping):
        return _expression(written)
    if isinstance(written, Sequence) and not isinstance(written, str):
        raise BadPattern("Match value must be String, number, true, false, or null")
    return _exactly(written)


def _expression(written: Mapping[str, Any]) -> Entry:
    if len(written) != 1:
        raise BadPattern("Only one key allowed in match expression")
    ((name, value),) = written.items()
    if name == "exists":
        return _exists(value)
    make = _OPERATORS.get(name)
    if make is None:
        raise BadPattern(f"Unrecognized match type {name}")
    return make(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _exactly(wanted: Any) -> Matcher:
    if _is_number(wanted):
        return lambda value: _is_number(value) and value == wanted
    return lambda value: type(value) is type(wanted) and value == wanted


def _exact(value: Any) -> Matcher:
    if not isinstance(value, str):
        raise BadPattern("exact match pattern must be a string")
    return _exactly(value)


def _exists(value: Any) -> Entry:
    if not isinstance(value, bool):
        raise BadPattern("exists match pattern must be either true or false.")
    return (lambda _: True) if value else Absent()


def _of_text(test: _Texts) -> Matcher:
    return lambda value: isinstance(value, str) and test(value)


def _prefix(value: Any) -> Matcher:
    return _at_an_end("prefix", str.startswith, value)


def _suffix(value: Any) -> Matcher:
    return _at_an_end("suffix", str.endswith, value)


def _at_an_end(name: str, test: Callable[[str, str], bool], value: Any) -> Matcher:
    if isinstance(value, Mapping):
        if set(value) != {"equals-ignore-case"}:
            raise BadPattern(f"Unsupported {name} pattern")
        small = _text(value["equals-ignore-case"], "equals-ignore-case").lower()
        return _of_text(lambda text: test(text.lower(), small))
    wanted = _text(value, name)
    return _of_text(lambda text: test(text, wanted))


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise BadPattern(f"{name} match pattern must be a string")
    return value


def _ignoring_case(value: Any) -> Matcher:
    small = _text(value, "equals-ignore-case").lower()
    return _of_text(lambda text: text.lower() == small)


def _wildcard(value: Any) -> Matcher:
    fits = wildcards.fits(wildcards.parse(_text(value, "wildcard")))
    return _of_text(lambda text: fits(text))


def _cidr(value: Any) -> Matcher:
    network = _network(_text(value, "cidr"))

    def inside(text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        return address in network

    return _of_text(inside)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    if text.count("/") != 1:
        raise BadPattern("Malformed CIDR, one '/' required")
    address, _, bits = text.partition("/")
    if not bits.isdigit():
        raise BadPattern("Malformed CIDR, mask bits must be an integer")
    try:
        ipaddress.ip_address(address)
    except ValueError as error:
        raise BadPattern(f"Nonstandard IP address: {address}") from error
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise BadPattern("Malformed CIDR, mask bits are out of range") from error


_Compare = Callable[[float, float], bool]
_ABOVE: Mapping[str, _Compare] = {">": operator.gt, ">=": operator.ge}
_BELOW: Mapping[str, _Compare] = {"<": operator.lt, "<=": operator.le}


def _numeric(value: Any) -> Matcher:
    tests = _comparisons(value)
    return lambda number: (
        _is_number(number) and all(compare(number, bound) for compare, bound in tests)
    )


def _comparisons(value: Any) -> list[tuple[_Compare, float]]:
    if not isinstance(value, list):
        raise BadPattern("Value of numeric must be an array.")
    if not value or not isinstance(value[0], str):
        raise BadPattern(f"Invalid member in numeric match: {_shown(value[:1])}")
    sign = value[0]
    if sign == "=":
        return [(operator.eq, _bound(value, 1, "equals", most=2))]
    if sign in _ABOVE:
        return _range(value, _ABOVE, _BELOW)
    if sign in _BELOW:
        return _range(value, _BELOW, _ABOVE)
    raise BadPattern(f"Unrecognized numeric range operator: {sign}")


def _shown(values: Sequence[Any]) -> str:
    return str(values[0]) if values else "]"


def _range(
    value: list[Any], first: Mapping[str, _Compare], second: Mapping[str, _Compare]
) -> list[tuple[_Compare, float]]:
    tests = [(first[value[0]], _bound(value, 1, value[0], most=4))]
    if len(value) > 2:  # noqa: PLR2004 - one operator and its bound
        other = value[2]
        if not isinstance(other, str):
            raise BadPattern(f"Bad value in numeric range: {other}")
        if other not in second:
            raise BadPattern(f"Bad numeric range operator: {other}")
        tests.append((second[other], _bound(value, 3, other, most=4)))
        low, high = sorted((value[1], value[3]))
        if (low, high) != _in_order(value) or low == high:
            raise BadPattern("Bottom must be less than top")
    return tests


def _in_order(value: list[Any]) -> tuple[float, float]:
    """Bottom and top as they are written."""
    return (value[1], value[3]) if value[0] in _ABOVE else (value[3], value[1])


def _bound(value: list[Any], at: int, name: str, most: int) -> float:
    if at >= len(value) or not _is_number(value[at]):
        raise BadPattern(f"Value of {name} must be numeric")
    if len(value) > most:
        raise BadPattern("Too many elements in numeric expression")
    number = float(value[at])
    if not _SMALLEST <= number <= _LARGEST:
        raise BadPattern(f"Value must be between {_SMALLEST} and {_LARGEST}, inclusive")
    return number


def _anything_but(value: Any) -> Matcher:
    if isinstance(value, Mapping):
        return _anything_but_like(value)
    if isinstance(value, list):
        return _none_of([_exactly(item) for item in _alike(value)])
    if isinstance(value, str) or _is_number(value):
        return _none_of([_exactly(value)])
    raise _bad_anything_but()


def _bad_anything_but() -> BadPattern:
    return BadPattern(
        "Value of anything-but must be an array or single string/number value."
    )


def _none_of(matchers: Sequence[Matcher]) -> Matcher:
    return lambda value: not any(matches(value) for matches in matchers)


def _alike(values: list[Any]) -> list[Any]:
    if not values:
        raise BadPattern("Empty arrays are not allowed")
    texts = [isinstance(value, str) for value in values]
    if not all(t or _is_number(v) for t, v in zip(texts, values, strict=True)):
        raise BadPattern(
            "Inside anything but list, start|null|boolean is not supported."
        )
    if any(texts) and not all(texts):
        raise BadPattern(
            "Inside anything but list, either all values are number or string, mixed "
            "type is not supported"
        )
    return values


def _anything_but_like(written: Mapping[str, Any]) -> Matcher:
    if len(written) != 1:
        raise BadPattern("Only one key allowed in match expression")
    ((name, value),) = written.items()
    if name not in {"prefix", "suffix", "equals-ignore-case", "wildcard"}:
        raise BadPattern(f"Unsupported anything-but pattern: {name}")
    if isinstance(value, Mapping):
        raise _bad_anything_but()
    listed = value if isinstance(value, list) else [value]
    if not listed:
        raise BadPattern("Empty arrays are not allowed")
    _check_texts(name, listed)
    return _none_of([_OPERATORS[name](item) for item in listed])


def _check_texts(name: str, values: Sequence[Any]) -> None:
    for value in values:
        if not isinstance(value, str):
            raise BadPattern(_NOT_TEXT[name])
        if name in {"prefix", "suffix"} and not value:
            raise BadPattern("Null prefix/suffix not allowed")


_NOT_TEXT: Mapping[str, str] = {
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
    "wildcard": "wildcard match pattern must be a string",
    "equals-ignore-case": (
        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is "
        "not supported."
    ),
}
_OPERATORS: Mapping[str, Callable[[Any], Matcher]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _ignoring_case,
    "exact": _exact,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
OPERATORS = frozenset({*_OPERATORS, "exists"})
