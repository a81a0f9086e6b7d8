"""Numbers of the map as people read them, each with its unit. Pure."""

from __future__ import annotations

_MINUTE_S = 60
_TEN, _HUNDRED, _THOUSAND = 10, 100, 1_000
_LARGE = 100_000


def rate(calls: float, seconds: float) -> str:
    """How often something is called: by the minute, by the hour where that is rare."""
    if not calls:
        return "0/min"
    a_minute = calls * _MINUTE_S / seconds
    if a_minute >= 1:
        return f"{number(a_minute)}/min"
    an_hour = a_minute * _MINUTE_S
    return f"{number(an_hour)}/h" if an_hour >= 1 else f"{number(an_hour * 24)}/day"


def number(value: float) -> str:
    """Three digits that count; thousands apart, then k and M."""
    if value >= _LARGE:
        for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
            if value >= size:
                return f"{value / size:.3g} {letter}"
    if value >= _HUNDRED:
        return f"{value:,.0f}"
    return f"{value:.1f}".removesuffix(".0") if value >= _TEN else f"{value:.2g}"


def milliseconds(value: float | None) -> str:
    if value is None:
        return "\u2013"
    if value >= _MINUTE_S * _THOUSAND:
        return f"{value / _MINUTE_S / _THOUSAND:.3g} min"
    if value >= _THOUSAND:
        return f"{value / _THOUSAND:.3g} s"
    return f"{value:.0f} ms" if value >= _TEN else f"{value:.2g} ms"


def share(value: float | None) -> str:
    """0 to 1 as percent: what is little is not nothing, what is not all is not all."""
    if value is None:
        return "\u2013"
    percent = value * 100
    if not percent:
        return "0 %"
    if percent < 0.1:  # noqa: PLR2004
        return "<0.1 %"
    if percent < _TEN:
        return f"{percent:.2g} %"
    return f"{percent:.0f} %" if percent <= 99 or value == 1 else ">99 %"  # noqa: PLR2004
