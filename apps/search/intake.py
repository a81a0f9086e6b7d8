"""Files into the store: each document once, what cannot be read to quarantine.

Nothing counts as read before the store has it durably. A checkpoint commits the
store first and then tells whoever asked; if the process dies in between, the same
file is read again and every document in it is already there.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from apps.search.documents import Document
from apps.search.engines.base import DocumentWriter, WriteCounts
from apps.search.intervals import DAY_MS
from apps.search.timerange import from_milliseconds

CHECKPOINT_SECONDS = 10.0


class OtherContent(ValueError):
    """A file that holds nothing of the kind at all; says what it is instead."""


@dataclass(frozen=True, slots=True)
class Broken:
    """What could not be read: where it begins in the inflated file, and why."""

    offset: int
    reason: str
    excerpt: bytes


@dataclass(slots=True)
class Portion:
    """A part of a file as documents, each with where it begins in the inflated file,
    and what could not be read."""

    documents: list[Document] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    # What people should know of how the file was read.
    remark: str = ""

    def add(self, document: Document, offset: int) -> None:
        self.documents.append(document)
        self.offsets.append(offset)

    def places(self) -> dict[str, int]:
        """Where each document begins, by its id."""
        ids = (document.id for document in self.documents)
        return dict(zip(ids, self.offsets, strict=True))


@dataclass(slots=True)
class Tally:
    """What came of reading. `quarantined` counts what could not be read."""

    new: int = 0
    already_there: int = 0
    quarantined: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, other: "Tally") -> None:
        self.new += other.new
        self.already_there += other.already_there
        self.quarantined += other.quarantined
        if other.first and other.last:
            self.span(other.first, other.last)

    def span(self, first: datetime, last: datetime) -> None:
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)


@dataclass(slots=True)
class Batch:
    """What was read since the last checkpoint, for those who keep account of it."""

    tally: Tally = field(default_factory=Tally)
    accounts: set[str] = field(default_factory=set)
    days: set[str] = field(default_factory=set)
    broken: list[tuple[str, Broken]] = field(default_factory=list)
    # Files read to their end, with the time their reading began.
    finished: list[tuple[str, datetime]] = field(default_factory=list)
    # Files that hold nothing of the kind, with what they are instead.
    skipped: list[tuple[str, str]] = field(default_factory=list)
    # Files that were read in a way that people should know of.
    remarks: list[tuple[str, str]] = field(default_factory=list)
    # Files that are done with, however that went, and the last of them.
    files: int = 0
    last_file: str = ""

    def done_with(self, origin: str) -> None:
        self.files += 1
        self.last_file = origin

    def note(self, documents: list[Document]) -> None:
        """What documents say of accounts and time."""
        times = [document.time_ms for document in documents]
        self.accounts.update({document.account for document in documents})
        self.days.update(
            _name_of_day(day) for day in {time // DAY_MS for time in times}
        )
        self.tally.span(from_milliseconds(min(times)), from_milliseconds(max(times)))


class Intake:
    """Takes files into the store, with a checkpoint every few seconds.

    `before_commit` runs with a batch before the store commits it, `checkpoint` once
    it is durable: rows written there are never ahead of the store.
    """

    def __init__(
        self,
        writer: DocumentWriter,
        checkpoint: Callable[[Batch], None],
        before_commit: Callable[[Batch], None] = lambda batch: None,
    ) -> None:
        self._writer = writer
        self._checkpoint = checkpoint
        self._before_commit = before_commit
        self._batch = Batch()
        self._committed_at = monotonic()

    def read(self, origin: str, portions: Iterable[Portion], began: datetime) -> None:
        """One file, whose reading began at this time; a file of other content is
        noted as skipped. Raises EngineUnavailable, and what the portions raise."""
        try:
            for portion in portions:
                self.take(origin, portion)
        except OtherContent as error:
            self._batch.skipped.append((origin, str(error)))
        else:
            self._batch.finished.append((origin, began))
        self._batch.done_with(origin)

    def give_up(self, origin: str, reason: str) -> None:
        """A file that could not be read at all."""
        self._quarantine(origin, Broken(0, reason, b""))
        self._batch.done_with(origin)

    def take(self, origin: str, portion: Portion) -> int:
        """Documents, from a file or from elsewhere; how many of them are new."""
        for broken in portion.broken:
            self._quarantine(origin, broken)
        if portion.remark:
            self._batch.remarks.append((origin, portion.remark))
        new = self._write(origin, portion).new if portion.documents else 0
        self.commit_if_due()
        return new

    def commit_if_due(self) -> None:
        if monotonic() - self._committed_at >= CHECKPOINT_SECONDS:
            self.commit()

    def commit(self) -> None:
        """Make everything read so far durable, then tell of it."""
        self._before_commit(self._batch)
        self._writer.commit()
        batch, self._batch = self._batch, Batch()
        self._committed_at = monotonic()
        self._checkpoint(batch)

    def _write(self, origin: str, portion: Portion) -> WriteCounts:
        self._batch.note(portion.documents)
        counts = self._writer.add(portion.documents)
        self._batch.tally.new += counts.new
        self._batch.tally.already_there += counts.already_there
        offsets = portion.places() if counts.rejected else {}
        for rejected in counts.rejected:
            broken = Broken(offsets[rejected.id], rejected.reason, b"")
            self._quarantine(origin, broken)
        return counts

    def _quarantine(self, origin: str, broken: Broken) -> None:
        self._batch.broken.append((origin, broken))
        self._batch.tally.quarantined += 1


def _name_of_day(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_MS / 1_000, UTC).date().isoformat()
