"""What templates of traces need besides those of search."""

from django import template

from apps.tracing.traces.durations import shown
from apps.tracing.traces.filters.texts import joined
from apps.tracing.traces.questions import TraceQuestion

register = template.Library()


@register.simple_tag
def narrowed(state: TraceQuestion, expression: str, side: str = "in") -> str:
    """The page's URL query with one more condition on traces."""
    added = expression if side == "in" else f"!({expression})"
    return state.url_query(filter=joined(state.filter, added), language="xray")


@register.filter
def took(microseconds: int) -> str:
    """A duration with its unit."""
    return shown(microseconds / 1_000)
