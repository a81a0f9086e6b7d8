"""A kind whose one field holds the whole text: found by words, indexed once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from apps.search.documents import Document
from apps.search.engines.base import SearchRequest
from apps.search.engines.embedded.engine import EmbeddedEngine
from apps.search.engines.opensearch.compile import compile_query as for_opensearch
from apps.search.kinds import Field, FieldType, Kind
from apps.search.language import parse

pytestmark = pytest.mark.one_process

NOTES = Kind(
    name="notes",
    title="Notes",
    one="note",
    many="notes",
    fields=(Field("at", "At", FieldType.TIME), Field("text", "Text", FieldType.TEXT)),
    columns=("text",),
    facets=(),
    lookups=(),
    not_words=frozenset(),
    split_by="topic",
    id_field="id",
    text_field="text",
    time_field="at",
)
T0 = 1_795_435_200_000  # 2026-11-23T12:00:00Z


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path, [NOTES])
    writer = engine.writer(NOTES)
    writer.add([note(0, "Connection refused by db-7"), note(1, "all is well", n=12)])
    writer.add([note(250, 'said {"topic":"cart"}', topic="cart")])
    writer.commit()
    yield engine
    engine.close()


def note(after_ms: int, text: str, **derived: object) -> Document:
    at = f"2026-11-23T12:00:00.{after_ms:03d}Z"
    record = {"at": at, "text": text}
    raw = orjson.dumps(record)
    return Document(at, T0 + after_ms, "1", "r", record, raw, derived)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("refused", 1),
        ("text:refused", 1),
        ('text:"connection refused"', 1),
        ('text:"refused connection"', 0),
        ("text:refu*", 1),
        ("text:*fus*", 1),
        ("_exists_:text", 3),
        ("_exists_:topic", 1),
        ("cart", 1),  # of the text; what the field says is no second word
        ("topic:cart", 1),
        ("n:>=12", 1),
        ("12", 0),
        ("at:>=2026-11-23T12:00:00.001Z", 2),
        ("at:>2026-11-23T12:00:00.001Z", 1),
        ("at:<2026-11-23T12:00:00.001Z", 1),
        ("at:<=2026-11-23T12:00:00.001Z", 2),
        ("at:<2026-11-23T12:00:00.0005Z", 1),
        ("at:[2026-11-23T12:00:00.001Z TO 2026-11-23T12:00:00.250Z]", 2),
        ('at:"2026-11-23T12:00:00.250Z"', 1),
        ("at:soon", 0),
        ("_exists_:at", 3),
    ],
)
def test_it_is_found(engine: EmbeddedEngine, query: str, count: int) -> None:
    asked = SearchRequest(NOTES, datetime(2026, 11, 23, tzinfo=UTC), parse(query))

    assert engine.reader.count(asked).value == count


def test_it_is_given_back_as_it_was(engine: EmbeddedEngine) -> None:
    asked = SearchRequest(NOTES, datetime(2026, 11, 23, tzinfo=UTC), parse("well"))

    (hit,) = engine.reader.find(asked, 10).hits

    assert orjson.loads(hit.raw) == {
        "at": "2026-11-23T12:00:00.001Z",
        "text": "all is well",
    }
    assert {"at", "text"} <= engine.reader.fields(NOTES).keys()


def test_opensearch_is_asked_for_its_words_as_well() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)

    assert for_opensearch(parse("text:refu*"), NOTES, now) == for_opensearch(
        parse("refu*"), NOTES, now
    )
