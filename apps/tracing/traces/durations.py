"""Durations as people read them: three digits and a unit."""

from __future__ import annotations

_UNITS = ((60_000.0, "min", 60_000.0), (1_000.0, "s", 1_000.0), (1.0, "ms", 1.0))
_DIGITS = 3


def shown(milliseconds: float) -> str:
    """Such as 12.4 ms, 1.3 s, 250 µs."""
    for least, unit, size in _UNITS:
        if milliseconds >= least:
            return f"{_short(milliseconds / size)} {unit}"
    return f"{_short(milliseconds * 1_000)} µs"


def _short(value: float) -> str:
    text = f"{value:.{_DIGITS}g}"
    return f"{float(text):g}" if "e" not in text else f"{float(text):,.0f}"
