"""Lines of log groups into the store, and what is to be done once they are durable."""

from __future__ import annotations

from collections.abc import Sequence

from apps.discovery.leases import Clock
from apps.monitoring.logs.intake import LogIntake, Twins
from apps.monitoring.logs.lines import LogLine
from apps.search import delivery
from apps.search.engines.base import DocumentEngine
from apps.search.intake import Broken, Portion
from apps.search.quarantine import Reading


class Delivery(delivery.Delivery):
    """Takes lines; what is to happen once they are durable waits until they are."""

    def __init__(
        self, engine: DocumentEngine, clock: Clock, source: int | None = None
    ) -> None:
        super().__init__(Reading("logs", source), clock)
        self._intake: LogIntake = LogIntake(engine, self._durable)

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
