"""How long the filters of live events may take."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.logs.filterpatterns import allowing
from sandbox.logs.filters import MetricFilter, SubscriptionFilter
from sandbox.logs.groups import Group

log = logging.getLogger(__name__)

SECONDS_PER_BATCH = 0.25
_REST_MS = 60_000


class Patience:
    """Ends the matching of a batch; a filter that was ended rests for a minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._resting: dict[tuple[int, str], float] = {}

    @contextmanager
    def given(
        self, group: Group, one: MetricFilter | SubscriptionFilter, now_ms: float
    ) -> Iterator[None]:
        """Within, what the filter still has to match does not once its time is up."""
        key = (group.id, one.source)
        rests = now_ms < self._resting.get(key, 0)
        with allowing(0 if rests else SECONDS_PER_BATCH) as allowance:
            yield
        if allowance.is_spent and not rests:
            self._rest(key, now_ms, one.name)

    def _rest(self, key: tuple[int, str], now_ms: float, name: str) -> None:
        with self._lock:
            is_known = key in self._resting
            self._resting[key] = now_ms + _REST_MS
        if not is_known:
            log.warning(
                "the filter %s took over %s s for a batch; the rest does not match",
                name,
                SECONDS_PER_BATCH,
            )
