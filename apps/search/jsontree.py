"""A record as a tree of lines to look at, every leaf with its path."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Characters that would change how a text looks without being seen: controls, marks
# that turn the direction of writing, and halves of characters.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_MAX_DEPTH = 100
_LONG = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the tree.

    `path` is the field to filter by, list positions left out; `kind` one of
    object, list, string, number, boolean, null; `text` is shown, `value` searched.
    """

    depth: int
    key: str
    path: str
    kind: str
    text: str = ""
    value: str = ""
    size: int = 0


def lines(record: dict[str, Any]) -> Iterator[Line]:
    """Every member of a record, parents before children."""
    for key, value in record.items():
        yield from _lines(value, key, key, 0)


def visible(text: str) -> str:
    """The text with characters that hide or reorder written out as escapes."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def value_at(record: dict[str, Any], path: str) -> list[Any]:
    """Every leaf under a path, lists looked through; keys may hold dots."""
    if path in record:
        return list(_leaves(record[path]))
    found: list[Any] = []
    for split in _splits(path):
        child = record.get(split[0])
        for one in child if isinstance(child, list) else [child]:
            if isinstance(one, dict):
                found += value_at(one, split[1])
    return found


def _splits(path: str) -> Iterator[tuple[str, str]]:
    at = path.find(".")
    while at >= 0:
        yield path[:at], path[at + 1 :]
        at = path.find(".", at + 1)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for child in value:
            yield from _leaves(child)
    elif value is not None:
        yield value


def _lines(value: Any, key: str, path: str, depth: int) -> Iterator[Line]:
    shown = visible(key)
    if depth > _MAX_DEPTH:
        yield Line(depth, shown, path, "string", "nested too deeply to show")
    elif isinstance(value, dict):
        yield Line(depth, shown, path, "object", size=len(value))
        for name, child in value.items():
            yield from _lines(child, name, f"{path}.{name}", depth + 1)
    elif isinstance(value, list):
        yield Line(depth, shown, path, "list", size=len(value))
        for number, child in enumerate(value):
            yield from _lines(child, str(number), path, depth + 1)
    else:
        text, kind = _leaf(value)
        yield Line(depth, shown, path, kind, visible(text[:_LONG]), text)


def _leaf(value: Any) -> tuple[str, str]:
    if value is None:
        return "null", "null"
    if isinstance(value, bool):
        return ("true" if value else "false"), "boolean"
    if isinstance(value, str):
        return value, "string"
    return str(value), "number"


def leaf_text(value: Any) -> str:
    """A leaf as it is searched and shown; an object in a list as its JSON."""
    if isinstance(value, dict):
        return json.dumps(value)
    return _leaf(value)[0]


def exact(raw: bytes) -> dict[str, Any]:
    """A record read without losing digits of its numbers."""
    record: dict[str, Any] = json.loads(raw)
    return record


def pretty(raw: bytes) -> str:
    """A record's JSON laid out over lines, nothing in it changed or hidden."""
    text = json.dumps(exact(raw), indent=2, ensure_ascii=False)
    return "\n".join(visible(line) for line in text.split("\n"))
