"""What the embedded engine does about a disk that fails, which no other engine has."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.search.engines.base import EngineUnavailable
from apps.search.engines.embedded.engine import EmbeddedEngine
from tests.contracts.things import THINGS, Clock, ask, thing

pytestmark = pytest.mark.one_process


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine(tmp_path / "engine", [THINGS], Clock())
    yield made
    made.close()


def test_who_lost_what_they_added_is_told_at_their_next_commit(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = engine.writer(THINGS), engine.writer(THINGS)
    one.add([thing({}, id="a")])
    monkeypatch.setattr("tests.contracts.things.Clock.__call__", _disk_full)
    with pytest.raises(EngineUnavailable):
        other.add([thing({}, id="b")])
    monkeypatch.undo()

    with pytest.raises(EngineUnavailable, match="lost"):
        one.commit()

    one.add([thing({}, id="a")])
    one.commit()
    assert engine.reader.count(ask()).value == 1


def _disk_full(clock: Clock) -> int:
    raise OSError(28, "No space left on device")


def test_an_interrupted_drop_does_not_keep_a_day_from_going(
    engine: EmbeddedEngine, tmp_path: Path
) -> None:
    engine.writer(THINGS).add([thing({}, id="a")])
    engine.writer(THINGS).commit()
    (stored,) = tmp_path.rglob("2026-07-01")
    left = stored.with_name("2026-07-01.dropped")
    left.mkdir()
    (left / "segment").touch()

    assert engine.drop_day(THINGS, "2026-07-01") == 1
