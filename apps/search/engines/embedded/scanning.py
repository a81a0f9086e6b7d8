"""Scans of days from their columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from tantivy import Query

from apps.search.engines.base import Hit, Page, SearchRequest
from apps.search.engines.columns import Block, Coded, Mask
from apps.search.engines.embedded import schema
from apps.search.engines.embedded.blocks import StoredBlock
from apps.search.engines.embedded.compile import within_numbers
from apps.search.engines.embedded.dayqueries import DayQuery
from apps.search.engines.embedded.days import Day, DayFolders
from apps.search.engines.scans import PAGE, pages
from apps.search.kinds import Kind

Turn = Callable[[DayQuery, int, str | None], Page]
"""A page of a day behind a cursor, newest first."""


def blocks(folders: DayFolders, request: SearchRequest, turn: Turn) -> Iterator[Block]:
    """Blocks with lines in the time range, the newest days first."""
    for day in reversed(folders.between(*request.range.days())):
        stored = brought_up(day, request.kind, turn)
        for one in sorted(stored, key=lambda block: -block.newest_ms):
            if one.newest_ms >= request.range.since_ms:
                part = _asked(one.block(), request)
                if len(part):
                    yield part


def brought_up(day: Day, kind: Kind, turn: Turn) -> list[StoredBlock]:
    """The columns of all that is in the index of a day."""
    # One state of the index: a page that saw more than the page before could take
    # lines in whose neighbours it missed.
    searcher = day.searcher

    def read(after_ms: int | None) -> Iterator[Sequence[Hit]]:
        query = Query.all_query()
        if after_ms is not None:
            query = within_numbers(schema.RECEIVED, after_ms + 1, None)
        asked = DayQuery(day.name, searcher, query, matches_all=after_ms is None)
        return pages(lambda after: turn(asked, PAGE, after))

    return day.blocks(kind.text_field).current(searcher.num_docs, read)


def _asked(block: Block, request: SearchRequest) -> Block:
    """The lines of the block in the time range and the scope."""
    since, until = request.range.since_ms, request.range.until_ms
    mask: Mask = (block.times >= since) & (block.times < until)
    mask &= _among(block.accounts, request.scope.accounts)
    mask &= _among(block.regions, request.scope.regions)
    return block if mask.all() else block.take(np.flatnonzero(mask))


def _among(column: Coded, allowed: frozenset[str] | None) -> Mask:
    if allowed is None:
        return np.ones(len(column), dtype=bool)
    table = np.array([*(value in allowed for value in column.values), False])
    return np.asarray(table[column.codes])
