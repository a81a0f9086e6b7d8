"""What became visible in the store since the last look, each document once.

A document is received before its commit makes it visible, and days are not all
committed at once: each look reaches back, and documents known are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from apps.search.engines.base import DocumentReader, Hit, SearchRequest, SortOrder
from apps.search.timerange import ALL_TIME

# Documents looked at in one go, and shown of them; the rest is counted.
MOST_LOOKED_AT = 1_000
MOST_SHOWN = 200
# Longer than the time between an import's commits.
REACH_BACK_MS = 30_000
_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Arrived:
    """New documents, newest first, how many more there were, and the moment up to
    which this tells of everything received, in milliseconds since 1970."""

    hits: tuple[Hit, ...]
    dropped: int
    position_ms: int


@dataclass(slots=True)
class Watch:
    """One question asked again and again.

    Beyond 1,000 new documents a look, what another writer makes visible out of order
    is not counted.
    """

    request: SearchRequest
    position_ms: int
    _floor_ms: int = 0
    _seen: dict[str, int] = field(default_factory=dict)

    def begin(self, reader: DocumentReader) -> None:
        """Take what is visible by now, and was received before, as known.

        Raises EngineUnavailable, QueryTooBroad.
        """
        opened_ms = self.position_ms
        self._floor_ms = opened_ms - REACH_BACK_MS
        asked = _received_after(self.request, self._floor_ms)
        page = reader.find(asked, MOST_LOOKED_AT, SortOrder.NEWEST)
        if page.next is not None:
            self._floor_ms = opened_ms
        self._seen = {
            hit.id: hit.received_ms for hit in page.hits if hit.received_ms <= opened_ms
        }

    def look(self, reader: DocumentReader) -> Arrived:
        """Raises EngineUnavailable, QueryTooBroad."""
        after_ms = max(self._floor_ms, self.position_ms - REACH_BACK_MS)
        asked = _received_after(self.request, after_ms)
        page = reader.find(asked, MOST_LOOKED_AT, SortOrder.NEWEST)
        self._seen = {known: at for known, at in self._seen.items() if at > after_ms}
        fresh = [hit for hit in page.hits if hit.id not in self._seen]
        count = len(fresh)
        if page.next is not None:
            count = max(count, reader.count(asked).value - len(self._seen))
        self._note(fresh, is_all=page.next is None)
        shown = tuple(fresh[:MOST_SHOWN])
        return Arrived(shown, count - len(shown), self.position_ms)

    def _note(self, fresh: Sequence[Hit], *, is_all: bool) -> None:
        self.position_ms = max([self.position_ms, *(hit.received_ms for hit in fresh)])
        if is_all:
            self._seen |= {hit.id: hit.received_ms for hit in fresh}
        elif fresh:
            # What was counted is done with, and need not be remembered one by one.
            self._floor_ms = self.position_ms
            self._seen = {}


def since(reader: DocumentReader, request: SearchRequest, after_ms: int) -> Arrived:
    """What is visible now of all that was received after a moment."""
    asked = _received_after(request, after_ms)
    page = reader.find(asked, MOST_LOOKED_AT, SortOrder.NEWEST)
    count = reader.count(asked).value if page.next else len(page.hits)
    position_ms = max([after_ms, *(hit.received_ms for hit in page.hits)])
    return Arrived(page.hits[:MOST_SHOWN], max(0, count - MOST_SHOWN), position_ms)


def _received_after(request: SearchRequest, after_ms: int) -> SearchRequest:
    return replace(
        request, range=ALL_TIME, received_after_ms=after_ms, seconds=_SECONDS
    )
