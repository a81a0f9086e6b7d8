"""What templates of traces need besides those of search."""

from collections.abc import Mapping
from typing import TypeVar

from django import template

from apps.tracing.traces.alignment import Line, Side
from apps.tracing.traces.durations import shown
from apps.tracing.traces.filters.texts import joined
from apps.tracing.traces.questions import TraceQuestion

register = template.Library()
T = TypeVar("T")


@register.simple_tag
def narrowed(state: TraceQuestion, expression: str, side: str = "in") -> str:
    """The page's URL query with one more condition on traces."""
    added = expression if side == "in" else f"!({expression})"
    return state.url_query(filter=joined(state.filter, added), language="xray")


@register.filter
def took(microseconds: int) -> str:
    """A duration with its unit."""
    return shown(microseconds / 1_000)


@register.filter
def shifted(microseconds: int) -> str:
    """A correction of a clock."""
    way = "later" if microseconds > 0 else "earlier"
    return f"{shown(abs(microseconds) / 1_000)} {way}"


@register.filter
def at_key(found: Mapping[str, T], key: str) -> T | None:
    return found.get(key)


@register.filter
def took_ms(milliseconds: float) -> str:
    return shown(milliseconds)


@register.filter
def both(line: Line) -> tuple[Side | None, Side | None]:
    return line.a, line.b
