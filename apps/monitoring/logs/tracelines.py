"""All lines of one trace over groups, streams and accounts, in time order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.search.engines.base import DocumentReader, Hit, SearchRequest, SortOrder
from apps.search.exporting import record_of
from apps.search.kinds import Kind

MOST_LINES = 2_000
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class TraceLine:
    """A line of a trace, `offset_ms` after the first one, in the lane of its group."""

    hit: Hit
    record: dict[str, Any]
    offset_ms: int
    lane: int
    is_failure: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """A log group that took part, by its place in order of appearance."""

    group: str
    account: str
    region: str
    lines: int
    failures: int


@dataclass(frozen=True, slots=True)
class TraceLines:
    """`more`: that there are further lines, which were not read."""

    lines: tuple[TraceLine, ...]
    lanes: tuple[Lane, ...]
    length_ms: int
    more: bool
    partial: str | None


def read(reader: DocumentReader, request: SearchRequest) -> TraceLines:
    """The first 2,000 lines that match. Raises EngineUnavailable."""
    hits: list[Hit] = []
    after: str | None = None
    partial: str | None = None
    while len(hits) < MOST_LINES:
        page = reader.find(request, _PAGE, SortOrder.OLDEST, after)
        hits += page.hits
        after, partial = page.next, page.partial
        if after is None:
            break
    return _arranged(request.kind, hits, (after is not None, partial))


def _arranged(
    kind: Kind, hits: Sequence[Hit], rest: tuple[bool, str | None]
) -> TraceLines:
    places: dict[tuple[str, str, str], int] = {}
    lines = []
    for hit in hits:
        record = record_of(hit)
        group = str(record.get("@logGroup", ""))
        lane = places.setdefault((group, hit.account, hit.region), len(places))
        level = record.get(kind.level_field)
        is_failure = isinstance(level, str) and kind.is_failure([level])
        offset_ms = hit.time_ms - hits[0].time_ms
        lines.append(TraceLine(hit, record, offset_ms, lane, is_failure))
    lanes = tuple(
        Lane(
            *place,
            lines=sum(line.lane == at for line in lines),
            failures=sum(line.lane == at and line.is_failure for line in lines),
        )
        for place, at in places.items()
    )
    length_ms = lines[-1].offset_ms if lines else 0
    return TraceLines(tuple(lines), lanes, length_ms, *rest)
