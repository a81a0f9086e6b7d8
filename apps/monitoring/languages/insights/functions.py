"""Functions of single values, and how many arguments all functions take.

Source: "Supported operations and functions", CloudWatch Logs User Guide. A function
is called once for each different combination of its arguments.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable, Mapping

import orjson

from apps.monitoring.languages.insights.values import order, text
from apps.search.engines.columns import Value, number

Function = Callable[..., Value]
_ANY = 100
_MOST_TEXT = 100_000


def _numeric(compute: Callable[..., float]) -> Function:
    """A function of numbers; nothing where an argument is none, or has no answer."""

    def called(*arguments: Value) -> Value:
        numbers = [number(argument) for argument in arguments]
        if any(map(math.isnan, numbers)):
            return None
        try:
            found = compute(*numbers)
        except (ValueError, OverflowError, ZeroDivisionError):
            return None
        return found if math.isfinite(found) else None

    return called


def _textual(compute: Callable[..., Value]) -> Function:
    """A function whose first argument is a text; nothing where it is absent."""

    def called(*arguments: Value) -> Value:
        if arguments[0] is None:
            return None
        return compute(text(arguments[0]), *arguments[1:])

    return called


def _is_present(value: Value) -> Value:
    return int(value is not None)


def _coalesce(*values: Value) -> Value:
    return next((value for value in values if value is not None), None)


def _concat(*values: Value) -> Value:
    return "".join(map(text, values))[:_MOST_TEXT]


def _trim(strip: Callable[[str, str | None], str]) -> Function:
    return _textual(
        lambda value, signs=None: strip(value, None if signs is None else text(signs))
    )


def _substr(value: str, start: Value, length: Value = None) -> Value:
    begin = number(start)
    if math.isnan(begin):
        return None
    first = max(0, int(begin))
    size = number(length)
    return value[first:] if math.isnan(size) else value[first : first + int(size)]


def _replace(value: str, old: Value, new: Value) -> Value:
    return value.replace(text(old), text(new))[:_MOST_TEXT] if text(old) else value


def _address(value: Value) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text(value))
    except ValueError:
        return None


def _is_ip(*versions: int) -> Function:
    def called(value: Value) -> Value:
        found = _address(value)
        return int(found is not None and found.version in versions)

    return called


def _in_subnet(*versions: int) -> Function:
    def called(value: Value, subnet: Value) -> Value:
        found = _address(value)
        try:
            network = ipaddress.ip_network(text(subnet), strict=False)
        except ValueError:
            return 0
        return int(found is not None and found.version in versions and found in network)

    return called


def _json_parse(value: str) -> Value:
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return value


def _extreme(sign: int) -> Function:
    def called(*values: Value) -> Value:
        best: Value = None
        for value in values:
            if value is None:
                continue
            if best is None or order(value, best) * sign > 0:
                best = value
        return best

    return called


FUNCTIONS: Mapping[str, tuple[int, int, Function]] = {
    "abs": (1, 1, _numeric(abs)),
    "ceil": (1, 1, _numeric(math.ceil)),
    "floor": (1, 1, _numeric(math.floor)),
    "greatest": (1, _ANY, _extreme(1)),
    "least": (1, _ANY, _extreme(-1)),
    "log": (1, 1, _numeric(math.log)),
    "sqrt": (1, 1, _numeric(math.sqrt)),
    "ispresent": (1, 1, _is_present),
    "coalesce": (1, _ANY, _coalesce),
    "isempty": (1, 1, lambda value: int(value is None or text(value) == "")),
    "isblank": (1, 1, lambda value: int(value is None or not text(value).strip())),
    "concat": (1, _ANY, _concat),
    "ltrim": (1, 2, _trim(str.lstrip)),
    "rtrim": (1, 2, _trim(str.rstrip)),
    "trim": (1, 2, _trim(str.strip)),
    "strlen": (1, 1, _textual(len)),
    "toupper": (1, 1, _textual(str.upper)),
    "tolower": (1, 1, _textual(str.lower)),
    "substr": (2, 3, _textual(_substr)),
    "replace": (3, 3, _textual(_replace)),
    "strcontains": (2, 2, _textual(lambda value, part: int(text(part) in value))),
    "isvalidip": (1, 1, _is_ip(4, 6)),
    "isvalidipv4": (1, 1, _is_ip(4)),
    "isvalidipv6": (1, 1, _is_ip(6)),
    "isipinsubnet": (2, 2, _in_subnet(4, 6)),
    "isipv4insubnet": (2, 2, _in_subnet(4)),
    "isipv6insubnet": (2, 2, _in_subnet(6)),
    "jsonparse": (1, 1, _textual(_json_parse)),
    "jsonstringify": (1, 1, _textual(lambda value: value)),
}
# Those that know time are computed for whole columns.
TIMELY: Mapping[str, tuple[int, int]] = {
    "bin": (1, 1),
    "datefloor": (2, 2),
    "dateceil": (2, 2),
    "frommillis": (1, 1),
    "tomillis": (1, 1),
    "now": (0, 0),
}
ARITIES: Mapping[str, tuple[int, int]] = {
    **{name: (fewest, most) for name, (fewest, most, _) in FUNCTIONS.items()},
    **TIMELY,
}
AGGREGATES: Mapping[str, tuple[int, int]] = {
    "avg": (1, 1),
    "count": (0, 1),
    "count_distinct": (1, 1),
    "max": (1, 1),
    "min": (1, 1),
    "median": (1, 1),
    "pct": (2, 2),
    "percentile": (2, 2),
    "stddev": (1, 1),
    "sum": (1, 1),
    "earliest": (1, 1),
    "latest": (1, 1),
    "sortsfirst": (1, 1),
    "sortslast": (1, 1),
}
