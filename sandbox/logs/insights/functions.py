"""Functions of a row's values. Names are looked up in small letters."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable, Collection, Mapping, Sequence

from sandbox.logs.insights.values import Timestamp, Value, number, order, text

Function = Callable[..., Value]
_MANY = range(1, 100)
MOST_LETTERS = 1_048_576
"""What a function makes is cut here: an event is not larger either."""


def _numeric(work: Callable[..., float]) -> Function:
    """A function of numbers; nothing where one of them is none or has no answer."""

    def run(*given: Value) -> Value:
        numbers = [number(value) for value in given]
        if any(one is None for one in numbers):
            return None
        try:
            return work(*numbers)
        except (ValueError, OverflowError, ZeroDivisionError):
            return None

    return run


def _textual(work: Callable[..., Value]) -> Function:
    """A function of texts; nothing where one of them is missing."""

    def run(*given: Value) -> Value:
        texts = [text(value) for value in given]
        return None if None in texts else work(*texts)

    return run


def _coalesce(*given: Value) -> Value:
    return next((value for value in given if value is not None), None)


def _substr(whole: str, start: str, length: str | None = None) -> Value:
    first, most = number(start), number(length) if length is not None else None
    if first is None or (length is not None and most is None):
        return None
    begin = max(0, int(first))
    return whole[begin:] if most is None else whole[begin : begin + max(0, int(most))]


def _replace(whole: str, old: str, new: str) -> str:
    growth = len(new) - len(old)
    most = -1 if growth <= 0 else MOST_LETTERS // growth + 1
    return whole.replace(old, new, most)


def _concat(*given: Value) -> str:
    parts, letters = [], 0
    for value in given:
        parts.append((text(value) or "")[: MOST_LETTERS - letters])
        letters += len(parts[-1])
    return "".join(parts)


def _is_ip(value: Value, versions: Collection[int] = (4, 6)) -> bool:
    try:
        return ipaddress.ip_address(text(value) or "").version in versions
    except ValueError:
        return False


def _in_subnet(versions: Collection[int]) -> Function:
    def run(value: Value, subnet: Value) -> bool:
        if not _is_ip(value, versions):
            return False
        try:
            network = ipaddress.ip_network(text(subnet) or "", strict=False)
        except ValueError:
            return False
        return ipaddress.ip_address(text(value) or "") in network

    return run


def _extreme(sign: int) -> Function:
    def run(*given: Value) -> Value:
        found = [value for value in given if number(value) is not None]
        best = None
        for value in found:
            if best is None or order(value, best) == sign:
                best = value
        return number(best)

    return run


def _from_millis(value: Value) -> Value:
    milliseconds = number(value)
    return None if milliseconds is None else Timestamp(milliseconds)


def _to_millis(value: Value) -> Value:
    milliseconds = number(value)
    return None if milliseconds is None else int(milliseconds)


_NUMERIC: Mapping[str, Callable[..., float]] = {
    "abs": abs,
    "ceil": math.ceil,
    "floor": math.floor,
    "log": math.log,
    "sqrt": math.sqrt,
}
_TEXTUAL: Mapping[str, Callable[..., Value]] = {
    "ltrim": str.lstrip,
    "rtrim": str.rstrip,
    "trim": str.strip,
    "strlen": len,
    "toupper": str.upper,
    "tolower": str.lower,
    "upper": str.upper,
    "lower": str.lower,
    "substr": _substr,
    "replace": _replace,
    "strcontains": lambda whole, part: int(part in whole),
}
FUNCTIONS: Mapping[str, Function] = {
    **{name: _numeric(work) for name, work in _NUMERIC.items()},
    **{name: _textual(work) for name, work in _TEXTUAL.items()},
    "concat": _concat,
    "greatest": _extreme(1),
    "least": _extreme(-1),
    "coalesce": _coalesce,
    "ispresent": lambda value: value is not None,
    "isempty": lambda value: not text(value),
    "isblank": lambda value: not (text(value) or "").strip(),
    "frommillis": _from_millis,
    "tomillis": _to_millis,
    "isvalidip": _is_ip,
    "isvalidipv4": lambda value: _is_ip(value, (4,)),
    "isvalidipv6": lambda value: _is_ip(value, (6,)),
    "isipinsubnet": _in_subnet((4, 6)),
    "isipv4insubnet": _in_subnet((4,)),
    "isipv6insubnet": _in_subnet((6,)),
}
ARITIES: Mapping[str, Collection[int]] = {
    **dict.fromkeys(FUNCTIONS, (1,)),
    **dict.fromkeys(("ltrim", "rtrim", "trim"), (1, 2)),
    **dict.fromkeys(("concat", "greatest", "least", "coalesce"), _MANY),
    **dict.fromkeys(("isipinsubnet", "isipv4insubnet", "isipv6insubnet"), (2,)),
    "substr": (2, 3),
    "replace": (3,),
    "strcontains": (2,),
    "bin": (1,),
    "datefloor": (2,),
    "dateceil": (2,),
}


def call(name: str, given: Sequence[Value]) -> Value:
    """Nothing where the values have no answer, such as a time beyond all years."""
    try:
        found = FUNCTIONS[name](*given)
    except (ArithmeticError, ValueError):
        return None
    return found[:MOST_LETTERS] if isinstance(found, str) else found
