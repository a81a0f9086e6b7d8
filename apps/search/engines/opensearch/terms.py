"""Documents as OpenSearch indexes them: every value a term.

Paths met before are remembered with all that depends on them alone, so that a value
costs a look-up and one string: this runs for every value of every document.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from apps.search.documents import (
    KEY_FUNCTIONS,
    MAX_DEPTH,
    SHORTEST_DATE,
    Document,
    JsonObject,
    TooDeep,
)
from apps.search.engines.opensearch import mapping
from apps.search.engines.opensearch.mapping import bounded, number_text, place_of
from apps.search.engines.opensearch.running import running_words
from apps.search.engines.orders import order_of
from apps.search.kinds import FieldType, Kind
from apps.search.sortkeys import number_key, time_key

_MAX_REMEMBERED = 50_000
_LONG = 7_000


@dataclass(slots=True, eq=False)
class _Path:
    """A path that some record had."""

    path: str
    type: FieldType
    kept_in: str
    prefix: str
    text_field: str | None
    is_words: bool
    is_lookup: bool
    to_key: Callable[[str], str | None] | None
    children: dict[str, _Path] = field(default_factory=dict)


@dataclass(slots=True)
class _Found:
    """The terms of one document, by field; each path and text once."""

    terms: dict[str, list[str]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    words: dict[str, None] = field(default_factory=dict)
    lookups: list[str] = field(default_factory=list)
    paths: dict[str, FieldType] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Indexed:
    """A document as JSON for the index, and the paths it has."""

    body: bytes
    paths: dict[str, FieldType]


class TermWalker:
    """Walks records of one kind."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._forget()

    def indexed(self, document: Document, received_ms: int) -> Indexed:
        """Raises TooDeep beyond 100 levels, ValueError for bytes that are no text."""
        if self._remembered > _MAX_REMEMBERED:
            self._forget()
        found = _Found()
        self._object(document.record, self._root, found, 0)
        self._object(document.derived, self._root, found, 0)
        body = {
            mapping.ORDER: mapping.order_kept(order_of(document.time_ms, document.id)),
            mapping.TIME: document.time_ms,
            mapping.RECEIVED: received_ms,
            mapping.ACCOUNT: document.account,
            mapping.REGION: document.region,
            mapping.PATHS: list(found.paths),
            mapping.WORDS: running_words(found.words),
            mapping.LOOKUPS: found.lookups,
            mapping.KEYS: found.keys,
            mapping.RAW: document.raw.decode(),
            mapping.DERIVED: orjson.dumps(document.derived).decode(),
            **found.terms,
            **{name: running_words(texts) for name, texts in found.texts.items()},
        }
        return Indexed(_dumps(body), found.paths)

    def _forget(self) -> None:
        self._root = self._path("")
        self._remembered = 0

    def _path(self, path: str) -> _Path:
        declared = self._kind.type_of(path)
        place = place_of(self._kind, path)
        is_text = declared is FieldType.TEXT
        return _Path(
            path,
            declared,
            place.field,
            place.prefix,
            mapping.text_field_of(path) if is_text else None,
            is_words=self._kind.is_words(path),
            is_lookup=path in self._kind.lookups,
            to_key=KEY_FUNCTIONS.get(declared),
        )

    def _child(self, parent: _Path, key: str) -> _Path:
        path = f"{parent.path}.{key}" if parent.path else key
        child = self._path(mapping.plain_path(path))
        parent.children[key] = child
        self._remembered += 1
        return child

    def _object(
        self, value: JsonObject, parent: _Path, found: _Found, depth: int
    ) -> None:
        if depth >= MAX_DEPTH:
            raise TooDeep(f"nested deeper than {MAX_DEPTH} levels")
        for key, child in value.items():
            if child is not None:
                path = parent.children.get(key) or self._child(parent, key)
                self._value(child, path, found, depth + 1)

    def _value(self, value: Any, path: _Path, found: _Found, depth: int) -> None:
        if type(value) is str:
            _add_string(value, path, found)
        elif type(value) is dict:
            self._object(value, path, found, depth)
        elif type(value) is list:
            if depth >= MAX_DEPTH:
                raise TooDeep(f"nested deeper than {MAX_DEPTH} levels")
            for child in value:
                self._value(child, path, found, depth + 1)
        elif value is not None:
            _add_other(value, path, found)


def _add_string(value: str, path: _Path, found: _Found) -> None:
    _add_term(f"{path.prefix}s{value}", path, found)
    if path.is_words:
        found.words[value] = None
    if path.is_lookup:
        found.lookups.append(bounded(value))
    if path.text_field is not None:
        found.texts.setdefault(path.text_field, []).append(value)
    to_key = path.to_key
    if to_key is None and len(value) >= SHORTEST_DATE and value[4] == "-":
        to_key = time_key
    key = to_key(value) if to_key else None
    if key is not None:
        found.keys.append(bounded(f"{path.path}\0{key}"))


def _add_other(value: float, path: _Path, found: _Found) -> None:
    """A truth or a number."""
    if type(value) is bool:
        _add_term(f"{path.prefix}b{'true' if value else 'false'}", path, found)
        return
    _add_term(f"{path.prefix}n{number_text(value)}", path, found)
    found.words[str(value)] = None
    if path.is_lookup:
        found.lookups.append(number_text(value))
    found.keys.append(bounded(f"{path.path}\0{number_key(value)}"))


def _add_term(term: str, path: _Path, found: _Found) -> None:
    found.paths[path.path] = path.type
    if len(term) > _LONG:
        term = bounded(term)
    terms = found.terms.get(path.kept_in)
    if terms is None:
        found.terms[path.kept_in] = [term]
    else:
        terms.append(term)


def _dumps(body: dict[str, Any]) -> bytes:
    """JSON; halves of characters, which orjson refuses, written as escapes."""
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        return json.dumps(body).encode()
