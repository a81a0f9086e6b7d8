"""Reading everything of a time range, in columns, for who computes with all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import orjson

from apps.search.documents import read_json
from apps.search.engines.base import EngineUnavailable, Hit, Page, SearchRequest
from apps.search.engines.columns import Block, Row, block_of, flattened

PAGE = 5_000
Find = Callable[[str | None], Page]
"""A page of hits behind a cursor, newest first."""


def pages(find: Find) -> Iterator[Sequence[Hit]]:
    """Raises EngineUnavailable where a page could not be read as a whole: what came
    is then not everything, and must not look so."""
    after: str | None = None
    while True:
        page = find(after)
        if page.partial:
            raise EngineUnavailable(page.partial)
        yield page.hits
        if page.next is None:
            return
        after = page.next


def paged_blocks(find: Find, request: SearchRequest) -> Iterator[Block]:
    for hits in pages(find):
        if hits:
            yield block_of([row_of(hit) for hit in hits], request.kind.text_field)


def row_of(hit: Hit) -> Row:
    fields = flattened({**read_json(hit.raw), **orjson.loads(hit.derived)})
    size = len(hit.raw)
    return Row(hit.id, hit.time_ms, hit.account, hit.region, fields, size)
