"""Journeys through the shop, drawn from the same dice each time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.shop.effects import NONE, Effects
from sandbox.shop.visits import Journey, Traveller
from tests.sandbox.conftest import NOW

Journeys = Callable[..., list[Journey]]


@pytest.fixture
def journeys() -> Journeys:
    """So many requests, of one kind if it is named, under some effects."""

    def make(count: int, action: str = "", effects: Effects = NONE) -> list[Journey]:
        traveller = Traveller(seed=7)
        found: list[Journey] = []
        while len(found) < count:
            journey = traveller.journey(NOW + len(found), effects)
            if journey is not None and action in ("", journey.root.action):
                found.append(journey)
        return found

    return make
