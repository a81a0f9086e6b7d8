"""Markdown of people as HTML that can do nothing. Pure.

The parser knows no HTML; what it makes is sanitised once more, so that a fault in one
of the two is not yet a hole. Images are off: they would tell others who looks.
"""

from __future__ import annotations

import nh3
from markdown_it import MarkdownIt

_PARSER = MarkdownIt(
    "commonmark", {"html": False, "linkify": False, "maxNesting": 20}
).enable(["table", "strikethrough"])
_PARSER.disable("image")
_TAGS = {
    "p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "a",
    "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


def as_html(text: str) -> str:
    """Safe HTML: no scripts, styles, images or attributes but `href`.

    Links go to http, https and mailto addresses and to pages of this site.
    """
    return nh3.clean(
        _PARSER.render(text),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
