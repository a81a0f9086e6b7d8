"""How each engine is built; the suite does not know which one it runs on."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from apps.search.engines.base import DocumentEngine
from apps.search.engines.embedded.engine import EmbeddedEngine
from apps.search.engines.opensearch.cluster import Address
from apps.search.engines.opensearch.engine import OpenSearchEngine
from tests.contracts.actions.world import World
from tests.contracts.things import THINGS, Clock
from tests.servers.all import OPENSEARCH
from tests.servers.running import needs


@pytest.fixture
def clock() -> Clock:
    return Clock()


def embedded(folder: Path, clock: Clock) -> Iterator[DocumentEngine]:
    yield EmbeddedEngine(folder / "engine", [THINGS], clock)


def opensearch(folder: Path, clock: Clock) -> Iterator[DocumentEngine]:
    """An engine with indexes of its own on the cluster, which go with it."""
    address = Address((needs(OPENSEARCH),))
    prefix = f"test-{uuid4().hex[:12]}"
    yield OpenSearchEngine(address, [THINGS], prefix, clock_ms=clock)
    OPENSEARCH.remove(prefix)


@pytest.fixture(
    params=[
        pytest.param(embedded, id="embedded"),
        pytest.param(opensearch, id="opensearch", marks=pytest.mark.servers),
    ]
)
def engine(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> Iterator[DocumentEngine]:
    build: Callable[[Path, Clock], Iterator[DocumentEngine]] = request.param
    for made in build(tmp_path, clock):
        yield made
        made.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An AWS that a module's tests share, each with resources of its own."""
    made = World(tmp_path_factory.mktemp("sandbox"))
    yield made
    made.end()
