"""Columns of the embedded engine: the same as its index, come what may."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.monitoring.kinds import LOGS
from apps.search import store
from apps.search.engines.base import DocumentEngine, SearchRequest
from apps.search.engines.embedded import blocks
from apps.search.timerange import parse_range
from tests.monitoring.languages.stored import line, store_lines

pytestmark = pytest.mark.one_process
_NOW = datetime(2026, 7, 2, tzinfo=UTC)
_REQUEST = SearchRequest(
    LOGS, _NOW, range=parse_range("2026-07-01", "2026-07-02", _NOW)
)


def messages(engine: DocumentEngine) -> list[str]:
    found: list[str] = []
    for block in engine.reader.scan(_REQUEST):
        column = block.column("@message")
        found += [] if column is None else [str(one) for one in column.coded()[1]]
    return sorted(found)


def files(home: Path) -> list[Path]:
    return sorted(home.rglob("*.block"))


def test_lines_that_come_later_are_added(engine: DocumentEngine) -> None:
    store_lines(engine, line("one"))
    assert messages(engine) == ["one"]
    store_lines(engine, line("two"), line("three"))
    assert messages(engine) == ["one", "three", "two"]


def test_lost_columns_are_made_again(engine: DocumentEngine, home: Path) -> None:
    store_lines(engine, line("one"), line("two"))
    messages(engine)
    engine.close()
    for path in files(home):
        path.unlink()
    store.engine.cache_clear()
    assert messages(store.engine()) == ["one", "two"]


def test_columns_outlive_the_process(engine: DocumentEngine, home: Path) -> None:
    store_lines(engine, line("one"))
    messages(engine)
    engine.close()
    (path,) = files(home)
    written = path.stat().st_mtime_ns
    store.engine.cache_clear()
    assert messages(store.engine()) == ["one"]
    assert path.stat().st_mtime_ns == written


def test_columns_go_with_their_day(engine: DocumentEngine, home: Path) -> None:
    store_lines(engine, line("one"))
    messages(engine)
    engine.drop_day(LOGS, "2026-07-01")
    assert messages(engine) == []
    assert files(home) == []


def test_small_blocks_become_one(
    engine: DocumentEngine, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "_MOST_SMALL", 3)
    said = [f"line {at}" for at in range(7)]
    for text in said:
        store_lines(engine, line(text))
        messages(engine)
    assert messages(engine) == said
    assert len(files(home)) < len(said)


def test_columns_are_made_before_anybody_asks(
    engine: DocumentEngine, home: Path
) -> None:
    store_lines(engine, line("one"))
    engine.prepare(LOGS)
    assert len(files(home)) == 1


def test_lines_received_in_one_moment_are_all_taken(engine: DocumentEngine) -> None:
    for at in range(5):
        store_lines(engine, line(f"at {at}", at))
        messages(engine)
    assert messages(engine) == [f"at {at}" for at in range(5)]
