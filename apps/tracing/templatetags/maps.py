"""How the map's values look in templates."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.safestring import SafeString, mark_safe

from apps.search.timerange import from_milliseconds
from apps.tracing.maps.looks import Shape
from apps.tracing.maps.outlines import GLYPHS, outline, second_line

register = template.Library()
_WIDE, _HIGH = 44.0, 24.0


@register.filter
def epoch(seconds: int) -> datetime:
    """Seconds since 1970 as a moment."""
    return from_milliseconds(seconds * 1_000)


@register.filter
def caret(position: int) -> str:
    """What points at a character of the line above."""
    return " " * position + "^"


@register.filter
def map_shape(shape: Shape) -> SafeString:
    """The outline of a kind of node, in little."""
    body = outline(shape, _WIDE, _HIGH)
    inner = second_line(shape, _WIDE, _HIGH)
    rim = f'<path class="rim" d="{inner}"/>' if inner else ""
    # Nothing of it comes from outside.
    return mark_safe(  # noqa: S308
        '<svg class="map-picture" viewBox="-3 -6 52 34" aria-hidden="true">'
        f'<g class="node h-good"><path class="body" d="{body}"/>{rim}'
        f'<g transform="translate({_WIDE / 2 - 7:g} {_HIGH / 2 - 6:g}) scale(.8)">'
        f'<path class="glyph" d="{GLYPHS[shape]}"/></g></g></svg>'
    )
