"""What came into the store, and what is to be done once it is durable."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apps.search import quarantine
from apps.search.intake import Batch, Intake, Tally
from apps.search.quarantine import Reading

Then = Callable[[], None]


class Delivery:
    """Hands what it is given to its `_intake`, which whoever inherits makes with
    `_durable` for its checkpoint, and says by `_is_empty` whether there is anything to
    make durable."""

    _intake: Intake

    def __init__(self, reading: Reading, clock: Callable[[], datetime]) -> None:
        self._reading = reading
        self._clock = clock
        self._then: list[Then] = []
        self._is_empty = True
        self.tally = Tally()

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
