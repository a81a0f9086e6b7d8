"""The part of a resource that a rule points at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from apps.discovery.models import Resource

_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,6})\]")
_MOST_LETTERS = 6_000
_ROOTS = ("configuration", "supplementary", "tags")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """`text` is JSON, cut where it is long; `path` where it stands."""

    path: str
    text: str
    is_cut: bool


def excerpt(resource: Resource, path: str) -> Excerpt | None:
    """What stands at the path, or at the nearest place above it that is there now."""
    root = path.split(".", 1)[0].split("[", 1)[0]
    if root not in _ROOTS:
        return None
    value: Any = getattr(resource, root)
    reached = root
    for name, number in _STEP.findall(path[len(root) :]):
        if name and isinstance(value, Mapping) and name in value:
            value, reached = value[name], f"{reached}.{name}"
        elif number and isinstance(value, list) and int(number) < len(value):
            value, reached = value[int(number)], f"{reached}[{number}]"
        else:
            break
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return Excerpt(reached, text[:_MOST_LETTERS], len(text) > _MOST_LETTERS)
