"""A document as it enters the store: the record verbatim, and what finds it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from apps.search.kinds import FieldType, Kind
from apps.search.sortkeys import address_key, number_key, time_key, version_key

JsonObject = dict[str, Any]

MAX_DEPTH = 100
# A record can invent keys without end; what is remembered of them may not grow so.
_MAX_REMEMBERED = 50_000

KEY_FUNCTIONS = {
    FieldType.ADDRESS: address_key,
    FieldType.TIME: time_key,
    FieldType.VERSION: version_key,
}


@dataclass(slots=True)
class Document:
    """One document. Not frozen only because there are millions of them.

    `id` is deterministic: the same record always has the same. `raw` is the record
    as JSON, exactly as it is to be given back; where that is more than an index can
    read (white space, numbers without bound), `searchable` is its compact form.
    `derived` holds fields of our own, their names beginning with @. `account` and
    `region` decide who may see it.
    """

    id: str
    time_ms: int
    account: str
    region: str
    record: JsonObject
    raw: bytes
    derived: JsonObject = field(default_factory=dict)
    searchable: bytes | None = None


class TooDeep(ValueError):
    """A record nested deeper than the store follows."""


@dataclass(slots=True)
class Leaves:
    """What a document is found by, besides its fields.

    `keys` are `path NUL key` strings for ranges; `words` the texts of its values,
    each once; `times` the strings that look like times; `new_paths` those not met
    since the walker was last asked about another day.
    """

    day: str
    keys: list[str] = field(default_factory=list)
    words: dict[str, None] = field(default_factory=dict)
    times: list[str] = field(default_factory=list)
    new_paths: list[PathNode] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class PathNode:
    """A path that some record had, and all that depends on the path alone."""

    path: str
    type: FieldType
    is_words: bool
    # Numbers are words everywhere but where one field alone holds the text.
    are_numbers_words: bool
    to_key: Callable[[str], str | None] | None
    has_keys: bool = True
    day: str = ""
    children: dict[str, PathNode] = field(default_factory=dict)


class LeafWalker:
    """Walks records of one kind.

    Paths met before are remembered, so that a leaf costs one dictionary look-up and
    no string is built: this runs for every value of every document.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._forget()

    def leaves(self, document: Document, day: str) -> Leaves:
        """Everything to index of `document`. Raises TooDeep beyond 100 levels."""
        if self._remembered > _MAX_REMEMBERED:
            self._forget()
        found = Leaves(day)
        self._object(document.record, self._root, found, 0)
        self._object(document.derived, self._root, found, 0)
        return found

    def _forget(self) -> None:
        self._root = PathNode(
            "",
            FieldType.KEYWORD,
            is_words=False,
            are_numbers_words=False,
            to_key=None,
        )
        self._remembered = 0

    def _child(self, parent: PathNode, key: str) -> PathNode:
        path = f"{parent.path}.{key}" if parent.path else key
        declared = self.kind.type_of(path)
        node = PathNode(
            path,
            declared,
            is_words=self.kind.is_words(path),
            are_numbers_words=not self.kind.text_field,
            to_key=KEY_FUNCTIONS.get(declared),
            has_keys=path not in self.kind.kept_apart,
        )
        parent.children[key] = node
        self._remembered += 1
        return node

    def _object(
        self, value: JsonObject, node: PathNode, found: Leaves, depth: int
    ) -> None:
        if depth >= MAX_DEPTH:
            raise TooDeep(f"nested deeper than {MAX_DEPTH} levels")
        children, words, day = node.children, found.words, found.day
        for key, child in value.items():
            below = children.get(key) or self._child(node, key)
            if type(child) is str:
                if below.is_words:
                    words[child] = None
                if below.day is not day:
                    _note_path(below, found)
                if below.has_keys and (
                    below.to_key or (len(child) >= SHORTEST_DATE and child[4] == "-")
                ):
                    _add_key(child, below, found)
            elif child is not None:
                self._value(child, below, found, depth + 1)

    def _value(self, value: Any, node: PathNode, found: Leaves, depth: int) -> None:
        if type(value) is dict:
            self._object(value, node, found, depth)
        elif type(value) is list:
            if depth >= MAX_DEPTH:
                raise TooDeep(f"nested deeper than {MAX_DEPTH} levels")
            for child in value:
                self._value(child, node, found, depth + 1)
        elif value is not None:
            _note_path(node, found)
            _add_listed(value, node, found)


def _add_listed(value: str | float, node: PathNode, found: Leaves) -> None:
    if type(value) is str:
        if node.is_words:
            found.words[value] = None
        _add_key(value, node, found)
    elif type(value) is not bool:
        if node.are_numbers_words:
            found.words[str(value)] = None
        found.keys.append(f"{node.path}\x00{number_key(value)}")


def _note_path(node: PathNode, found: Leaves) -> None:
    if node.day is not found.day:
        node.day = found.day
        found.new_paths.append(node)


def _add_key(value: str, node: PathNode, found: Leaves) -> None:
    to_key = node.to_key
    if value[4:5] == "-":
        if looks_like_time(value):
            found.times.append(value)
        to_key = to_key or time_key
    key = to_key(value) if to_key else None
    if key is not None:
        found.keys.append(f"{node.path}\x00{key}")


# Tantivy turns strings that look like RFC 3339 times into times of a second's
# precision; a leading mark keeps them strings, exact and open to wildcards.
TIME_MARK = "\x02"
SHORTEST_DATE = len("2026-07-01")
_SHORTEST_TIME = len("2026-07-01T08:00:00")
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d\D\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def looks_like_time(text: str) -> bool:
    return (
        len(text) >= _SHORTEST_TIME
        and text[4] == "-"
        and _RFC3339.fullmatch(text) is not None
    )


def with_marked_times(compact_json: bytes, times: Iterable[str]) -> bytes:
    """JSON without white space, in which these string values are marked."""
    for time in set(times):
        plain, marked = f'"{time}"'.encode(), f'"\\u0002{time}"'.encode()
        compact_json = compact_json.replace(plain, marked)
        compact_json = compact_json.replace(marked + b":", plain + b":")
    return compact_json


def searchable_text(text: str) -> str:
    """A string as the index holds it."""
    return TIME_MARK + text if looks_like_time(text) else text


def shown_text(text: str) -> str:
    """The inverse of `searchable_text`."""
    return text.removeprefix(TIME_MARK)


def indexable(value: object) -> object:
    """The value with what an index cannot hold replaced or turned into text."""
    if isinstance(value, dict):
        return {str(indexable(key)): indexable(child) for key, child in value.items()}
    if isinstance(value, list):
        return [indexable(child) for child in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value


def searched_as(raw: bytes) -> tuple[JsonObject, bytes | None]:
    """A stored record as it is to be indexed again, and its compact form where that
    is not the record as it was given."""
    record = read_json(raw)
    try:
        if orjson.dumps(record) == raw:
            return record, None
    except orjson.JSONEncodeError:
        pass  # a number or half a character that JSON has and an index has not
    # Python's reader keeps numbers of any length exact.
    searchable = orjson.dumps(indexable(json.loads(raw)))
    return orjson.loads(searchable), searchable


def read_json(raw: bytes) -> JsonObject:
    """A record from its JSON. Halves of characters, which orjson refuses, are kept."""
    try:
        record: JsonObject = orjson.loads(raw)
    except orjson.JSONDecodeError:
        record = json.loads(raw)
    return record
