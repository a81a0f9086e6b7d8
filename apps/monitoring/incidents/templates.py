"""Titles and keys made of labels: {{name}} and nothing else. Pure.

Labels come from outside, so nothing of them is ever taken for a template, and what
they may do to a line of text is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_.-]{0,63})\s*\}\}")
_BRACES = re.compile(r"\{\{|\}\}")
_MOST = 200
# Names that every rule has; others are those that its kind gives.
NAMES = ("rule", "severity", "key", "account", "region", "service", "resource")


class TemplateError(ValueError):
    """A template that cannot be filled in; says where."""


def check(template: str) -> None:
    """Raises TemplateError for braces that are no place of a label."""
    rest = _PLACE.sub("", template)
    if _BRACES.search(rest):
        raise TemplateError(
            "Write {{name}} for a label, such as {{service}}: a name has letters, "
            "digits and _ only."
        )


def render(template: str, labels: Mapping[str, str]) -> str:
    """The template with labels in their places; of a label that is not there, `?`."""
    return _PLACE.sub(lambda found: _shown(labels.get(found[1], "")) or "?", template)


def _shown(value: str) -> str:
    """One line without anything that is not seen, bounded."""
    seen = "".join(one if one.isprintable() else " " for one in value)
    one_line = " ".join(seen.split())
    return one_line if len(one_line) <= _MOST else f"{one_line[: _MOST - 1]}…"
