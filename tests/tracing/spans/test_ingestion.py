"""However spans come, what is stored and counted is what they say together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

import orjson
import pytest

from apps.search.engines.base import EngineUnavailable, Scope, SearchRequest
from apps.search.engines.embedded.engine import EmbeddedEngine
from apps.search.intake import Batch
from apps.search.models import Retention
from apps.search.syntax import Equals
from apps.tracing.kinds import SPANS
from apps.tracing.maps import reading
from apps.tracing.maps.counting import counted
from apps.tracing.maps.servicemap import Figures, ServiceMap
from apps.tracing.maps.tallies import EMPTY, packed
from apps.tracing.models import MapChunk, Trace
from apps.tracing.spans.ingestion import SpanIntake
from apps.tracing.spans.span import Outcome, Span, SpanLink
from apps.tracing.traces import keeping
from apps.tracing.traces.retention import forget_old, thin_map
from tests.tracing.shapes import (
    ACCOUNT,
    MINUTE_US,
    OTHER,
    QUEUE,
    T0_US,
    TABLE,
    call,
    segment,
    service,
    trace_id,
)

pytestmark = pytest.mark.django_db

SINCE_S = T0_US // 1_000_000
UNTIL_S = SINCE_S + 3_600
NOW = datetime(2026, 11, 23, tzinfo=UTC)
NUMBERS = count(100)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path_factory.mktemp("search"), [SPANS])
    yield engine
    engine.close()


def a_trace(random: Random | None = None) -> list[Span]:
    """A shop that calls a cart, which reads a table; some time within ten minutes."""
    random = random or Random(1)  # noqa: S311  # no secret
    start = T0_US + random.randrange(10 * MINUTE_US)
    shop = segment("shop", trace_id=trace_id(next(NUMBERS)), start_us=start)
    shop.end_us = start + random.randrange(1, 10**6)
    asked = call(shop, "cart")
    cart = segment("cart", asked, outcome=random.choice(list(Outcome)))
    return [shop, asked, cart, call(cart, TABLE)]


def taken(engine: EmbeddedEngine, *deliveries: Sequence[Span]) -> list[int]:
    """Each delivery with a commit of its own; how many spans of each were new."""
    found = []
    for spans in deliveries:
        intake = SpanIntake(engine)
        found.append(intake.take_spans("test", [(replace(s), 0) for s in spans]))
        intake.commit()
    return found


def compared(found: ServiceMap) -> tuple[dict[object, Figures], dict[object, Figures]]:
    nodes = {node.key: node.figures for node in found.nodes}
    return nodes, {edge.key: edge.figures for edge in found.edges}  # type: ignore[return-value]


def documents(engine: EmbeddedEngine, one: str) -> list[dict[str, object]]:
    asked = SearchRequest(SPANS, NOW, Equals("@service", one))
    return [orjson.loads(hit.raw) for hit in engine.reader.find(asked, 100).hits]


@pytest.mark.parametrize("seed", range(4))
def test_the_map_is_that_of_all_spans_in_any_order_and_repetition(
    engine: EmbeddedEngine, seed: int
) -> None:
    random = Random(seed)  # noqa: S311  # no secret
    traces = [a_trace(random) for _ in range(12)]
    spans = [span for trace in traces for span in trace]
    deliveries = [random.sample(spans, 20) for _ in range(4)]
    rest = random.sample(spans, len(spans))

    taken(engine, *deliveries, rest, deliveries[0])

    found = reading.read(SINCE_S, UNTIL_S)
    assert compared(found) == compared(counted(traces, SINCE_S, UNTIL_S))
    assert found.traces == len(traces)
    half = reading.read(SINCE_S + 180, SINCE_S + 420)
    assert compared(half) == compared(counted(traces, SINCE_S + 180, SINCE_S + 420))


def test_each_span_is_new_once(engine: EmbeddedEngine) -> None:
    trace = a_trace()

    assert taken(engine, trace[:2], trace) == [2, 2]
    assert Trace.objects.get(pk=trace[0].trace_id).spans == 4


def test_a_segment_that_ended_takes_the_place_of_itself_in_progress(
    engine: EmbeddedEngine,
) -> None:
    begun = segment("slow", trace_id=trace_id(next(NUMBERS)), end_us=None)
    ended = replace(
        begun, end_us=begun.start_us + 9_000, record={"id": begun.id, "n": 2}
    )

    taken(engine, [begun], [ended], [begun])

    assert [one.get("n") for one in documents(engine, "slow")] == [2]
    row = Trace.objects.get(pk=begun.trace_id)
    assert (row.is_partial, row.response_ms) == (False, 9.0)
    (node,) = (n for n in reading.read(SINCE_S, UNTIL_S).nodes if n.sends_spans)
    assert (node.figures.calls, node.figures.total_us) == (1, 9_000)


def test_a_consumer_counted_before_its_sender_came_is_counted_anew(
    engine: EmbeddedEngine,
) -> None:
    shop = segment("shop", trace_id=trace_id(next(NUMBERS)))
    sent = call(shop, QUEUE)
    worker = segment(
        "worker",
        trace_id=trace_id(next(NUMBERS)),
        start_us=T0_US + 5_000_000,
        end_us=T0_US + 6_000_000,
        links=(SpanLink(sent.trace_id, sent.id),),
    )

    taken(engine, [worker])
    assert not [e for e in reading.read(SINCE_S, UNTIL_S).edges if e.is_async]
    taken(engine, [shop, sent])

    (link,) = (e for e in reading.read(SINCE_S, UNTIL_S).edges if e.is_async)
    assert (link.source, link.target) == (QUEUE, service("worker"))
    assert link.figures.total_us == 5_000_000 - 81_000


def test_nothing_is_counted_before_the_documents_are_durable(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = a_trace()
    intake = SpanIntake(engine)
    intake.take_spans("test", [(replace(span), 0) for span in trace])

    def fail() -> None:
        raise EngineUnavailable("The disk is full.")

    writer = engine.writer(SPANS)
    monkeypatch.setattr(type(writer), "commit", lambda self: fail())
    with pytest.raises(EngineUnavailable):
        intake.commit()

    assert not Trace.objects.filter(pk=trace[0].trace_id).exists()
    monkeypatch.undo()
    taken(engine, trace)
    assert Trace.objects.get(pk=trace[0].trace_id).spans == 4


def test_a_death_between_documents_and_rows_is_made_good_by_the_next_delivery(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = a_trace()
    intake = SpanIntake(engine)
    intake.take_spans("test", [(replace(span), 0) for span in trace])

    def die(fresh: object, now: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(keeping, "keep", die)
        with pytest.raises(KeyboardInterrupt):
            intake.commit()
    taken(engine, trace)

    assert Trace.objects.get(pk=trace[0].trace_id).spans == 4
    expected = counted([trace], SINCE_S, UNTIL_S)
    assert compared(reading.read(SINCE_S, UNTIL_S)) == compared(expected)


def test_a_span_of_no_time_goes_to_quarantine(engine: EmbeddedEngine) -> None:
    seen: list[Batch] = []
    good, bad = a_trace()[0], segment("old", start_us=5)
    intake = SpanIntake(engine, seen.append)
    intake.take_spans("file", [(bad, 17), (good, 90)])
    intake.commit()

    (batch,) = seen
    assert batch.tally.new == 1
    assert [(origin, one.offset) for origin, one in batch.broken] == [("file", 17)]


def test_services_of_other_accounts_are_one_node_without_figures(
    engine: EmbeddedEngine,
) -> None:
    shop = segment("shop", trace_id=trace_id(next(NUMBERS)))
    asked = call(shop, "bank")
    bank = segment("bank", asked, service=service("bank", OTHER))
    taken(engine, [shop, asked, bank, call(bank, TABLE)])

    found = reading.read(SINCE_S, UNTIL_S, Scope(frozenset((ACCOUNT,))))

    assert "bank" not in {node.key.name for node in found.nodes}
    (hidden,) = (node for node in found.nodes if node.key == reading.HIDDEN)
    assert hidden.figures.calls == 0
    assert (service("shop"), reading.HIDDEN, False) in {e.key for e in found.edges}


def test_minutes_hours_and_days_are_kept(engine: EmbeddedEngine) -> None:
    taken(engine, a_trace())

    kept = set(MapChunk.objects.values_list("period_seconds", flat=True))
    assert kept == {60, 3_600, 86_400}


def test_old_windows_open_in_hours_once_minutes_are_let_go(
    engine: EmbeddedEngine, settings: Any
) -> None:
    taken(engine, a_trace())
    day_s = SINCE_S // 86_400 * 86_400
    MapChunk.objects.create(
        period_seconds=86_400, began_s=day_s - 86_400, packed=packed(EMPTY)
    )
    settings.MAP_DAYS = {60: 1, 3_600: 100, 86_400: 100}
    assert thin_map(datetime.fromtimestamp(SINCE_S + 86_400 + 7_200, UTC))
    late = segment("shop", trace_id=trace_id(next(NUMBERS)))
    late.start_us += 90_000 * 1_000_000
    late.end_us = late.start_us
    taken(engine, [late])

    found = reading.read(SINCE_S + 600, SINCE_S + 900)

    assert (found.since_s % 3_600, found.until_s - found.since_s) == (0, 3_600)
    assert found.by_key[service("cart")].figures.calls == 1


def test_traces_go_with_their_spans_and_the_map_stays(engine: EmbeddedEngine) -> None:
    trace = a_trace()
    taken(engine, trace)
    Retention.objects.create(kind=SPANS.name, keep_days=5)
    much_later = datetime.fromtimestamp(SINCE_S + 10 * 86_400, UTC)

    assert not forget_old(engine, much_later)
    for day in engine.reader.days(SPANS):
        engine.drop_day(SPANS, day.day)
    assert forget_old(engine, much_later)

    assert not Trace.objects.filter(pk=trace[0].trace_id).exists()
    assert reading.read(SINCE_S, UNTIL_S).by_key[service("cart")].figures.calls == 1


def test_the_timeline_counts_traces_where_they_began(engine: EmbeddedEngine) -> None:
    early = a_trace()
    late = segment(
        "shop", trace_id=trace_id(next(NUMBERS)), start_us=T0_US + 2_000_000_000
    )
    late.end_us = late.start_us + 1
    taken(engine, early, [late])

    steps = reading.timeline(SINCE_S, UNTIL_S, 1_800)

    assert [(began, figures.calls) for began, figures in steps] == [
        (SINCE_S, 1),
        (SINCE_S + 1_800, 1),
    ]
