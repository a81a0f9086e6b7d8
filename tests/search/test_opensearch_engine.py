"""What an OpenSearch cluster does to its users, and what they hear of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from apps.search.engines.base import EngineUnavailable, Scope
from apps.search.engines.opensearch import writer as writing
from apps.search.engines.opensearch.cluster import Address, Cluster
from apps.search.engines.opensearch.engine import OpenSearchEngine
from apps.search.shutdown import stopping
from tests.contracts.things import NOON_MS, THINGS, ask, thing
from tests.servers.all import OPENSEARCH
from tests.servers.running import needs

pytestmark = pytest.mark.servers
DAY_MS = 86_400_000


@pytest.fixture
def prefix() -> Iterator[str]:
    needs(OPENSEARCH)
    made = f"test-{uuid4().hex[:12]}"
    yield made
    OPENSEARCH.remove(made)


@pytest.fixture
def engine(prefix: str) -> OpenSearchEngine:
    return OpenSearchEngine(Address((OPENSEARCH.url,)), [THINGS], prefix)


def store(engine: OpenSearchEngine, *documents: Any) -> None:
    engine.writer(THINGS).add(documents)
    engine.writer(THINGS).commit()


def test_what_is_refused_for_a_moment_is_sent_again(
    engine: OpenSearchEngine, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(engine, thing({}, id="first"))
    OPENSEARCH.fill_disk(f"{prefix}-things-*")
    pauses: list[float] = []

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        OPENSEARCH.fill_disk(f"{prefix}-things-*", is_full=False)
        return False

    monkeypatch.setattr(stopping, "wait", pause)

    counts = engine.writer(THINGS).add([thing({}), thing({}, id="first")])

    assert len(pauses) == 1
    assert (counts.new, counts.already_there, counts.rejected) == (1, 1, ())


def test_what_is_refused_for_long_is_said_and_can_be_added_again(
    engine: OpenSearchEngine, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(engine, thing({}))
    OPENSEARCH.fill_disk(f"{prefix}-things-*")
    monkeypatch.setattr(writing, "_GIVE_UP_AFTER_SECONDS", 0.3)

    with pytest.raises(EngineUnavailable, match="429"):
        engine.writer(THINGS).add([thing({}, id="late")])
    problem = engine.problem()
    OPENSEARCH.fill_disk(f"{prefix}-things-*", is_full=False)

    assert problem
    assert "read_only_allow_delete" in problem
    assert engine.problem() is None
    assert engine.writer(THINGS).add([thing({}, id="late")]).new == 1


def test_a_document_the_cluster_cannot_take_is_rejected_alone(
    engine: OpenSearchEngine,
) -> None:
    beyond_time = thing({}, id="far", time_ms=250_000_000_000_000)

    counts = engine.writer(THINGS).add(
        [thing({}), beyond_time, thing({}, id="x" * 600)]
    )

    assert counts.new == 1
    assert {one.id[:3] for one in counts.rejected} == {"far", "xxx"}
    assert all(one.reason for one in counts.rejected)


def test_a_record_with_half_a_character_is_found_by_the_rest(
    engine: OpenSearchEngine,
) -> None:
    document = thing({"name": "cup", "broken": "half"}, id="it")
    document.record["broken"] = "\ud800 half"
    store(engine, document)

    assert engine.reader.count(ask("name:cup")).value == 1


def test_a_day_that_is_not_available_makes_answers_partial_and_is_told(
    engine: OpenSearchEngine, prefix: str
) -> None:
    store(engine, thing({"name": "a"}), thing({"name": "b"}, time_ms=NOON_MS + DAY_MS))
    OPENSEARCH.lose(f"{prefix}-things-v1-2026-07-01")

    total = engine.reader.count(ask())
    page = engine.reader.find(ask(), 10)
    facets = engine.reader.facets(ask(), ["name"], 5)
    histogram = engine.reader.histogram(ask("", "2026-07-01", "2026-07-03"), DAY_MS)

    assert (total.value, total.exact) == (1, False)
    assert len(page.hits) == 1
    for said in (total.partial, page.partial, facets.partial, histogram.partial):
        assert said
        assert "1 of 2 shards" in said
    assert not facets.by_path["name"].exact
    problem = engine.problem()
    assert problem
    assert "1 of 2 shards" in problem


def test_a_search_that_nothing_can_answer_is_an_error_and_not_an_empty_page(
    engine: OpenSearchEngine, prefix: str
) -> None:
    store(engine, thing({}))
    OPENSEARCH.lose(f"{prefix}-things-v1-2026-07-01")

    with pytest.raises(EngineUnavailable, match="shards"):
        engine.reader.find(ask(), 10)


def test_a_cluster_that_is_not_there_is_named_without_its_password() -> None:
    address = Address(("http://ann:secret@127.0.0.1:9",))
    engine = OpenSearchEngine(address, [THINGS], "x")

    with pytest.raises(EngineUnavailable) as raised:
        engine.reader.count(ask())

    assert "http://127.0.0.1:9" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert engine.problem() == str(raised.value)


def test_templates_that_were_lost_are_put_back_before_the_next_write(
    engine: OpenSearchEngine, prefix: str
) -> None:
    for name in ("things", "paths-things"):
        store(engine, thing({}))
        OPENSEARCH.send("DELETE", f"_index_template/{prefix}-{name}")
    fresh = OpenSearchEngine(Address((OPENSEARCH.url,)), [THINGS], prefix)

    store(fresh, thing({"name": "cup"}, time_ms=NOON_MS + DAY_MS))

    assert fresh.reader.count(ask("name:cup")).value == 1


def test_paths_of_a_dropped_day_are_forgotten(engine: OpenSearchEngine) -> None:
    store(engine, thing({"old": 1}), thing({"new": 1}, time_ms=NOON_MS + DAY_MS))

    engine.drop_day(THINGS, "2026-07-01")

    assert set(engine.reader.fields(THINGS)) == {"new"}


def test_no_record_ever_adds_a_field_to_the_mapping(
    engine: OpenSearchEngine, prefix: str
) -> None:
    store(engine, thing({"name": "cup"}))
    before = OPENSEARCH.send("GET", f"{prefix}-things-*/_mapping")

    store(engine, *[thing({f"path{at}": {"x": at}}) for at in range(2_000)])

    assert OPENSEARCH.send("GET", f"{prefix}-things-*/_mapping") == before


def test_facets_that_shards_cut_short_are_counted_exactly(
    prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = OpenSearchEngine(Address((OPENSEARCH.url,)), [THINGS], prefix, shards=3)
    monkeypatch.setattr("apps.search.engines.opensearch.aggregations._PER_SHARD", 3)
    monkeypatch.setattr("apps.search.engines.opensearch.aggregations._RETURNED", 3)
    names = [f"n{at % 40}" for at in range(200)] + ["most"] * 9
    store(engine, *[thing({"name": name}) for name in names])

    facet = engine.reader.facets(ask(), ["name"], 3).by_path["name"]

    assert not facet.exact or ("most", 9) in facet.values
    for value, count in facet.values:
        assert engine.reader.count(ask(f"name:{value}")).value == count
    assert sum(count for _, count in facet.values) + facet.others == len(names)


def test_two_processes_that_write_the_same_store_it_once(prefix: str) -> None:
    engines = [
        OpenSearchEngine(Address((OPENSEARCH.url,)), [THINGS], prefix) for _ in range(2)
    ]
    documents = [thing({}, id=f"d{at}") for at in range(50)]

    counts = [one.writer(THINGS).add(documents) for one in engines]
    for one in engines:
        one.writer(THINGS).commit()

    assert [(one.new, one.already_there) for one in counts] == [(50, 0), (0, 50)]
    assert engines[0].reader.count(ask()).value == 50


def test_a_document_is_got_within_its_scope_only(engine: OpenSearchEngine) -> None:
    store(engine, thing({}, id="a", account="1"))

    assert engine.reader.get(THINGS, "a", Scope(frozenset("2"))) is None
    assert engine.reader.get(THINGS, "a", Scope(frozenset("1")))


def test_who_stored_while_another_committed_still_becomes_visible(
    engine: OpenSearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = engine.writer(THINGS)
    request = Cluster.request

    def committed_meanwhile(
        cluster: Cluster, method: str, path: str, *rest: Any, **more: Any
    ) -> Any:
        if path == "/_bulk":
            writer.commit()
        return request(cluster, method, path, *rest, **more)

    monkeypatch.setattr(Cluster, "request", committed_meanwhile)
    writer.add([thing({}, id="a")])
    monkeypatch.undo()

    writer.commit()

    assert engine.reader.count(ask()).value == 1


def test_a_drop_that_the_cluster_refuses_ends_and_says_so(
    engine: OpenSearchEngine, prefix: str
) -> None:
    store(engine, thing({"name": "a"}))
    OPENSEARCH.fill_disk(f"{prefix}-paths-*")

    with pytest.raises(EngineUnavailable, match="does not delete"):
        engine.drop_day(THINGS, "2026-07-01")

    OPENSEARCH.fill_disk(f"{prefix}-paths-*", is_full=False)
    assert engine.drop_day(THINGS, "2026-07-01") == 1


def test_whether_a_document_is_there_is_not_guessed(
    engine: OpenSearchEngine, prefix: str
) -> None:
    store(engine, thing({}, id="a"), thing({}, id="b", time_ms=NOON_MS + DAY_MS))
    OPENSEARCH.lose(f"{prefix}-things-v1-2026-07-01")

    with pytest.raises(EngineUnavailable, match="not known"):
        engine.reader.get(THINGS, "a", Scope())
    assert engine.reader.get(THINGS, "b", Scope())


def test_a_day_filled_again_lists_its_paths_again(engine: OpenSearchEngine) -> None:
    store(engine, thing({"name": "a"}))
    engine.drop_day(THINGS, "2026-07-01")

    store(engine, thing({"name": "a"}))

    assert set(engine.reader.fields(THINGS)) == {"name"}


FULL = "this action would add [2] total shards, but this cluster currently has"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"type": "validation_exception", "reason": FULL}),
        (403, {"type": "index_create_block_exception", "reason": "blocked"}),
        (403, {"type": "security_exception", "reason": "no permissions"}),
        (400, {"type": "index_closed_exception", "reason": "closed"}),
        (404, {"type": "index_not_found_exception", "reason": "no such index"}),
        (503, {"type": "unavailable_shards_exception", "reason": "not active"}),
    ],
)
def test_what_is_not_the_documents_fault_never_rejects_it(
    engine: OpenSearchEngine,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    error: dict[str, str],
) -> None:
    monkeypatch.setattr(writing, "_GIVE_UP_AFTER_SECONDS", 0.0)
    writer = engine.writer(THINGS)
    answer = {"status": status, "error": error}
    monkeypatch.setattr(writer, "_bulk", lambda lines: [answer for _ in lines])

    with pytest.raises(EngineUnavailable, match=error["reason"][:20].split("[")[0]):
        writer.add([thing({})])
