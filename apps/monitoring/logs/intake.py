"""Log lines into the store: each event once, whichever way it came.

Polling and subscriptions tell the id of an event; exports and files do not. What all
of them tell alike is account, region, group, stream, millisecond and text, so this
content is the id of a document, and events that share it all (twins) are told apart
by a number: content, content.1, content.2 ...

Without ids, the n-th twin of one delivery takes the n-th number. An event with an id
takes the first number that is free, or that is its own: stored with its id, or stored
without one and claimed for it by a row. Both writes are of the kind that only the
first one succeeds with, so any processes may do this at once. Of each content there
are then as many documents as there were ids, or as the fullest delivery without ids
had twins: every event once, in any order and repetition.

One thing nobody can know: whether a line without an id is an event told with one, or
its twin. It is taken for that event. So a twin is lost where it came only without its
id, in a delivery that lacked the other.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson

from apps.discovery.accounts import note_batch
from apps.monitoring.kinds import LOGS
from apps.monitoring.logs.lines import LogLine, as_document, content_id, document_id
from apps.monitoring.models import ClaimedLine
from apps.search.engines.base import (
    EVERYTHING_VISIBLE,
    DocumentEngine,
    EngineUnavailable,
    WriteCounts,
)
from apps.search.intake import Batch, Broken, Intake, Portion
from apps.search.timerange import EARLIEST, LATEST, from_milliseconds, milliseconds

EXCERPT_BYTES = 4 << 10
_EARLIEST_MS, _LATEST_MS = milliseconds(EARLIEST), milliseconds(LATEST)
_REMEMBERED = 100_000
_ROUNDS_WITHOUT_AN_ANSWER = 5


class Twins:
    """Counts what is the same to the letter within one delivery.

    Remembers the last hundred thousand contents, twice over: twins are of one
    millisecond, and what is told in order has them close together.
    """

    def __init__(self) -> None:
        self._young: dict[str, int] = {}
        self._old: dict[str, int] = {}

    def number(self, content: str) -> int:
        """How many of this content came before."""
        seen = self._young.get(content)
        if seen is None:
            seen = self._old.get(content, 0)
            if len(self._young) >= _REMEMBERED:
                self._old, self._young = self._young, {}
        self._young[content] = seen + 1
        return seen


@dataclass(slots=True)
class _Told:
    """An event told with its id, on its way to a number."""

    line: LogLine
    content: str
    offset: int
    twin: int = 0

    @property
    def name(self) -> str:
        return document_id(self.content, self.twin)


@dataclass(slots=True)
class ToldPortion(Portion):
    """A part of a file whose events tell their ids: `told` are these, each with where
    it begins in the inflated file."""

    told: list[tuple[LogLine, int]] = field(default_factory=list)


class LogIntake(Intake):
    """Takes lines into the store, with a checkpoint every few seconds; files through
    `read`, as every intake does."""

    def __init__(
        self,
        engine: DocumentEngine,
        checkpoint: Callable[[Batch], None] = lambda batch: None,
        before_commit: Callable[[Batch], None] = note_batch,
    ) -> None:
        super().__init__(engine.writer(LOGS), checkpoint, before_commit)
        self._reader = engine.reader
        # Whose a document is: the id of an event, or empty where it came without.
        self._owners: OrderedDict[str, str] = OrderedDict()

    def take(self, origin: str, portion: Portion) -> int:
        if not isinstance(portion, ToldPortion):
            return super().take(origin, portion)
        before = self._batch.tally.new
        told = [_Told(line, content_id(line), at) for line, at in portion.told]
        self._take_told(origin, told)
        return self._batch.tally.new - before + super().take(origin, portion)

    def take_lines(
        self, origin: str, lines: Sequence[LogLine], twins: Twins | None = None
    ) -> int:
        """One delivery, of lines with event ids or without; how many of them are new.
        A part of a delivery goes on with the `twins` of the parts before. A line that
        cannot be kept goes to quarantine, its place the number of the line in what is
        given. Raises EngineUnavailable."""
        portion, told = Portion(), []
        twins = Twins() if twins is None else twins
        for number, line in enumerate(lines):
            problem = problem_of(line)
            if problem:
                excerpt = line.message[:EXCERPT_BYTES].encode("utf-8", "replace")
                portion.broken.append(Broken(number, problem, excerpt))
                continue
            content = content_id(line)
            if line.event_id:
                told.append(_Told(line, content, number))
            else:
                name = document_id(content, twins.number(content))
                portion.add(as_document(line, name), number)
        before = self._batch.tally.new
        self._take_told(origin, told)
        new = self._batch.tally.new - before
        return new + self.take(origin, portion)

    def _take_told(self, origin: str, told: list[_Told]) -> None:
        """Each to its number, in rounds: in one round, one event tries a number."""
        silent = 0
        while told := self._settled(told):
            first = {one.name: one for one in reversed(told)}
            done = self._offered(origin, first)
            told = [one for one in told if id(one) not in done]
            silent += any(
                name not in self._owners and id(one) not in done
                for name, one in first.items()
            )
            if silent > _ROUNDS_WITHOUT_AN_ANSWER:
                raise EngineUnavailable("The store does not show lines that it holds.")

    def commit(self) -> None:
        try:
            super().commit()
        except EngineUnavailable:
            self._owners.clear()  # some of these may be lost
            raise

    def _settled(self, told: list[_Told]) -> list[_Told]:
        """Without those that are known to be stored; the others at the first number
        that may be theirs."""
        left = []
        for one in told:
            while (owner := self._owners.get(one.name)) not in (
                None,
                one.line.event_id,
            ):
                one.twin += 1
            if owner is None:
                left.append(one)
            else:
                self._batch.tally.already_there += 1
        return left

    def _offered(self, origin: str, first: dict[str, _Told]) -> set[int]:
        """Write those whose number is free; which of them are done with. Whose the
        other numbers are is known afterwards."""
        portion = Portion()
        for name, one in first.items():
            portion.add(as_document(one.line, name), one.offset)
        counts = self._write(origin, portion) if first else WriteCounts()
        # That it is there is no news of this event yet.
        self._batch.tally.already_there -= counts.already_there
        self._find_owners(first, counts.known)
        taken = first.keys() - set(counts.known)
        rejected = {one.id for one in counts.rejected}
        for name in taken - rejected:
            self._own(name, first[name].line.event_id)
        return {id(first[name]) for name in taken}

    def _find_owners(self, first: dict[str, _Told], known: Sequence[str]) -> None:
        unclaimed = []
        for name in known:
            stored = self._stored_event(name)
            if stored:
                self._own(name, stored)
            elif stored is not None:
                unclaimed.append(name)
        if not unclaimed:
            return
        # Whoever claims first, here or elsewhere, owns it.
        ClaimedLine.objects.bulk_create(
            [
                ClaimedLine(
                    document_id=name,
                    event_id=first[name].line.event_id,
                    day=from_milliseconds(first[name].line.timestamp_ms).date(),
                )
                for name in unclaimed
            ],
            ignore_conflicts=True,
        )
        claims = ClaimedLine.objects.in_bulk(unclaimed)
        for name in unclaimed:
            self._own(name, claims[name].event_id)

    def _stored_event(self, name: str) -> str | None:
        """The event id of a stored line, empty where it has none; None where the
        store does not show the line yet."""
        hit = self._reader.get(LOGS, name, EVERYTHING_VISIBLE)
        if hit is None:  # taken in, by us or by others, and not visible before this
            self._writer.commit()
            hit = self._reader.get(LOGS, name, EVERYTHING_VISIBLE)
        return None if hit is None else orjson.loads(hit.raw).get("@eventId", "")

    def _own(self, name: str, event_id: str) -> None:
        self._owners[name] = event_id
        if len(self._owners) > _REMEMBERED:
            self._owners.popitem(last=False)


def problem_of(line: LogLine) -> str:
    """Why a line cannot be kept; empty where it can."""
    if not _EARLIEST_MS <= line.timestamp_ms < _LATEST_MS:
        return f"its time, {line.timestamp_ms} ms, is outside 2000 to 2199"
    if not line.message.strip():
        return "it has no text"
    return ""
