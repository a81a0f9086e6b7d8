"""Which documents a query finds: the query language, as every engine must read it."""

from typing import Any

import pytest

from apps.search.engines.base import DocumentEngine, QueryTooBroad
from tests.contracts.things import THINGS, ask, thing


def matches(engine: DocumentEngine, query: str, record: dict[str, Any]) -> bool:
    """Whether the query finds this record among others."""
    writer = engine.writer(THINGS)
    writer.add([thing(record, id="it"), thing({"name": "bystander"}, id="other")])
    writer.commit()
    request = ask(query)
    found = {hit.id for hit in engine.reader.find(request, 10).hits}
    assert engine.reader.count(request).value == len(found)
    return "it" in found


@pytest.mark.parametrize(
    ("query", "record"),
    [
        ("", {"name": "cup"}),
        ("*", {"name": "cup"}),
        ("cup", {"name": "cup"}),
        ("CUP", {"name": "cup"}),
        ("cup", {"deep": {"er": ["a cup of tea"]}}),
        ('"cup of"', {"name": "a cup of tea"}),
        ("code-7", {"code": "code-7"}),
        ("c?p", {"name": "cup"}),
        ("*ea*", {"name": "cup of tea"}),
        ("42", {"count": 42}),
        ("größe", {"name": "Größe"}),
        ("name:cup", {"name": "cup"}),
        ('name:"cup of tea"', {"name": "cup of tea"}),
        ("name:a\\:b", {"name": "a:b"}),
        ("name:arn:aws:iam::1:user/x", {"name": "arn:aws:iam::1:user/x"}),
        ("deep.er:x", {"deep": {"er": "x"}}),
        ("deep.er:x", {"deep": [{"er": "w"}, {"er": "x"}]}),
        ("deep.er:x", {"deep": {"er": ["w", "x"]}}),
        ("deep.er:x", {"deep.er": "x"}),
        ("my\\ field:x", {"my field": "x"}),
        ("flag:true", {"flag": True}),
        ("flag:true", {"flag": "true"}),
        ("count:42", {"count": 42}),
        ("count:42", {"count": "42"}),
        ("count:1.5", {"count": 1.5}),
        ("count:-3", {"count": -3}),
        ("when2:2026-07-01T08:00:00Z", {"when2": "2026-07-01T08:00:00Z"}),
        ('name:""', {"name": ""}),
        ("text:green", {"text": "a Green tree"}),
        ('text:"green tree"', {"text": "a Green tree"}),
        ('text.keyword:"a Green tree"', {"text": "a Green tree"}),
        ("name:c*", {"name": "cup"}),
        ("name:*p", {"name": "cup"}),
        ("name:*U*", {"name": "cup"}),
        ("name:c?p", {"name": "cup"}),
        ("name:a\\*b", {"name": "a*b"}),
        ("name:2026-07*", {"name": "2026-07-01T08:00:00Z"}),
        ("deep.er:x*z", {"deep": {"er": "xyz"}}),
        ("name:*", {"name": "cup"}),
        ("_exists_:name", {"name": "cup"}),
        ("_exists_:deep", {"deep": {"er": 1}}),
        ("NOT name:jug", {"name": "cup"}),
        ("-name:jug", {"name": "cup"}),
        ("NOT lost:*", {"name": "cup"}),
        ("NOT lost:*", {"name": "cup", "lost": None}),
        ("name:cup AND NOT size:1", {"name": "cup", "size": 2}),
        ("name:cup size:2", {"name": "cup", "size": 2}),
        ("name:jug OR size:2", {"name": "cup", "size": 2}),
        ("+name:cup -size:3", {"name": "cup", "size": 2}),
        ("name:(jug OR cup)", {"name": "cup"}),
        ("(name:jug OR name:cup) AND size:2", {"name": "cup", "size": 2}),
        ("size:[2 TO 3]", {"size": 2}),
        ("size:[2 TO 3}", {"size": 2}),
        ("size:{1 TO *]", {"size": 2}),
        ("size:[* TO 2]", {"size": 2}),
        ("size:>1", {"size": 2}),
        ("size:>=2", {"size": 2}),
        ("size:<2.5", {"size": 2}),
        ("size:<-1", {"size": -2}),
        ("size:>9007199254740992", {"size": 9007199254740993}),
        ("deep.size:>1", {"deep": {"size": [1, 2]}}),
        ("name:[b TO d]", {"name": "cup"}),
        ("version:>=1.10", {"version": "1.10"}),
        ("version:>1.9", {"version": "1.10"}),
        ("address:10.0.0.0/8", {"address": "10.200.3.4"}),
        ("address:[10.0.0.1 TO 10.0.0.9]", {"address": "10.0.0.5"}),
        ("address:2001:db8::/32", {"address": "2001:db8::1"}),
        ("address:10.0.0.5", {"address": "10.0.0.5"}),
        ("address:s3.amazonaws.com", {"address": "s3.amazonaws.com"}),
        ("when:[2026-07-01 TO 2026-07-02}", {"when": "2026-07-01T23:59:59Z"}),
        ("when:>now-30d", {"when": "2026-07-01T08:00:00Z"}),
        ("when:<2026-07-01T08:00:00.5Z", {"when": "2026-07-01T08:00:00.250Z"}),
        ("deep.at:>=2026-07-01", {"deep": {"at": "2026-07-01T08:00:00+00:00"}}),
        ("deep.at:>=2026-07-01", {"deep": {"at": "2026-07-05"}}),
        ("deep.at:>=2026-07-01", {"deep": {"at": "2026-07-05T10:00:00"}}),
        ("when:>=2026-07-01", {"when": "2026-07-01T08:00Z"}),
        ("name:2026-07-01_08:00:00Z", {"name": "2026-07-01_08:00:00Z"}),
        ("x.keyword:v", {"x.keyword": "v"}),
        ("text:café", {"text": "un café fermé"}),
    ],
)
def test_finds(engine: DocumentEngine, query: str, record: dict[str, Any]) -> None:
    assert matches(engine, query, record)


