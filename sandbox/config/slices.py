"""Long work in short pieces: every service's clock runs in one thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from sandbox.kernel.cloud import Cloud

_SLICE_SECONDS = 0.2
_ENDED = object()


class Slices:
    """Does works one after the other, each a step at a time, and lets others have
    their turn after a while. To be used only by jobs of the timers."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._works: deque[Iterator[None]] = deque()

    @property
    def is_idle(self) -> bool:
        return not self._works

    def add(self, works: Iterable[Iterator[None]], now: float) -> None:
        is_first = self.is_idle
        self._works.extend(works)
        if is_first:
            self._go_on(now)

    def _go_on(self, now: float) -> None:
        until = self._cloud.clock.now() + _SLICE_SECONDS
        try:
            while self._works and self._cloud.clock.now() < until:
                if next(self._works[0], _ENDED) is _ENDED:
                    self._works.popleft()
        finally:
            # A step that raises ends its own work, not those that wait.
            if self._works:
                self._cloud.timers.after(0, self._go_on)
