"""How values look in templates."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from plotly.io import to_json

from apps.search import logtext
from apps.search.explorestate import ExploreState
from apps.search.jsontree import visible
from apps.search.kinds import Kind
from apps.search.timerange import rfc3339

register = template.Library()

_THOUSAND = 1024
_ARN_COLONS = 5
_LEVEL_ICONS = {
    "FATAL": "ban",
    "ERROR": "circle-alert",
    "WARN": "triangle-alert",
    "INFO": "info",
    "DEBUG": "settings",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative icon of the sprite; its meaning stands in text beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>',
        static("icons.svg"),
        name,
    )


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """A time in UTC, which the page can turn into local time."""
    if value is None:
        return "never"
    value = value.astimezone(UTC)
    return format_html(
        '<time datetime="{}" class="moment">{}</time>',
        rfc3339(value),
        value.strftime("%Y-%m-%d %H:%M:%S"),
    )


@register.filter
def moment_ms(value: datetime, kind: Kind) -> SafeString | str:
    """A time of a row: where lines come by the hundred a second, in milliseconds."""
    if not kind.text_field:
        return moment(value)
    value = value.astimezone(UTC)
    return format_html(
        '<time datetime="{}" class="moment fine">{}</time>',
        rfc3339(value),
        f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}",
    )


@register.filter
def log_text(value: str) -> str:
    return logtext.shown(value)


@register.filter
def json_body(value: str) -> str | None:
    return logtext.json_body(value)


@register.filter
def level_class(value: str, kind: Kind) -> str:
    return kind.colours.get(value, "level-none")


@register.filter
def level_icon(value: str) -> str:
    """A sign beside the word, so that no level is told by its colour alone."""
    return _LEVEL_ICONS.get(value, "minus")


@register.filter
def number(value: float | None) -> str:
    """A whole number with thousands apart."""
    return "0" if value is None else f"{value:,.0f}"


@register.filter
def percent(value: float) -> str:
    return f"{value:.1f} %" if 0 < value < 9.95 else f"{value:.0f} %"  # noqa: PLR2004


@register.filter
def size(value: float) -> str:
    """Bytes in the unit that reads best."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if value < _THOUSAND:
            return f"{value:,.0f} {unit}" if unit == "bytes" else f"{value:,.1f} {unit}"
        value /= _THOUSAND
    return f"{value:,.1f} TiB"


@register.filter
def dollars(value: float) -> str:
    """Dollars and cents; what is less than a cent is not nothing."""
    return "< $0.01" if 0 < value < 0.005 else f"${value:,.2f}"  # noqa: PLR2004


@register.filter
def duration(value: Any) -> str:
    """A timedelta in its two largest units."""
    seconds = int(value.total_seconds())
    parts = []
    for name, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"


@register.filter
def interval(milliseconds: int) -> str:
    return duration(timedelta(milliseconds=milliseconds))


@register.filter
def plain(value: object) -> str:
    """Text from outside: what hides or reorders is written out."""
    return visible(str(value))


@register.filter
def brief(value: str) -> str:
    """The part of an ARN or service name that tells it from others beside it."""
    if value.startswith("arn:"):
        return value.split(":", _ARN_COLONS)[-1] or value
    return value.removesuffix(".amazonaws.com")


@register.filter
def share(value: float) -> str:
    """A percentage as one of twenty-one classes; the policy allows no style."""
    return f"share-{round(value / 5) * 5}"


@register.filter
def indent(depth: int) -> str:
    return f"indent-{min(depth, 24)}"


@register.simple_tag
def changed(state: ExploreState, **changes: object) -> str:
    """The page's URL query with some parts changed."""
    return state.url_query(**changes)


@register.filter
def label_of(path: str, kind: Kind) -> str:
    return kind.field(path).label


@register.simple_tag
def figure(value: dict[str, Any], element_id: str) -> SafeString:
    """A plotly figure as JSON the page's script reads."""
    text = to_json(value, validate=False, engine="orjson")
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return format_html(
        '<script type="application/json" id="{}">{}</script>',
        element_id,
        mark_safe(safe),  # noqa: S308 - no character of markup is left in it
    )
