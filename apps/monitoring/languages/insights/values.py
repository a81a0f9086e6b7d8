"""Values: how they compare and how results print them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from apps.search.engines.columns import Value, number

_START = datetime(1970, 1, 1, tzinfo=UTC)


def text(value: Value) -> str:
    """As results print it."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return "" if value is None else str(value)


def time_text(milliseconds: float) -> str:
    """As AWS prints times: 2026-07-01 08:00:00.000, in UTC."""
    try:
        moment = _START + timedelta(milliseconds=milliseconds)
    except (OverflowError, ValueError):  # beyond the years there are
        return text(milliseconds)
    return moment.isoformat(" ", "milliseconds").removesuffix("+00:00")


def order(left: Value, right: Value) -> int:
    """-1, 0 or 1: numbers by size, others letter by letter."""
    one, other = number(left), number(right)
    if not (math.isnan(one) or math.isnan(other)):
        return (one > other) - (one < other)
    first, second = text(left), text(right)
    return (first > second) - (first < second)