@pytest.mark.parametrize(
    ("query", "record"),
    [
        ("cups", {"name": "cup"}),
        ('"of cup"', {"name": "cup of tea"}),
        ("name:Cup", {"name": "cup"}),
        ("name:cu", {"name": "cup"}),
        ("name:cup", {"other": "cup"}),
        ("er:x", {"deep": {"er": "x"}}),
        ("name:cup*", {"name": "a cup"}),
        ("name:a\\*b", {"name": "axb"}),
        ("name:a.c", {"name": "abc"}),
        ("name:*", {"name": None}),
        ("_exists_:name", {"other": "cup"}),
        ("NOT name:cup", {"name": "cup"}),
        ("name:cup AND size:3", {"name": "cup", "size": 2}),
        ("size:{2 TO 3]", {"size": 2}),
        ("size:>2", {"size": 2}),
        ("size:[3 TO 2]", {"size": 2}),
        ("size:<9", {"size": "seven"}),
        ("size:>9007199254740993", {"size": 9007199254740993}),
        ("version:<1.9", {"version": "1.10"}),
        ("address:10.0.0.0/8", {"address": "11.0.0.1"}),
        ("address:[10.0.0.1 TO 10.0.0.9]", {"address": "10.0.0.10"}),
        ("when:[2026-07-01 TO 2026-07-02}", {"when": "2026-07-02T00:00:00Z"}),
        ("text:gree", {"text": "a green tree"}),
        ("text:caf", {"text": "un café fermé"}),
        ("number:>2026-07-01", {"number": 100_000}),
        ("deep.n:<5", {"deep": {"n": "2026-07-05T10:00:00Z"}}),
        ('"---"', {"name": "---"}),
        ("text.keyword:green", {"text": "a green tree"}),
    ],
)
def test_does_not_find(
    engine: DocumentEngine, query: str, record: dict[str, Any]
) -> None:
    assert not matches(engine, query, record)


