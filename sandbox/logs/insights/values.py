"""Values of fields: how they compare, count and print."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import regex

Value = Any
"""str, int, float, Timestamp, or None where there is no such field."""

SECONDS_PER_MATCH = 0.25
_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)
_MOST_DIGITS = 300
"""Longer ones are no doubles."""
_START = datetime(1970, 1, 1, tzinfo=UTC)


class Timestamp(int):
    """Milliseconds since 1970 that print as a time."""


def number(value: Value) -> float | int | None:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and _is_number(value):
        text = value.strip()
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    return None


def _is_number(value: str) -> bool:
    return len(value) <= _MOST_DIGITS and _NUMBER.fullmatch(value) is not None


def text(value: Value) -> str | None:
    """As results print it; None where there is nothing."""
    if value is None:
        return None
    if isinstance(value, Timestamp):
        return _time(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return _decimal(value)
    return str(value)


def _time(value: Timestamp) -> str:
    try:
        moment = _START + timedelta(milliseconds=int(value))
    except OverflowError:  # beyond the years there are
        return str(int(value))
    return moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{value % 1_000:03d}"


def _decimal(value: float) -> str | None:
    if not math.isfinite(value):
        return None
    return f"{value:.4f}".rstrip("0").rstrip(".")


def order(left: Value, right: Value) -> int:
    """-1, 0 or 1: numbers by size, others by their letters, absent ones first."""
    if left is None or right is None:
        return (left is not None) - (right is not None)
    one, other = number(left), number(right)
    if one is not None and other is not None:
        return (one > other) - (one < other)
    first, second = text(left) or "", text(right) or ""
    return (first > second) - (first < second)


def contains(pattern: regex.Pattern[str], value: str) -> bool:
    """Raises TimeoutError where the expression takes too long for one value."""
    return pattern.search(value, timeout=SECONDS_PER_MATCH) is not None
