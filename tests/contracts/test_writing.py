"""What writing promises: each id once, durable, readable while it goes on."""

import threading

import pytest

from apps.search.engines.base import DocumentEngine, Scope
from tests.contracts.things import NOON_MS, THINGS, Clock, ask, thing

DAY_MS = 86_400_000


def store(engine: DocumentEngine, *documents: object) -> None:
    engine.writer(THINGS).add(documents)  # type: ignore[arg-type]
    engine.writer(THINGS).commit()


def test_an_id_is_stored_once_within_a_batch(engine: DocumentEngine) -> None:
    counts = engine.writer(THINGS).add([thing({}, id="a"), thing({}, id="a")])

    assert (counts.new, counts.already_there) == (1, 1)


def test_an_id_is_stored_once_across_commits(engine: DocumentEngine) -> None:
    store(engine, thing({"name": "first"}, id="a"))
    counts = engine.writer(THINGS).add([thing({"name": "second"}, id="a")])
    engine.writer(THINGS).commit()

    assert (counts.new, counts.already_there) == (0, 1)
    hit = engine.reader.get(THINGS, "a", Scope())
    assert hit and hit.raw == b'{"name":"first"}'


def test_a_replaced_document_is_there_once_and_as_it_is_now(
    engine: DocumentEngine,
) -> None:
    store(engine, thing({"name": "first", "n": 1}, id="a"), thing({}, id="b"))
    counts = engine.writer(THINGS).replace([thing({"name": "second", "n": 2}, id="a")])
    engine.writer(THINGS).commit()

    assert counts.new == 1
    hit = engine.reader.get(THINGS, "a", Scope())
    assert hit and hit.raw == b'{"name":"second","n":2}'
    assert engine.reader.count(ask()).value == 2
    assert engine.reader.count(ask("name:first")).value == 0
    assert engine.reader.count(ask("n:>=2")).value == 1
    facets = engine.reader.facets(ask(), ["name"], 5)
    assert facets.by_path["name"].values == (("second", 1),)
    assert sum(engine.reader.histogram(ask(), DAY_MS).series["\0total"]) == 2
    assert len(engine.reader.find(ask(), 10).hits) == 2


def test_a_document_can_be_replaced_before_it_was_committed(
    engine: DocumentEngine,
) -> None:
    engine.writer(THINGS).add([thing({"name": "first"}, id="a")])
    engine.writer(THINGS).replace([thing({"name": "second"}, id="a")])
    store(engine, thing({"name": "third"}, id="a"))

    hit = engine.reader.get(THINGS, "a", Scope())
    assert hit and hit.raw == b'{"name":"second"}'
    assert engine.reader.count(ask()).value == 1


def test_what_replaces_nothing_is_added(engine: DocumentEngine) -> None:
    engine.writer(THINGS).replace([thing({"name": "only"}, id="a")])
    engine.writer(THINGS).commit()

    assert engine.reader.count(ask("name:only")).value == 1


def test_nothing_is_visible_before_a_commit(engine: DocumentEngine) -> None:
    engine.writer(THINGS).add([thing({})])

    assert engine.reader.count(ask()).value == 0


def test_an_event_of_an_old_day_can_come_late(engine: DocumentEngine) -> None:
    for day in (0, 1, 2, 3, 0):
        store(engine, thing({}, time_ms=NOON_MS + day * DAY_MS))

    counted = [(one.day, one.documents) for one in engine.reader.days(THINGS)]
    assert counted == [
        ("2026-07-01", 2),
        ("2026-07-02", 1),
        ("2026-07-03", 1),
        ("2026-07-04", 1),
    ]


def test_a_document_comes_back_as_it_went_in(engine: DocumentEngine) -> None:
    document = thing({"a": [1, None, {"b": "\u2028<script>"}]}, derived={"@x": "y"})
    store(engine, document)

    hit = engine.reader.get(THINGS, document.id, Scope())

    assert hit is not None
    assert (hit.raw, hit.derived) == (document.raw, b'{"@x":"y"}')
    assert (hit.time_ms, hit.account, hit.region) == (
        NOON_MS,
        "111122223333",
        "eu-west-1",
    )


