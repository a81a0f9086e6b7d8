from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apps.monitoring.incidents import asking, opening
from apps.monitoring.notifications.notices import Notice
from tests.monitoring.incidents import world as worlds
from tests.monitoring.incidents.world import Scripted


@pytest.fixture
def world(settings: Any) -> Iterator[Scripted]:
    """The scripted condition, beside the real ones."""
    settings.ALERT_CONDITIONS = [
        *settings.ALERT_CONDITIONS,
        "tests.monitoring.incidents.world.CONDITION",
    ]
    asking.conditions.cache_clear()
    worlds.CONDITION.__init__()  # type: ignore[misc]
    yield worlds.CONDITION
    asking.conditions.cache_clear()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Notice]:
    """What was handed over to be told."""
    found: list[Notice] = []
    monkeypatch.setattr(opening, "notify", found.append)
    return found
