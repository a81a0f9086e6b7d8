"""Moves every document from one engine to another, and proves that it did.

Days are copied oldest first. Where a copy stands is noted after each commit of the
target, so that it goes on there after it was stopped; what was written twice has the
same id. In the end both engines are read and compared.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from time import monotonic

import orjson

from apps.search.documents import Document, searched_as
from apps.search.engines.base import (
    DayCount,
    DocumentEngine,
    EngineUnavailable,
    Hit,
    SearchRequest,
    SortOrder,
)
from apps.search.kinds import Kind
from apps.search.timerange import parse_range

_PAGE = 2_000
_COMMIT_SECONDS = 10.0
_PAGE_SECONDS = 60.0
_MODULUS = 2**64


@dataclass(slots=True)
class Fingerprint:
    """A number of documents, and the sum of their hashes: the same for the same
    documents in any order."""

    documents: int = 0
    checksum: int = 0

    def add(self, hit: Hit) -> None:
        self.documents += 1
        self.checksum = (self.checksum + _hash(hit)) % _MODULUS

    def __str__(self) -> str:
        return f"{self.documents:,} documents, checksum {self.checksum:016x}"


@dataclass(slots=True)
class DayCopy:
    """How far a day was copied. `after`: the cursor of the last durable document."""

    found: Fingerprint = field(default_factory=Fingerprint)
    after: str | None = None
    is_copied: bool = False

    def begin_again(self) -> None:
        self.found, self.after, self.is_copied = Fingerprint(), None, False


class Notes:
    """Where a copy stands, in a file: by kind and day."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._days: dict[str, DayCopy] = {}
        if path.exists():
            for name, noted in json.loads(path.read_text()).items():
                found = Fingerprint(**noted.pop("found"))
                self._days[name] = DayCopy(found, **noted)

    def of(self, kind: Kind, day: str) -> DayCopy:
        return self._days.setdefault(f"{kind.name} {day}", DayCopy())

    def total(self, kind: Kind) -> Fingerprint:
        """All days of a kind together."""
        found = Fingerprint()
        for name, noted in self._days.items():
            if name.startswith(f"{kind.name} "):
                found.documents += noted.found.documents
                found.checksum = (found.checksum + noted.found.checksum) % _MODULUS
        return found

    def save(self) -> None:
        """All at once: a copy that is stopped meanwhile finds the old notes whole."""
        shaped = {name: asdict(noted) for name, noted in self._days.items()}
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps(shaped))
        beside.replace(self._path)

    def forget(self) -> None:
        self._path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Progress:
    kind: Kind
    day: str
    doing: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A day that is not the same in both engines."""

    kind: Kind
    day: str
    source: Fingerprint
    target: Fingerprint


Tell = Callable[[Progress], None]


class NotCopied(Exception):
    """Documents that the target cannot take; names the first and says why."""


class Reindexing:
    """Copies from `source` to `target`, whose clock is `now`; nobody else writes."""

    def __init__(
        self,
        source: DocumentEngine,
        target: DocumentEngine,
        notes: Notes,
        now: datetime,
    ) -> None:
        self._source = source
        self._target = target
        self._notes = notes
        self._now = now

    def run(self, kind: Kind, tell: Tell) -> list[Difference]:
        """The days that differ in the end; none where all is the same.

        Raises EngineUnavailable, after which it may be run again, and NotCopied.
        """
        self._source.settle(kind)
        self._copy(kind, self._source.reader.days(kind), tell)
        self._source.settle(kind)
        return self._compare(kind, self._source.reader.days(kind), tell)

    def _copy(self, kind: Kind, days: Sequence[DayCount], tell: Tell) -> None:
        total, before = sum(day.documents for day in days), 0
        for day in days:
            noted = self._notes.of(kind, day.day)
            if not noted.is_copied:
                for copied in self._copied(kind, day.day, noted):
                    tell(Progress(kind, day.day, "copied", before + copied, total))
            before += noted.found.documents

    def _copied(self, kind: Kind, day: str, noted: DayCopy) -> Iterator[int]:
        """Copies the rest of a day; yields how much of it is copied, page by page."""
        writer = self._target.writer(kind)
        reached = Fingerprint(noted.found.documents, noted.found.checksum)
        committed_at = monotonic()
        for hits in self._pages(self._source, kind, day, noted.after):
            counts = writer.add([_document(hit) for hit in hits])
            if counts.rejected:
                first = counts.rejected[0]
                raise NotCopied(
                    f"{len(counts.rejected)} documents of {day} cannot be stored; the "
                    f"first is {first.id}: {first.reason}"
                )
            for hit in hits:
                reached.add(hit)
            if monotonic() - committed_at >= _COMMIT_SECONDS:
                writer.commit()
                self._note(noted, reached, hits[-1].cursor)
                committed_at = monotonic()
            yield reached.documents
        writer.commit()
        noted.is_copied = True
        self._note(noted, reached, None)

    def _note(self, noted: DayCopy, reached: Fingerprint, after: str | None) -> None:
        noted.found = Fingerprint(reached.documents, reached.checksum)
        noted.after = after
        self._notes.save()

    def _compare(
        self, kind: Kind, days: Sequence[DayCount], tell: Tell
    ) -> list[Difference]:
        total, done = sum(day.documents for day in days), 0
        differences = []
        for day in days:
            noted, target = self._notes.of(kind, day.day), Fingerprint()
            source = noted.found
            for hits in self._pages(self._target, kind, day.day, None):
                for hit in hits:
                    target.add(hit)
                tell(
                    Progress(kind, day.day, "compared", done + target.documents, total)
                )
            done += target.documents
            if source.documents != day.documents:
                # Written meanwhile: the day is copied anew the next time.
                source = Fingerprint(day.documents)
            if source != target:
                noted.begin_again()
                differences.append(Difference(kind, day.day, source, target))
        self._notes.save()
        return differences

    def _pages(
        self, engine: DocumentEngine, kind: Kind, day: str, after: str | None
    ) -> Iterator[Sequence[Hit]]:
        """A day's documents, oldest first. Raises EngineUnavailable for a page that
        did not come whole."""
        end = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
        span = parse_range(day, end, self._now)
        request = SearchRequest(kind, self._now, range=span, seconds=_PAGE_SECONDS)
        while True:
            page = engine.reader.find(request, _PAGE, SortOrder.OLDEST, after)
            if page.partial:
                raise EngineUnavailable(page.partial)
            if page.hits:
                yield page.hits
            if page.next is None:
                return
            after = page.next


def _hash(hit: Hit) -> int:
    parts = (hit.id, hit.time_ms, hit.account, hit.region)
    digest = blake2b(orjson.dumps(parts) + hit.raw + hit.derived, digest_size=8)
    return int.from_bytes(digest.digest(), "big")


def _document(hit: Hit) -> Document:
    record, searchable = searched_as(hit.raw)
    return Document(
        id=hit.id,
        time_ms=hit.time_ms,
        account=hit.account,
        region=hit.region,
        record=record,
        raw=hit.raw,
        derived=orjson.loads(hit.derived),
        searchable=searchable,
    )
