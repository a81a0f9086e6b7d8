"""Patterns of a question's lines, beside those of an earlier period."""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from apps.monitoring.logs.masking import Masker
from apps.monitoring.logs.patterns import Line, Pattern, Tallies, patterns
from apps.search import sampling
from apps.search.engines.base import DocumentReader, Hit, SearchRequest
from apps.search.exporting import record_of
from apps.search.sampling import Extent
from apps.search.timerange import EARLIEST, TimeRange

# Lines read of each period; beyond, a sample that is even over time.
MOST_LINES = 100_000
BUCKETS = 40
_NOTHING = Extent(0, 0)


class Against(StrEnum):
    """The period that patterns are compared with."""

    BEFORE = "before"
    WEEK = "week"
    NONE = "none"

    def of(self, span: TimeRange) -> TimeRange | None:
        """The earlier period; None where there is none to compare with."""
        back = timedelta(weeks=1) if self is Against.WEEK else span.length
        if self is Against.NONE or span.since - back < EARLIEST:
            return None
        return TimeRange(span.since - back, span.until - back)


@dataclass(frozen=True, slots=True)
class Found:
    """Patterns, and how much of either period was read for them."""

    patterns: list[Pattern]
    now: Extent
    before: Extent
    compared: TimeRange | None

    @property
    def partial(self) -> str | None:
        return self.now.partial or self.before.partial


def find(
    reader: DocumentReader,
    request: SearchRequest,
    against: Against,
    most: int = MOST_LINES,
) -> Found:
    """The patterns of all lines that match. Raises EngineUnavailable, QueryTooBroad."""
    masker = Masker()
    compared = against.of(request.range)
    now, before = Tallies(), Tallies()
    read = _read(reader, request, most, (masker, now))
    read_before = _NOTHING
    if compared is not None:
        earlier = replace(request, range=compared)
        read_before = _read(reader, earlier, most, (masker, before))
    return Found(patterns(now, before), read, read_before, compared)


def _read(
    reader: DocumentReader,
    request: SearchRequest,
    most: int,
    into: tuple[Masker, Tallies],
) -> Extent:
    masker, tallies = into
    kind, span = request.kind, request.range
    length_ms = max(1, span.until_ms - span.since_ms)

    def take(hit: Hit, weight: float) -> None:
        record = record_of(hit)
        message = record.get(kind.text_field)
        text = message if isinstance(message, str) else ""
        bucket = (hit.time_ms - span.since_ms) * BUCKETS // length_ms
        level = record.get(kind.level_field)
        line = Line(
            tokens=masker.tokens(text),
            time_ms=hit.time_ms,
            bucket=bucket,
            level=level if isinstance(level, str) else "",
            message=text,
            id=hit.id,
        )
        tallies.add(line, weight)

    return sampling.read(reader, request, most, take)
