"""Every engine hands out all documents of a range and scope in columns."""

from apps.search.engines.base import DocumentEngine, Scope
from tests.contracts.things import NOON_MS, THINGS, ask, thing


def _ids(engine: DocumentEngine, **asked: object) -> list[str]:
    found: list[str] = []
    for block in engine.reader.scan(ask(**asked)):  # type: ignore[arg-type] # of ask
        codes, values = block.ids.coded()
        found += [str(values[code]) for code in codes.tolist()]
    return found


def test_everything_is_scanned_once(engine: DocumentEngine) -> None:
    writer = engine.writer(THINGS)
    writer.add([thing({"n": at}, id=f"t{at}", time_ms=NOON_MS + at) for at in range(9)])
    writer.commit()
    assert sorted(_ids(engine)) == [f"t{at}" for at in range(9)]


def test_scan_keeps_to_range_and_scope(engine: DocumentEngine) -> None:
    writer = engine.writer(THINGS)
    day_later = NOON_MS + 86_400_000
    writer.add([thing({}, id="mine"), thing({}, id="other", account="999900001111")])
    writer.add([thing({}, id="late", time_ms=day_later)])
    writer.commit()
    scope = Scope(accounts=frozenset(("111122223333",)))
    assert _ids(engine, since="2026-07-01", until="2026-07-02", scope=scope) == ["mine"]


def test_fields_come_as_columns(engine: DocumentEngine) -> None:
    writer = engine.writer(THINGS)
    record = {"name": "a", "deep": {"list": [1, {"x": "y"}]}, "none": None}
    writer.add([thing(record, derived={"@own": 5})])
    writer.commit()
    (block,) = engine.reader.scan(ask())
    found = {
        path: list(column.coded()[1])
        for path in ("name", "deep.list.0", "deep.list.1.x", "@own")
        if (column := block.column(path)) is not None
    }
    assert found == {
        "name": ["a"],
        "deep.list.0": [1],
        "deep.list.1.x": ["y"],
        "@own": [5],
    }
    assert block.column("none") is None
