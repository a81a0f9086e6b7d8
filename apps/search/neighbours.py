"""What stands right before and after a document in its stream."""

from dataclasses import dataclass, replace

from apps.search.engines.base import (
    DocumentReader,
    Hit,
    Page,
    Scope,
    SearchRequest,
    SortOrder,
)
from apps.search.exporting import record_of
from apps.search.jsontree import leaf_text, value_at
from apps.search.kinds import Kind
from apps.search.syntax import Equals, Node, all_of


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Documents before, oldest first, and after; each side with where it goes on."""

    before: tuple[Hit, ...]
    after: tuple[Hit, ...]
    earlier: str | None
    later: str | None
    partial: str | None


def around(
    reader: DocumentReader, asked: SearchRequest, hit: Hit, each: int
) -> Neighbours:
    """Up to `each` neighbours on either side. Raises EngineUnavailable."""
    stream = of_stream(asked, hit)
    before = reader.find(stream, each, SortOrder.NEWEST, hit.cursor)
    after = reader.find(stream, each, SortOrder.OLDEST, hit.cursor)
    return Neighbours(
        tuple(reversed(before.hits)),
        after.hits,
        before.next,
        after.next,
        before.partial or after.partial,
    )


def further(
    reader: DocumentReader,
    stream: SearchRequest,
    order: SortOrder,
    after: str,
    each: int,
) -> Page:
    """The next neighbours of one side; of the earlier side oldest first.

    Raises EngineUnavailable, InvalidCursor.
    """
    page = reader.find(stream, each, order, after)
    if order is SortOrder.OLDEST:
        return page
    return replace(page, hits=tuple(reversed(page.hits)))


def of_stream(asked: SearchRequest, hit: Hit) -> SearchRequest:
    """The question for everything in the stream of a document: what has the same
    values in the fields that name it, in the same account and region."""
    if not asked.kind.stream_fields:
        return asked.at_any_time()
    scope = Scope(
        _within(asked.scope.accounts, hit.account),
        _within(asked.scope.regions, hit.region),
    )
    query = stream_query(asked.kind, hit)
    return replace(asked.at_any_time(), query=query, scope=scope)


def stream_query(kind: Kind, hit: Hit) -> Node:
    record = record_of(hit)
    named = [(path, value_at(record, path)) for path in kind.stream_fields]
    return all_of(
        *(Equals(path, leaf_text(values[0])) for path, values in named if values)
    )


def _within(chosen: frozenset[str] | None, one: str) -> frozenset[str]:
    return frozenset({one} if chosen is None or one in chosen else ())