def test_a_document_outside_the_scope_is_not_there(engine: DocumentEngine) -> None:
    store(engine, thing({}, id="a", account="1"))

    assert engine.reader.get(THINGS, "a", Scope(frozenset("2"))) is None
    assert engine.reader.get(THINGS, "a", Scope(None, frozenset("x"))) is None
    assert engine.reader.get(THINGS, "a", Scope(frozenset("1"))) is not None


def test_dropping_a_day_removes_that_day_only(engine: DocumentEngine) -> None:
    store(engine, thing({}, id="a"), thing({}, id="b", time_ms=NOON_MS + DAY_MS))

    assert engine.drop_day(THINGS, "2026-07-01") == 1
    assert [one.day for one in engine.reader.days(THINGS)] == ["2026-07-02"]
    assert engine.reader.get(THINGS, "a", Scope()) is None
    assert engine.drop_day(THINGS, "2026-07-01") == 0


def test_a_dropped_day_can_be_filled_again(engine: DocumentEngine) -> None:
    store(engine, thing({}, id="a"))
    engine.drop_day(THINGS, "2026-07-01")

    store(engine, thing({}, id="a"))

    assert engine.reader.count(ask()).value == 1


def test_a_record_beyond_the_depth_that_is_followed_is_rejected_alone(
    engine: DocumentEngine,
) -> None:
    deep: dict[str, object] = {}
    for _ in range(200):
        deep = {"a": deep}

    counts = engine.writer(THINGS).add([thing(deep, id="deep"), thing({})])

    assert counts.new == 1
    assert [one.id for one in counts.rejected] == ["deep"]
    assert "deep" in counts.rejected[0].reason


def test_what_was_received_since_a_moment_can_be_asked_for(
    engine: DocumentEngine, clock: Clock
) -> None:
    store(engine, thing({}, id="before"))
    seen_ms = clock.now_ms
    clock.now_ms += 1
    store(engine, thing({}, id="after"))

    page = engine.reader.find(ask(received_after_ms=seen_ms), 10)

    assert [hit.id for hit in page.hits] == ["after"]
    assert page.hits[0].received_ms == clock.now_ms


def test_every_path_met_is_listed_with_its_type(engine: DocumentEngine) -> None:
    store(engine, thing({"deep": {"er": 1, "no": None}, "version": "1.2"}))

    fields = engine.reader.fields(THINGS)

    assert set(fields) == {"deep.er", "version"}
    assert fields["version"] == "version"


def test_an_engine_that_was_never_written_answers_with_nothing(
    engine: DocumentEngine,
) -> None:
    reader = engine.reader

    assert reader.find(ask(), 10).hits == ()
    assert reader.count(ask()).value == 0
    assert reader.facets(ask(), ["name"], 5).by_path["name"].values == ()
    assert reader.histogram(ask("", "2026-07-01", "2026-07-02"), 3_600_000).series
    assert reader.values(ask(), "name", "", 5) == []
    assert reader.fields(THINGS) == {}
    assert reader.days(THINGS) == []
    assert engine.problem() is None


def test_readers_see_whole_commits_while_a_writer_goes_on(
    engine: DocumentEngine,
) -> None:
    stop = threading.Event()
    seen: list[int] = []

    def read() -> None:
        while not stop.is_set():
            seen.append(engine.reader.count(ask()).value)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(5):
        store(engine, *[thing({}) for _ in range(10)])
    stop.set()
    reader.join()
    assert {count % 10 for count in seen} == {0}
    assert engine.reader.count(ask()).value == 50


@pytest.mark.parametrize("day", ["", "..", "2026-07-01/..", "yesterday"])
def test_only_days_can_be_dropped(engine: DocumentEngine, day: str) -> None:
    with pytest.raises(ValueError, match="date|isoformat"):
        engine.drop_day(THINGS, day)
