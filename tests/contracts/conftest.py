"""How each engine is built; the suite does not know which one it runs on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.search.engines.base import DocumentEngine
from apps.search.engines.embedded.engine import EmbeddedEngine
from tests.contracts.things import THINGS, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["embedded"])
def engine(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> Iterator[DocumentEngine]:
    made = EmbeddedEngine(tmp_path / "engine", [THINGS], clock)
    yield made
    made.close()
