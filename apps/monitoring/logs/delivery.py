"""Lines of log groups into the store, and what is to be done once they are durable."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from apps.discovery.leases import Clock
from apps.monitoring.logs.intake import LogIntake, Twins
from apps.monitoring.logs.lines import LogLine
from apps.search import quarantine
from apps.search.engines.base import DocumentEngine
from apps.search.intake import Batch, Broken, Portion, Tally
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
        self._intake = LogIntake(engine, self._durable)
        self.tally = Tally()

    def take(
        self, origin: str, lines: Sequence[LogLine], twins: Twins | None = None
    ) -> int:
        """Lines of an origin such as `poll://ACCOUNT/REGION/GROUP`; how many are new.
        Where they are a part of what came together, `twins` goes on from the last.

        Raises EngineUnavailable.
        """
        if not lines:
            return 0
        self._is_empty = False
        return self._intake.take_lines(origin, lines, twins)

    def refuse(self, origin: str, broken: Broken) -> None:
        """Something that could not be read."""
        self._is_empty = False
        self._intake.take(origin, Portion(broken=[broken]))

    def then(self, do: Then) -> None:
        """Do something once all that was taken so far is durable."""
        self._then.append(do)

    def commit(self) -> None:
        """Make everything durable. Raises EngineUnavailable."""
        if self._is_empty:
            self._run_then()
        else:
            self._intake.commit()

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
