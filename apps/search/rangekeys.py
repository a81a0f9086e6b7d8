"""A range of a query as bounds: of sort keys where its ends are ordered values, of
text where they are not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from apps.search.kinds import FieldType
from apps.search.sortkeys import (
    Bounds,
    address_key,
    as_number,
    number_key,
    time_key,
    version_key,
)
from apps.search.syntax import Range
from apps.search.timerange import TimeError, is_relative, parse_time, rfc3339


@dataclass(frozen=True, slots=True)
class RangeKeys:
    """`are_keys`: the bounds are sort keys; otherwise plain text."""

    bounds: Bounds
    are_keys: bool


def range_keys(node: Range, declared: FieldType, now: datetime) -> RangeKeys:
    lower, upper = _resolved(node.lower, now), _resolved(node.upper, now)
    keys = _keys(declared, lower, upper)
    low, high = (lower, upper) if keys is None else keys
    bounds = Bounds(low, high, node.include_lower, node.include_upper)
    return RangeKeys(bounds, are_keys=keys is not None)


def _resolved(bound: str | None, now: datetime) -> str | None:
    """A relative time as the moment it means."""
    if bound is None or not is_relative(bound):
        return bound
    try:
        return rfc3339(parse_time(bound, now))
    except TimeError:
        return bound


def _keys(
    declared: FieldType, lower: str | None, upper: str | None
) -> tuple[str | None, str | None] | None:
    """Both bounds as keys of one sort; None where they are plain text."""
    for key in _key_functions(declared):
        low = None if lower is None else key(lower)
        high = None if upper is None else key(upper)
        if (low is None) == (lower is None) and (high is None) == (upper is None):
            return low, high
    return None


def _key_functions(declared: FieldType) -> tuple[Callable[[str], str | None], ...]:
    if declared is FieldType.VERSION:
        return (version_key,)
    if declared is FieldType.ADDRESS:
        return (address_key,)
    return (_number_text_key, time_key)


def _number_text_key(text: str) -> str | None:
    number = as_number(text)
    return None if number is None else number_key(number)