def test_scripts_regexes_and_operators_in_values_are_only_text(
    engine: DocumentEngine,
) -> None:
    assert matches(engine, r'name:".*|\\d+(a+)+$"', {"name": r".*|\d+(a+)+$"})


def test_a_value_as_long_as_a_record_may_be_is_found_by_its_words(
    engine: DocumentEngine,
) -> None:
    assert matches(engine, "needle", {"policy": "hay " * 10_000 + "needle"})


def test_ten_thousand_different_paths_are_all_searchable(
    engine: DocumentEngine,
) -> None:
    records = [thing({f"path{at}": {"leaf": "x"}}) for at in range(10_000)]
    writer = engine.writer(THINGS)
    assert writer.add(records).new == 10_000
    writer.commit()

    assert engine.reader.count(ask("path9999.leaf:x")).value == 1


def test_a_record_nested_sixty_levels_deep_is_searchable(
    engine: DocumentEngine,
) -> None:
    record: dict[str, Any] = {"leaf": "bottom"}
    for _ in range(59):
        record = {"a": record}

    assert matches(engine, ".".join(["a"] * 59 + ["leaf"]) + ":bottom", record)


def test_a_pattern_that_costs_too_much_is_refused_with_advice(
    engine: DocumentEngine,
) -> None:
    with pytest.raises(QueryTooBroad, match="too complex"):
        matches(engine, "name:" + "?" * 2_000, {"name": "cup"})


def test_a_word_longer_than_what_is_indexed_is_refused_and_not_everything(
    engine: DocumentEngine,
) -> None:
    with pytest.raises(QueryTooBroad, match="more than 255 letters"):
        matches(engine, "z" * 300, {"token": "z" * 300})

    assert matches(engine, f'token:"{"z" * 300}"', {"token": "z" * 300})


def test_calls_that_disagree_on_a_type_are_all_stored_and_found(
    engine: DocumentEngine,
) -> None:
    records: list[dict[str, Any]] = [
        {"a": 1},
        {"a": "text"},
        {"a": {"b": "x"}},
        {"a": [True, None, 2.5]},
    ]
    writer = engine.writer(THINGS)
    counts = writer.add([thing(one, id=f"{at}") for at, one in enumerate(records)])
    writer.commit()

    assert counts.new == len(records)
    for query in ("a:1", "a:text", "a.b:x", "a:true", "a:2.5", "a:[2 TO 3]"):
        assert engine.reader.count(ask(query)).value == 1, query
    assert engine.reader.count(ask("_exists_:a")).value == len(records)


def test_words_with_wildcards_may_stand_for_many_words(engine: DocumentEngine) -> None:
    records = [thing({"name": f"bucket logs{at}"}) for at in range(200)]
    engine.writer(THINGS).add(records)
    engine.writer(THINGS).commit()

    assert engine.reader.count(ask("bucket-logs*")).value == 200


def test_a_list_of_many_words_can_be_asked_for(engine: DocumentEngine) -> None:
    query = " OR ".join(f"ioc{at}" for at in range(400))

    assert matches(engine, query, {"code": "x", "name": "ioc399"})


def test_a_code_is_found_by_a_bare_word_whatever_its_type(
    engine: DocumentEngine,
) -> None:
    assert matches(engine, "7001", {"code": 7001})


def test_a_key_of_any_length_leaves_its_record_searchable(
    engine: DocumentEngine,
) -> None:
    assert matches(engine, "name:cup", {"k" * 40_000: 1, "name": "cup"})


def test_documents_of_the_next_century_are_found_in_order(
    engine: DocumentEngine,
) -> None:
    far = 4_500_000_000_000  # 2112
    engine.writer(THINGS).add([thing({}, id="far", time_ms=far), thing({}, id="near")])
    engine.writer(THINGS).commit()

    found = [hit.id for hit in engine.reader.find(ask(), 10).hits]

    assert found == ["far", "near"]
