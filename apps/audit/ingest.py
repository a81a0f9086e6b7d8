"""Log files into the store: each event once, what cannot be read to quarantine.

Nothing counts as read before the store has it durably. A checkpoint commits the
store first and then tells whoever asked; if the process dies in between, the same
file is read again and every event in it is already there.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from apps.audit.logfile import Found, NotALog, read_log
from apps.audit.logrecords import EXCERPT_BYTES, Broken, Record
from apps.audit.records import MalformedRecord, TrailEvent, document, parse
from apps.search.documents import Document
from apps.search.engines.base import DocumentWriter

CHECKPOINT_SECONDS = 10.0


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
            self._span(other.first, other.last)

    def see(self, moment: datetime) -> None:
        self._span(moment, moment)

    def _span(self, first: datetime, last: datetime) -> None:
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
    # Files that hold no log, with what they are instead.
    skipped: list[tuple[str, str]] = field(default_factory=list)
    # Files that are done with, however that went, and the last of them.
    files: int = 0
    last_file: str = ""

    def done_with(self, origin: str) -> None:
        self.files += 1
        self.last_file = origin


class Intake:
    """Reads files into the store, with a checkpoint every few seconds.

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

    def read(self, origin: str, chunks: Iterable[bytes], began: datetime) -> None:
        """One file, whose reading began at this time; a file that is no log is
        noted as skipped. Raises EngineUnavailable, and what the chunks raise."""
        try:
            for found in read_log(chunks):
                self.take(origin, found)
        except NotALog as error:
            self._batch.skipped.append((origin, str(error)))
        else:
            self._batch.finished.append((origin, began))
        self._batch.done_with(origin)

    def give_up(self, origin: str, reason: str) -> None:
        """A file that could not be read at all."""
        self._quarantine(origin, Broken(0, reason, b""))
        self._batch.done_with(origin)

    def take(self, origin: str, found: Found) -> None:
        """Records, from a file or from elsewhere."""
        self._take(origin, found)
        self.commit_if_due()

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

    def _take(self, origin: str, found: Sequence[Record | Broken]) -> None:
        documents: list[Document] = []
        offsets: dict[str, int] = {}
        for one in found:
            if isinstance(one, Broken):
                self._quarantine(origin, one)
                continue
            try:
                event = parse(one.value)
            except MalformedRecord as error:
                broken = Broken(one.offset, str(error), one.raw[:EXCERPT_BYTES])
                self._quarantine(origin, broken)
                continue
            self._note(event)
            documents.append(document(event, one.raw, one.searchable))
            offsets[event.id] = one.offset
        counts = self._writer.add(documents)
        self._batch.tally.new += counts.new
        self._batch.tally.already_there += counts.already_there
        for rejected in counts.rejected:
            broken = Broken(offsets[rejected.id], rejected.reason, b"")
            self._quarantine(origin, broken)

    def _quarantine(self, origin: str, broken: Broken) -> None:
        self._batch.broken.append((origin, broken))
        self._batch.tally.quarantined += 1

    def _note(self, event: TrailEvent) -> None:
        batch = self._batch
        batch.accounts.add(event.account)
        batch.days.add(event.time.date().isoformat())
        batch.tally.see(event.time)
