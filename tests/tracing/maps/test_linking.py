"""What the spans of a trace say of nodes and edges."""

from __future__ import annotations

from dataclasses import replace

from apps.tracing.maps.counting import counted
from apps.tracing.maps.linking import Sent
from apps.tracing.maps.servicemap import MapEdge, ServiceMap
from apps.tracing.spans.span import Outcome, ServiceKey, Span, SpanKind, SpanLink
from tests.tracing.shapes import (
    MINUTE_US,
    QUEUE,
    T0_US,
    TABLE,
    call,
    plain,
    segment,
    service,
    trace_id,
)

SINCE_S = T0_US // 1_000_000


def mapped(*spans: Span, minutes: int = 1, **known: object) -> ServiceMap:
    return counted([spans], SINCE_S, SINCE_S + 60 * minutes, **known)  # type: ignore[arg-type]


def edge(found: ServiceMap, source: str, target: str) -> MapEdge:
    (one,) = (
        one
        for one in found.edges
        if (one.source.name, one.target.name) == (source, target)
        and one.source.type != "client"
    )
    return one


def names(found: ServiceMap) -> set[tuple[str, str]]:
    return {
        (f"{one.source.name}*" * (one.source.type == "client") or one.source.name,
         one.target.name)
        for one in found.edges
    }  # fmt: skip


def test_the_client_of_a_root_and_the_service_it_calls_are_two_nodes() -> None:
    found = mapped(segment("shop"))

    assert {node.key.type for node in found.nodes} == {"client", "AWS::ECS::Container"}
    (only,) = found.edges
    assert (only.source.type, only.figures.calls) == ("client", 1)
    assert found.by_key[service("shop")].is_root


def test_a_call_that_was_answered_is_measured_by_the_caller() -> None:
    shop = segment("shop")
    asked = call(shop, "cart", outcome=Outcome.FAULT)
    answer = segment("cart", asked, end_us=asked.start_us + 5_000)

    found = edge(mapped(shop, asked, answer), "shop", "cart")

    assert found.target == service("cart")
    assert (found.figures.calls, found.figures.faults) == (1, 1)
    assert found.figures.total_us == 80_000


def test_a_callee_that_sent_nothing_is_inferred_from_the_call() -> None:
    shop = segment("shop")
    asked = call(shop, TABLE)
    inferred = segment("DynamoDB", asked, is_inferred=True)

    found = mapped(shop, asked, inferred)

    assert edge(found, "shop", "orders").target == TABLE
    assert found.by_key[TABLE].figures.calls == 1
    assert not found.by_key[TABLE].sends_spans
    assert len(found.nodes) == 3


def test_what_callers_call_a_service_is_an_alias() -> None:
    shop = segment("shop")
    asked = call(shop, "cart.internal:8080")

    found = edge(mapped(shop, asked, segment("cart", asked)), "shop", "cart")

    assert found.aliases == ("cart.internal:8080",)


def test_messages_go_through_their_queue_and_have_an_age() -> None:
    shop = segment("shop")
    sent = call(shop, QUEUE)
    received = segment("worker", sent, start_us=sent.start_us + 580_000)

    found = mapped(shop, sent, replace(received, end_us=received.start_us + 1))

    assert not edge(found, "shop", "jobs").is_async
    link = edge(found, "jobs", "worker")
    assert (link.is_async, link.figures.total_us) == (True, 500_000)
    assert ("shop", "worker") not in names(found)


def test_a_link_to_another_trace_leads_from_the_queue_it_was_sent_to() -> None:
    link = SpanLink(trace_id(9), "00000000000000ff")
    worker = segment("worker", links=(link,))
    senders = {link: Sent(QUEUE, worker.start_us - 2_000_000)}

    found = edge(mapped(worker, senders=senders), "jobs", "worker")

    assert (found.is_async, found.figures.total_us) == (True, 2_000_000)


def test_what_has_not_ended_is_known_and_not_counted() -> None:
    shop = segment("shop", end_us=None)
    found = mapped(shop, call(shop, TABLE, end_us=None))

    assert names(found) == {("shop*", "shop"), ("shop", "orders")}
    assert all(one.figures.calls == 0 for one in found.edges)


def test_a_throttle_is_an_error_and_a_fault_is_neither() -> None:
    shop = segment("shop")
    every = Outcome.FAULT | Outcome.ERROR | Outcome.THROTTLE
    ways = (Outcome.OK, Outcome.ERROR, Outcome.ERROR | Outcome.THROTTLE, every)

    figures = edge(
        mapped(shop, *(call(shop, TABLE, outcome=way) for way in ways)),
        "shop",
        "orders",
    ).figures

    assert (figures.calls, figures.ok) == (4, 1)
    assert (figures.errors, figures.throttles, figures.faults) == (2, 1, 1)


def test_a_call_counts_in_the_minute_its_callee_began_or_else_its_caller() -> None:
    shop = segment("shop", start_us=T0_US + MINUTE_US - 1)
    answered = call(shop, "cart")
    late = segment("cart", answered, start_us=T0_US + MINUTE_US)
    unanswered = call(shop, TABLE, start_us=T0_US + MINUTE_US)

    first = mapped(shop, answered, late, unanswered)

    assert ("shop", "orders") in names(first)
    assert ("shop", "cart") not in names(first)


def test_a_subsegment_sent_by_itself_counts_once_its_segment_is_there() -> None:
    shop = segment("shop")
    alone = call(shop, TABLE)
    alone.service = ServiceKey("", "", "")

    assert not mapped(alone).edges
    assert edge(mapped(alone, shop), "shop", "orders").source == service("shop")


def test_a_segment_whose_caller_is_missing_has_no_edge() -> None:
    shop = segment("shop")
    orphan = segment("cart", call(shop, "cart"))

    assert not mapped(orphan).edges
    assert mapped(orphan).by_key[service("cart")].figures.calls == 1


def test_spans_that_are_each_others_parents_do_no_harm() -> None:
    one = plain(SpanKind.SERVER, "a")
    other = plain(SpanKind.SERVER, "b", one)
    one.parent_id = other.id

    found = mapped(one, other)

    assert {node.key.name for node in found.nodes} >= {"a", "b"}


def test_a_consumer_without_a_known_sender_waited_for_nothing() -> None:
    received = plain(SpanKind.CONSUMER, "worker", peer=ServiceKey("", "", "kafka"))

    found = edge(mapped(received), "kafka", "worker")

    assert (found.is_async, found.figures.calls, found.figures.total_us) == (True, 1, 0)


def test_a_consumer_below_its_producer_knows_the_age() -> None:
    kafka = ServiceKey("", "", "kafka")
    sent = plain(SpanKind.PRODUCER, "shop", peer=kafka)
    received = plain(SpanKind.CONSUMER, "worker", sent, peer=kafka)
    received.start_us = (sent.end_us or 0) + 7_000

    found = edge(mapped(sent, received), "kafka", "worker")

    assert found.figures.total_us == 7_000


def test_without_spans_there_is_nothing() -> None:
    assert counted([], 0, 60).nodes == ()
