"""Scans of days from their columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Protocol

import numpy as np

from apps.search.engines.base import Hit, Page, SearchRequest, SortOrder
from apps.search.engines.columns import Block, Coded, Mask
from apps.search.engines.embedded.blocks import StoredBlock
from apps.search.engines.embedded.days import Day, DayFolders
from apps.search.engines.scans import PAGE, pages
from apps.search.timerange import TimeRange, parse_time

# Blocks are made from pages that may take longer than a question may.
_SECONDS = 60.0


class Find(Protocol):
    def __call__(
        self,
        request: SearchRequest,
        size: int,
        order: SortOrder = ...,
        after: str | None = ...,
    ) -> Page: ...


def blocks(folders: DayFolders, request: SearchRequest, find: Find) -> Iterator[Block]:
    """Blocks with lines in the time range, the newest days first."""
    for day in reversed(folders.between(*request.range.days())):
        stored = _stored(day, request, find)
        for one in sorted(stored, key=lambda block: -block.newest_ms):
            if one.newest_ms >= request.range.since_ms:
                part = _asked(one.block(), request)
                if len(part):
                    yield part


def _stored(day: Day, request: SearchRequest, find: Find) -> list[StoredBlock]:
    def read(after_ms: int | None) -> Iterator[Sequence[Hit]]:
        begins = parse_time(day.name, request.now)
        whole = SearchRequest(
            request.kind,
            request.now,
            range=TimeRange(begins, begins + timedelta(days=1)),
            received_after_ms=after_ms,
            seconds=_SECONDS,
        )
        return pages(lambda after: find(whole, PAGE, SortOrder.NEWEST, after))

    kept = day.blocks(request.kind.text_field)
    return kept.current(day.searcher.num_docs, read)


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
