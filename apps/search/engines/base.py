"""What every document engine promises: the questions, the answers, the errors.

Writing and reading are apart: who reads never writes. A question is one immutable
value, so engines receive a question and not a dozen arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from apps.search.documents import Document
from apps.search.engines.columns import Block
from apps.search.kinds import FieldType, Kind
from apps.search.syntax import Everything, Node
from apps.search.timerange import ALL_TIME, TimeRange


@dataclass(frozen=True, slots=True)
class Scope:
    """The accounts and regions a question may see; None means all of them."""

    accounts: frozenset[str] | None = None
    regions: frozenset[str] | None = None

    @classmethod
    def chosen(
        cls,
        visible: frozenset[str] | None,
        accounts: Iterable[str],
        regions: Iterable[str] = (),
    ) -> Scope:
        """What was chosen, nothing meaning everything, within the accounts visible."""
        wanted = frozenset(accounts) or None
        if visible is not None:
            wanted = visible if wanted is None else wanted & visible
        return cls(wanted, frozenset(regions) or None)

    def admits(self, account: str, region: str) -> bool:
        return (self.accounts is None or account in self.accounts) and (
            self.regions is None or region in self.regions
        )


EVERYTHING_VISIBLE = Scope()


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A question about documents of one kind.

    `received_after_ms` keeps those that entered the store later than that moment,
    in milliseconds since 1970. `seconds` bounds the time an engine may take.
    """

    kind: Kind
    now: datetime
    query: Node = field(default_factory=Everything)
    range: TimeRange = ALL_TIME
    scope: Scope = EVERYTHING_VISIBLE
    received_after_ms: int | None = None
    seconds: float = 10.0

    def at_any_time(self) -> SearchRequest:
        return replace(self, range=ALL_TIME)


class SortOrder(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class Hit:
    """A document found. `cursor` continues a search right after it; `received_ms`
    is when it entered the store."""

    id: str
    time_ms: int
    received_ms: int
    account: str
    region: str
    raw: bytes
    derived: bytes
    cursor: str


@dataclass(frozen=True, slots=True)
class Total:
    """A number of documents; where `partial` says why, only those looked at so far."""

    value: int
    partial: str | None = None

    @property
    def exact(self) -> bool:
        return self.partial is None


@dataclass(frozen=True, slots=True)
class Page:
    """Hits in order. `next`: None on the last page; `partial`: what is missing."""

    hits: tuple[Hit, ...]
    next: str | None = None
    partial: str | None = None


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts over time: `counts[series][bucket]`, buckets aligned to the interval.

    With a field to split by, series are its most frequent values, then `other`
    and `without` (documents that lack it); otherwise the one series `total`.
    """

    interval_ms: int
    starts_ms: tuple[int, ...]
    series: Mapping[str, tuple[int, ...]]
    partial: str | None = None


# Not to be confused with values: no text of a log begins so.
TOTAL_SERIES, OTHER_SERIES, WITHOUT_SERIES = "\0total", "\0other", "\0without"


@dataclass(frozen=True, slots=True)
class Facet:
    """The most frequent values of a field, each with its number of documents.

    `others` is how often further values occur. Where `exact` is false, a value
    could be missing that is about as frequent as the last one shown.
    """

    path: str
    values: tuple[tuple[str, int], ...]
    others: int = 0
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Facets:
    """Facets by path, and the number of documents they were counted over."""

    by_path: Mapping[str, Facet]
    total: int
    partial: str | None = None


@dataclass(frozen=True, slots=True)
class DayCount:
    day: str  # YYYY-MM-DD, UTC
    documents: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A document that the store cannot take, and why."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class WriteCounts:
    """What became of documents. `known` names those that were already there."""

    new: int = 0
    already_there: int = 0
    rejected: tuple[Rejected, ...] = ()
    known: tuple[str, ...] = field(default=(), compare=False)

    def __add__(self, other: WriteCounts) -> WriteCounts:
        return WriteCounts(
            self.new + other.new,
            self.already_there + other.already_there,
            self.rejected + other.rejected,
            self.known + other.known,
        )


class DocumentWriter(Protocol):
    """Adds documents of one kind. Nothing is durable before `commit` returns."""

    def add(self, documents: Sequence[Document]) -> WriteCounts:
        """Take documents in; those whose id is stored or taken in are counted only.

        Raises EngineUnavailable where the store cannot be written: what was added
        since the last commit is then to be added again.
        """

    def replace(self, documents: Sequence[Document]) -> WriteCounts:
        """Take documents in, each in the place of what is stored under its id on its
        day; all that are taken count as new. Kinds of lines are never replaced: their
        columns only grow.

        Raises EngineUnavailable, with the same consequence.
        """

    def commit(self) -> None:
        """Make all that was added durable and visible to readers.

        Raises EngineUnavailable, with the same consequence.
        """


class DocumentReader(Protocol):
    """Answers questions. Every method raises EngineUnavailable, QueryTooBroad."""

    def find(
        self,
        request: SearchRequest,
        size: int,
        order: SortOrder = SortOrder.NEWEST,
        after: str | None = None,
    ) -> Page: ...

    def count(self, request: SearchRequest) -> Total: ...

    def histogram(
        self, request: SearchRequest, interval_ms: int, by: str | None = None
    ) -> Histogram: ...

    def facets(
        self, request: SearchRequest, paths: Sequence[str], size: int
    ) -> Facets: ...

    def values(
        self, request: SearchRequest, path: str, beginning: str, size: int
    ) -> Sequence[tuple[str, int]]:
        """Values of a field that begin so, letter case ignored, frequent first."""

    def scan(self, request: SearchRequest) -> Iterator[Block]:
        """Every document of the request's time range and scope, in columns.

        Blocks come roughly newest first. The request's query is only a hint: an
        engine may leave out what does not match it, and need not.
        """

    def get(self, kind: Kind, document_id: str, scope: Scope) -> Hit | None: ...

    def fields(self, kind: Kind) -> Mapping[str, FieldType]:
        """Every path that has ever had a value in what is stored."""

    def days(self, kind: Kind) -> Sequence[DayCount]:
        """What is stored, a day an entry, oldest first."""


class DocumentEngine(Protocol):
    """A store of documents. `close` returns once nothing is left to write."""

    @property
    def reader(self) -> DocumentReader: ...

    def writer(self, kind: Kind) -> DocumentWriter: ...

    def drop_day(self, kind: Kind, day: str) -> int:
        """Remove a day for good; the number of documents that went."""

    def settle(self, kind: Kind) -> None:
        """Make visible what a writer stored that ended before its commit.

        Raises EngineUnavailable.
        """

    def prepare(self, kind: Kind) -> None:
        """Make ready what scans of what is stored need, where there is such."""

    def problem(self) -> str | None:
        """Why the engine cannot serve now, in a sentence; None where it can."""

    def close(self) -> None: ...


class EngineUnavailable(Exception):
    """The document store cannot be reached or written; says which and why."""


class QueryTooBroad(Exception):
    """A query that would cost too much; says what to narrow."""


LONGEST_WORD = 255


def word_too_long() -> QueryTooBroad:
    """What every engine says of a word that it leaves out of running text."""
    return QueryTooBroad(
        f"A word of more than {LONGEST_WORD} letters is not indexed as a "
        'word. Name its field: field:"the whole value".'
    )


def too_complex() -> QueryTooBroad:
    """What every engine says of a pattern that is too much for it."""
    return QueryTooBroad(
        "A wildcard or range of this query is too complex, or it has too many words: "
        "use fewer stars, or search in parts."
    )


class InvalidCursor(ValueError):
    """A cursor that no search of ours has given out."""
