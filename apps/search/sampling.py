"""Documents of a question read one by one: all of them, or evenly over time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from time import monotonic

from apps.search.engines.base import (
    TOTAL_SERIES,
    DocumentReader,
    Hit,
    SearchRequest,
    SortOrder,
)
from apps.search.intervals import fitting_interval
from apps.search.timerange import TimeRange, from_milliseconds

_PAGE = 5_000
_SLICES = 200

Take = Callable[[Hit, float], None]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a question was read. `partial` says what time did not allow."""

    total: int
    read: int
    partial: str | None = None

    @property
    def is_sample(self) -> bool:
        return self.read < self.total

    @property
    def percent(self) -> float:
        return 100 * self.read / self.total if self.total else 100.0


def read(
    reader: DocumentReader, request: SearchRequest, most: int, take: Take
) -> Extent:
    """Give up to `most` documents to `take`, each with how many it stands for.

    Where there are more, every slice of the range gives its share, its newest ones.
    Raises EngineUnavailable, QueryTooBroad.
    """
    deadline = monotonic() + request.seconds
    counted = reader.count(request)
    if not counted.value:
        return Extent(0, 0, counted.partial)
    if counted.value <= most:
        slices = [(request.range, counted.value, counted.value)]
    else:
        slices = _slices(reader, request, most)
    done = 0
    for span, count, share in slices:
        weight = count / share
        for hit in _hits(reader, replace(request, range=span), share, deadline):
            take(hit, weight)
            done += 1
        if monotonic() >= deadline:
            break
    return Extent(
        max(counted.value, done), done, _late(request, deadline, counted.partial)
    )


def _late(request: SearchRequest, deadline: float, partial: str | None) -> str | None:
    if monotonic() < deadline:
        return partial
    return f"The time limit of {request.seconds:g} s was reached. Narrow the range."


def _slices(
    reader: DocumentReader, request: SearchRequest, most: int
) -> list[tuple[TimeRange, int, int]]:
    """Stretches of time with their documents and how many of them to read, in an
    order that jumps over the range, so that an early end is even as well."""
    span = request.range
    interval_ms = fitting_interval(span.until_ms - span.since_ms, _SLICES)
    histogram = reader.histogram(request, interval_ms)
    counts = histogram.series.get(TOTAL_SERIES, ())
    total = sum(counts) or 1
    found = []
    for start_ms, count in zip(histogram.starts_ms, counts, strict=True):
        if count:
            since = max(span.since, from_milliseconds(start_ms))
            until = min(span.until, from_milliseconds(start_ms + interval_ms))
            share = max(1, min(count, round(most * count / total)))
            found.append((TimeRange(since, until), count, share))
    step = 7
    return [one for first in range(step) for one in found[first::step]]


def _hits(
    reader: DocumentReader, request: SearchRequest, most: int, deadline: float
) -> Iterator[Hit]:
    after: str | None = None
    while most > 0 and (left := deadline - monotonic()) > 0:
        asked = replace(request, seconds=left)
        page = reader.find(asked, min(_PAGE, most), SortOrder.NEWEST, after)
        yield from page.hits
        most -= len(page.hits)
        after = page.next
        if after is None:
            return
