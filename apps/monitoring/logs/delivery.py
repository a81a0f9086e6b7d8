"""Lines of log groups into the store, whichever way they came."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from apps.discovery.accounts import note_accounts
from apps.monitoring.kinds import LOGS
from apps.monitoring.logs.leases import Clock
from apps.monitoring.logs.lines import LogLine, document
from apps.search import quarantine
from apps.search.engines.base import DocumentEngine
from apps.search.intake import Batch, Broken, Intake, Portion, Tally
from apps.search.quarantine import Reading

Then = Callable[[], None]


class Delivery:
    """Takes lines; what is to happen once they are durable waits until they are."""

    def __init__(
        self, engine: DocumentEngine, clock: Clock, source: int | None = None
    ) -> None:
        self._clock = clock
        self._reading = Reading("logs", source)
        self._then: list[Then] = []
        self._is_empty = True
        self._intake = Intake(engine.writer(LOGS), self._durable, _note)
        self.tally = Tally()

    def take(self, origin: str, lines: Iterable[LogLine]) -> int:
        """Lines of an origin such as `poll://ACCOUNT/REGION/GROUP`; how many are new.

        Raises EngineUnavailable.
        """
        portion = Portion()
        for at, line in enumerate(lines):
            portion.add(document(line), at)
        return self._take(origin, portion)

    def refuse(self, origin: str, broken: Broken) -> None:
        """Something that could not be read."""
        self._take(origin, Portion(broken=[broken]))

    def then(self, do: Then) -> None:
        """Do something once all that was taken so far is durable."""
        self._then.append(do)

    def commit(self) -> None:
        """Make everything durable. Raises EngineUnavailable."""
        if not self._is_empty:
            self._intake.commit()
            return
        self._run_then()

    def _take(self, origin: str, portion: Portion) -> int:
        if not portion.documents and not portion.broken:
            return 0
        self._is_empty = False
        return self._intake.take(origin, portion)

    def _durable(self, batch: Batch) -> None:
        self._is_empty = True
        quarantine.note(batch, self._clock(), self._reading)
        self.tally.add(batch.tally)
        self._run_then()

    def _run_then(self) -> None:
        """What fails stops the rest, which is read again then."""
        waiting, self._then = self._then, []
        for do in waiting:
            do()


def _note(batch: Batch) -> None:
    """Rows the store must never be ahead of: accounts decide who may see what."""
    note_accounts(batch.accounts)
