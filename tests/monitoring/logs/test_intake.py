"""Every event is stored exactly once, whichever ways it came, however often."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.discovery.models import Account
from apps.monitoring.kinds import LOGS
from apps.monitoring.logs.intake import LogIntake
from apps.monitoring.logs.lines import LogLine
from apps.search.engines.base import SearchRequest
from apps.search.engines.embedded.engine import EmbeddedEngine
from apps.search.intake import Batch
from apps.search.syntax import Equals

pytestmark = pytest.mark.django_db

T0 = 1_795_000_000_000
NOW = datetime(2026, 11, 23, tzinfo=UTC)
GROUPS = (f"group-{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path_factory.mktemp("search"), [LOGS])
    yield engine
    engine.close()


def a_line(message: str, event_id: str = "", at: int = T0) -> LogLine:
    return LogLine("111122223333", "eu-west-1", "g", "a/b", at, message, None, event_id)


def stored(engine: EmbeddedEngine, group: str) -> Counter[tuple[str, str]]:
    asked = SearchRequest(LOGS, NOW, Equals("@logGroup", group))
    hits = engine.reader.find(asked, 1_000).hits
    records = [orjson.loads(hit.raw) for hit in hits]
    return Counter((one["@timestamp"], one["@message"].rstrip()) for one in records)


def delivered(
    engine: EmbeddedEngine, deliveries: Sequence[Sequence[LogLine]], group: str
) -> Batch:
    told: list[Batch] = []
    for lines in deliveries:
        intake = LogIntake(engine, told.append)
        intake.take_lines("test", [replace(line, group=group) for line in lines])
        intake.commit()
    return told[-1]


# A few texts and milliseconds, so that twins are common; the number is the event id.
events = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 1)), min_size=1, max_size=8
).map(
    lambda texts: [
        a_line(text, f"{number:056d}", T0 + at)
        for number, (text, at) in enumerate(texts)
    ]
)


@st.composite
def mixed(draw: st.DrawFn) -> tuple[list[LogLine], list[list[LogLine]]]:
    """Events, and deliveries that together tell all of them: parts with ids, in any
    order and repetition, and whole copies without, some of them with line ends."""
    truth = draw(events)
    parts = draw(st.lists(st.lists(st.sampled_from(truth), max_size=8), max_size=5))
    copies = [replace(line, event_id="", stream="a-b") for line in truth]
    as_lambda = [replace(line, message=line.message + "\n") for line in copies]
    whole = draw(st.lists(st.sampled_from([copies, as_lambda, truth]), min_size=1))
    return truth, draw(st.permutations([*parts, *whole]))


@given(mixed())
@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_mix_of_deliveries_stores_each_event_once(
    engine: EmbeddedEngine, told: tuple[list[LogLine], list[list[LogLine]]]
) -> None:
    truth, deliveries = told
    group = next(GROUPS)

    delivered(engine, deliveries, group)

    assert stored(engine, group) == Counter(
        (f"2026-11-18T11:06:40.00{line.timestamp_ms % 10}Z", line.message)
        for line in truth
    )


def test_twins_told_one_after_the_other_are_both_kept(engine: EmbeddedEngine) -> None:
    group = next(GROUPS)

    batch = delivered(
        engine, [[a_line("a", "1")], [a_line("a", "2")], [a_line("a", "1")]], group
    )

    assert sum(stored(engine, group).values()) == 2
    assert (batch.tally.new, batch.tally.already_there) == (0, 1)


def test_an_export_is_recognised_in_what_was_polled_and_the_other_way(
    engine: EmbeddedEngine,
) -> None:
    polled, export = [a_line("a", "1"), a_line("a", "2")], [a_line("a")] * 2

    for deliveries in (
        [polled, export],
        [export, polled],
        [export, polled[1:], polled],
    ):
        group = next(GROUPS)
        delivered(engine, deliveries, group)
        assert sum(stored(engine, group).values()) == 2


def test_many_twins_in_one_delivery(engine: EmbeddedEngine) -> None:
    group = next(GROUPS)
    lines = [a_line("a", str(number)) for number in range(40)]

    batch = delivered(engine, [lines[:20], lines], group)

    assert sum(stored(engine, group).values()) == 40
    assert (batch.tally.new, batch.tally.already_there) == (20, 20)


def test_what_other_writers_hold_uncommitted_is_seen(engine: EmbeddedEngine) -> None:
    group = next(GROUPS)
    one, other = LogIntake(engine), LogIntake(engine)
    twins = [replace(a_line("a", number), group=group) for number in "12"]

    one.take_lines("test", twins[:1])
    other.take_lines("test", twins[1:])
    one.commit()
    other.commit()

    assert sum(stored(engine, group).values()) == 2


def test_a_line_that_cannot_be_kept_is_broken_and_the_rest_goes_on(
    engine: EmbeddedEngine,
) -> None:
    group = next(GROUPS)
    lines = [a_line("a", "1", at=5), a_line(" \n", "2"), a_line("good", "3")]

    batch = delivered(engine, [lines], group)

    assert [(one.offset, one.reason[:12]) for _, one in batch.broken] == [
        (0, "its time, 5 "),
        (1, "it has no te"),
    ]
    assert sum(stored(engine, group).values()) == 1


def test_an_account_is_known_before_its_lines_are(engine: EmbeddedEngine) -> None:
    delivered(engine, [[a_line("a", "1")]], next(GROUPS))

    assert Account.objects.filter(number="111122223333").exists()


def test_lines_enter_under_the_day_of_the_event(engine: EmbeddedEngine) -> None:
    batch = delivered(engine, [[a_line("a", "1")]], next(GROUPS))

    assert batch.days == {"2026-11-18"}
