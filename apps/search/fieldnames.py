"""Which fields there are, for the eyes of one person."""

from collections.abc import Iterator, Mapping
from typing import Any

from apps.search.documents import JsonObject
from apps.search.engines.base import DocumentReader, SearchRequest
from apps.search.exporting import record_of

_LOOKED_AT = 300
_MAX_DEPTH = 100


def known_paths(reader: DocumentReader, request: SearchRequest) -> frozenset[str]:
    """Paths that have values. Who does not see every account gets those of the
    newest documents they see: names of fields can give something away, too."""
    if request.scope.accounts is None:
        return frozenset(reader.fields(request.kind))
    hits = reader.find(request.at_any_time(), _LOOKED_AT).hits
    return frozenset(path for hit in hits for path in paths_of(record_of(hit)))


def paths_of(record: JsonObject) -> Iterator[str]:
    """The path of every leaf that is not null, list positions left out."""
    yield from _paths(record, "", 0)


def _paths(value: Any, path: str, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH or value is None:
        return
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from _paths(child, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list):
        for child in value:
            yield from _paths(child, path, depth + 1)
    else:
        yield path
