"""Moving documents between engines: whole, resumable, and proven."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from apps.search.documents import Document
from apps.search.engines.base import DocumentEngine, EngineUnavailable
from apps.search.engines.embedded.engine import EmbeddedEngine
from apps.search.engines.opensearch.cluster import Address
from apps.search.engines.opensearch.engine import OpenSearchEngine
from apps.search.reindexing import NotCopied, Notes, Progress, Reindexing
from tests.contracts.things import NOON_MS, NOW, THINGS, Clock, ask, thing
from tests.servers.all import OPENSEARCH
from tests.servers.running import needs

DAY_MS = 86_400_000
RAW = (
    b'{"name":"cup"}',
    b'{ "spaced" : "out",\n "n": 1.50 }',
    b'{"huge":123456789012345678901234567890,"name":"jug"}',
    b'{"half":"\\ud800","name":"bowl"}',
    '{"name":"Größe","deep":{"er":[1,true,null]}}'.encode(),
)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine(tmp_path / "one", [THINGS], Clock())
    yield made
    made.close()


@pytest.fixture
def another(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine(tmp_path / "other", [THINGS], Clock())
    yield made
    made.close()


@pytest.fixture
def cluster() -> Iterator[OpenSearchEngine]:
    address = Address((needs(OPENSEARCH),))
    prefix = f"test-{uuid4().hex[:12]}"
    yield OpenSearchEngine(address, [THINGS], prefix)
    OPENSEARCH.remove(prefix)


def documents(count: int) -> list[Document]:
    """Documents over three days, in every form in which a record may be kept."""
    return [
        Document(
            id=f"d{at}",
            time_ms=NOON_MS + at % 3 * DAY_MS + at,
            account="1",
            region="eu",
            record={},
            raw=RAW[at % len(RAW)],
            derived={"@at": str(at)},
            searchable=b'{"name":"x"}',
        )
        for at in range(count)
    ]


def store(engine: DocumentEngine, found: list[Any]) -> None:
    engine.writer(THINGS).add(found)
    engine.writer(THINGS).commit()


def everything(engine: DocumentEngine) -> dict[str, tuple[Any, ...]]:
    hits = engine.reader.find(ask(), 1_000).hits
    return {
        hit.id: (hit.time_ms, hit.account, hit.region, hit.raw, hit.derived)
        for hit in hits
    }


def moved(source: DocumentEngine, target: DocumentEngine, notes: Path) -> list[Any]:
    reindexing = Reindexing(source, target, Notes(notes), NOW)
    return reindexing.run(THINGS, lambda progress: None)


@pytest.mark.servers
def test_documents_go_to_the_cluster_and_come_back_as_they_were(
    embedded: EmbeddedEngine,
    cluster: OpenSearchEngine,
    another: EmbeddedEngine,
    tmp_path: Path,
) -> None:
    store(embedded, documents(50))

    assert moved(embedded, cluster, tmp_path / "there") == []
    assert moved(cluster, another, tmp_path / "back") == []

    assert everything(cluster) == everything(another) == everything(embedded)
    for engine in (cluster, another):
        assert engine.reader.count(ask("name:jug")).value == 10
        assert engine.reader.count(ask("n:>1.4")).value == 10


def test_a_move_that_was_stopped_goes_on_and_copies_nothing_twice(
    embedded: EmbeddedEngine,
    another: EmbeddedEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("apps.search.reindexing._PAGE", 5)
    monkeypatch.setattr("apps.search.reindexing._COMMIT_SECONDS", 0.0)
    store(embedded, documents(60))
    notes = tmp_path / "notes"
    told: list[int] = []

    def stop_after_some(progress: Progress) -> None:
        told.append(progress.done)
        if progress.done >= 25:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Reindexing(embedded, another, Notes(notes), NOW).run(THINGS, stop_after_some)
    copied = another.reader.count(ask()).value
    resumed: list[Progress] = []
    reindexing = Reindexing(embedded, another, Notes(notes), NOW)
    differences = reindexing.run(THINGS, resumed.append)

    assert copied == told[-1] == 25
    assert resumed[0].done == 30
    assert differences == []
    assert everything(another) == everything(embedded)
    assert Notes(notes).total(THINGS).documents == 60


def test_what_is_not_the_same_in_both_is_named_by_its_day(
    embedded: EmbeddedEngine, another: EmbeddedEngine, tmp_path: Path
) -> None:
    store(embedded, [thing({"name": "cup"}, id="a"), thing({}, id="b")])
    store(another, [thing({"name": "forged"}, id="a")])

    (difference,) = moved(embedded, another, tmp_path / "notes")

    assert difference.day == "2026-07-01"
    assert difference.source.documents == difference.target.documents == 2
    assert difference.source.checksum != difference.target.checksum


@pytest.mark.servers
def test_a_document_the_target_cannot_take_ends_the_move_with_its_name(
    embedded: EmbeddedEngine, cluster: OpenSearchEngine, tmp_path: Path
) -> None:
    store(embedded, [thing({}, id="x" * 600)])

    with pytest.raises(NotCopied, match="xxx.*512 bytes"):
        moved(embedded, cluster, tmp_path / "notes")


def test_a_page_that_did_not_come_whole_ends_the_move(
    embedded: EmbeddedEngine,
    another: EmbeddedEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("apps.search.reindexing._PAGE_SECONDS", 0.0)
    store(embedded, [thing({})])

    with pytest.raises(EngineUnavailable, match="time limit"):
        moved(embedded, another, tmp_path / "notes")


def test_what_was_written_meanwhile_is_noticed_and_copied_the_next_time(
    embedded: EmbeddedEngine, another: EmbeddedEngine, tmp_path: Path
) -> None:
    store(embedded, documents(6))
    notes = tmp_path / "notes"
    late = thing({"name": "late"}, id="late")

    def write_late(progress: Progress) -> None:
        if (progress.doing, progress.day) == ("copied", "2026-07-03"):
            store(embedded, [late])

    first = Reindexing(embedded, another, Notes(notes), NOW).run(THINGS, write_late)
    second = moved(embedded, another, notes)

    assert [one.day for one in first] == ["2026-07-01"]
    assert second == []
    assert everything(another) == everything(embedded)
