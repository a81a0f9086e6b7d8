"""Writes documents into day indexes: each id once, durable at every commit."""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import islice

import tantivy

from apps.search import arrivals
from apps.search.documents import Document, LeafWalker, PathNode, TooDeep
from apps.search.engines.base import EngineUnavailable, Rejected, WriteCounts
from apps.search.engines.embedded import schema
from apps.search.engines.embedded.days import Day, DayFolders
from apps.search.intervals import DAY_MS
from apps.search.kinds import Kind
from apps.search.timerange import from_milliseconds

# Two indexing threads a day and few days at once: the memory of an import is bounded
# by this product, not by the size of what is imported.
_THREADS = 2
_HEAP_BYTES = 100_000_000
_OPEN_DAYS = 2


class _OpenDay:
    """A day being written: Tantivy's writer and the ids not yet committed."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.pending: set[str] = set()
        self._cataloged: set[PathNode] = set()
        self._is_catalog_new = False
        try:
            self._writer: tantivy.IndexWriter = day.index.writer(_HEAP_BYTES, _THREADS)
        except ValueError as error:
            raise EngineUnavailable(
                f"The search index of {day.name} is being written by another process."
            ) from error

    def holds(self, document_id: str) -> bool:
        return (
            document_id in self.pending
            or self.day.searcher.doc_freq(schema.ID, document_id) > 0
        )

    def add(self, document: Document, walker: LeafWalker, received_ms: int) -> None:
        """Raises TooDeep, and ValueError where Tantivy cannot take the document."""
        found = walker.leaves(document, self.day.name)
        self._writer.add_json(
            schema.stored_form(document, walker.kind, found, received_ms)
        )
        self.pending.add(document.id)
        new = [node for node in found.new_paths if node not in self._cataloged]
        if new:
            self._cataloged.update(new)
            self._is_catalog_new |= self.day.add_to_catalog(new)

    def replace(self, document: Document, walker: LeafWalker, received_ms: int) -> None:
        """As `add`, once what has the id is gone: Tantivy keeps the order of both."""
        self._writer.delete_documents_by_term(schema.ID, document.id)
        self.add(document, walker, received_ms)

    def commit(self) -> None:
        if not self.pending:
            return
        if self._is_catalog_new:
            self.day.save_catalog()
            self._is_catalog_new = False
        self._writer.commit()
        self.day.refresh()
        self.pending.clear()

    def close(self) -> None:
        self.commit()
        self._writer.wait_merging_threads()
        self.day.refresh()


class EmbeddedWriter:
    """A hold on the one writer of a kind, for one who writes.

    All share what is not committed yet. If it is lost, whoever added to it since
    their last commit is told at their next one.
    """

    def __init__(self, shared: "SharedWriter") -> None:
        self._shared = shared
        self._losses: int | None = None

    def add(self, documents: Sequence[Document]) -> WriteCounts:
        with self._shared.lock:
            if self._losses is None:
                self._losses = self._shared.losses
            return self._shared.add(documents)

    def replace(self, documents: Sequence[Document]) -> WriteCounts:
        with self._shared.lock:
            if self._losses is None:
                self._losses = self._shared.losses
            return self._shared.replace(documents)

    def commit(self) -> None:
        with self._shared.lock:
            known, self._losses = self._losses, None
            if known is not None and known != self._shared.losses:
                raise EngineUnavailable(
                    "What was added to the search index was lost before it was "
                    "durable: another write failed."
                )
            self._shared.commit()


class SharedWriter:
    """The one writer of a kind in this process."""

    def __init__(
        self, kind: Kind, folders: DayFolders, clock_ms: Callable[[], int]
    ) -> None:
        self._walker = LeafWalker(kind)
        self._kind_name = kind.name
        self._folders = folders
        self._clock_ms = clock_ms
        self.lock = threading.RLock()
        self.losses = 0
        self._open: dict[str, _OpenDay] = {}

    def add(self, documents: Sequence[Document]) -> WriteCounts:
        with self.lock, _Guard(self):
            counts = [self._add_to(*part) for part in _by_day(documents)]
        return sum(counts, WriteCounts())

    def replace(self, documents: Sequence[Document]) -> WriteCounts:
        with self.lock, _Guard(self):
            counts = [self._replace_in(*part) for part in _by_day(documents)]
        return sum(counts, WriteCounts())

    def _add_to(self, name: str, documents: Sequence[Document]) -> WriteCounts:
        day = self._opened(name)
        received_ms = self._clock_ms()
        known, rejected = [], []
        for document in documents:
            if day.holds(document.id):
                known.append(document.id)
                continue
            try:
                day.add(document, self._walker, received_ms)
            except (TooDeep, ValueError) as error:
                rejected.append(Rejected(document.id, str(error)))
        new = len(documents) - len(known) - len(rejected)
        return WriteCounts(new, len(known), tuple(rejected), tuple(known))

    def _replace_in(self, name: str, documents: Sequence[Document]) -> WriteCounts:
        day = self._opened(name)
        received_ms = self._clock_ms()
        rejected = []
        for document in documents:
            try:
                day.replace(document, self._walker, received_ms)
            except (TooDeep, ValueError) as error:
                rejected.append(Rejected(document.id, str(error)))
        return WriteCounts(len(documents) - len(rejected), rejected=tuple(rejected))

    def _opened(self, name: str) -> _OpenDay:
        """The open day of this name; the one longest unused makes room for it."""
        day = self._open.pop(name, None)
        if day is None:
            surplus = max(0, len(self._open) - _OPEN_DAYS + 1)
            for stale in list(islice(self._open, surplus)):
                self._open.pop(stale).close()
            day = _OpenDay(self._folders.day(name))
        self._open[name] = day
        return day

    def commit(self) -> None:
        with self.lock, _Guard(self):
            for day in self._open.values():
                day.commit()
        arrivals.note(self._kind_name)

    def forget(self, name: str) -> None:
        """Stop writing a day that is about to be dropped."""
        with self.lock, _Guard(self):
            day = self._open.pop(name, None)
            if day is not None:
                day.close()

    def let_go(self) -> None:
        """After a failure: what was not committed is lost to the index. Whoever
        added it still has it and starts from the last commit."""
        self.losses += any(day.pending for day in self._open.values())
        self._open.clear()

    def close(self) -> None:
        with self.lock, _Guard(self):
            while self._open:
                self._open.popitem()[1].close()


class _Guard:
    """After a failure every open day is let go."""

    def __init__(self, writer: SharedWriter) -> None:
        self._writer = writer

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: object, error: BaseException | None, trace: object
    ) -> None:
        if error is None:
            return
        self._writer.let_go()
        if isinstance(error, OSError | ValueError | RuntimeError):
            raise EngineUnavailable(
                f"The search index could not be written: {error}"
            ) from error


def _by_day(documents: Sequence[Document]) -> list[tuple[str, list[Document]]]:
    days: Mapping[str, list[Document]] = defaultdict(list)
    for document in documents:
        days[_day_of(document)].append(document)
    return sorted(days.items())


def _day_of(document: Document) -> str:
    return _name_of(document.time_ms // DAY_MS)


@lru_cache(1_024)
def _name_of(day: int) -> str:
    return from_milliseconds(day * DAY_MS).date().isoformat()
