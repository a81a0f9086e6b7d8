"""State by account and region."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Place = tuple[str, str]
"""Account and region."""
Held = TypeVar("Held")


class Places(Generic[Held]):
    """Makes the state of a place when it is asked for first."""

    def __init__(self, make: Callable[[Place], Held]) -> None:
        self._make = make
        self._held: dict[Place, Held] = {}
        self._lock = threading.Lock()

    def __getitem__(self, place: Place) -> Held:
        with self._lock:
            if place not in self._held:
                self._held[place] = self._make(place)
            return self._held[place]
