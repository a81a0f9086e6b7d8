"""Text from outside within markup: what means something there is written out. Pure."""

from __future__ import annotations

from html import escape

from apps.search.jsontree import visible


def escaped(value: str) -> str:
    """For text and for attributes in double quotes, of HTML and of XML."""
    return escape(visible(value), quote=True)
