"""The picture as a file of its own: the sheets it needs are written into it."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders

SETTLES = timedelta(minutes=2)
"""Traces younger than that may still be on their way."""
_SHEETS = ("css/tokens.css", "css/mapdrawing.css")
_FONT_FACE = re.compile(r"@font-face \{[^}]*\}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def self_contained(drawing: str, theme: str) -> str:
    """`drawing` is one svg element; the theme's colours hold within it."""
    style = f"<style><![CDATA[{_sheets()}svg{{background:var(--bg)}}]]></style>"
    head, rest = drawing.split(">", 1)
    themed = f'{head} data-theme="{theme}">{style}{rest}'
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + themed


@cache
def _sheets() -> str:
    texts = []
    for name in _SHEETS:
        path = finders.find(name)
        if path is None:
            raise FileNotFoundError(name)
        texts.append(Path(path).read_text())
    return _COMMENT.sub("", _FONT_FACE.sub("", "\n".join(texts)))
