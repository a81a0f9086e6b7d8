"""Which services talk more than they need to, and what that costs."""

from __future__ import annotations

from typing import Any

import pytest

from apps.tracing.reports import wording
from apps.tracing.reports.caching import candidates
from apps.tracing.reports.chattiness import Finding, Habit, chattiness
from apps.tracing.reports.requests import shape_of
from apps.tracing.spans.span import Http, Outcome, Span, SpanKind
from tests.tracing.shapes import TABLE, call, plain, segment, service, trace_id

MS = 1_000


def request(*calls: tuple[str, int, int], **fields: Any) -> list[Span]:
    """A request of the shop's that took a second, with calls of a cart: what was asked,
    and the milliseconds from and to which it took."""
    shop = segment("shop", **fields)
    shop.end_us = shop.start_us + 1_000 * MS
    return [shop, *(asked(shop, *one) for one in calls)]


def asked(shop: Span, url: str, begin: int, end: int) -> Span:
    return call(
        shop,
        "cart",
        start_us=shop.start_us + begin * MS,
        end_us=shop.start_us + end * MS,
        operation=f"GET {url}",
        namespace="remote",
        http=Http("GET", f"http://cart{url}", 200),
    )


def finding(habit: Habit, *spans: Span) -> Finding:
    (only,) = (one for one in chattiness([spans]).findings if one.habit is habit)
    return only


def habits(*spans: Span) -> set[Habit]:
    return {one.habit for one in chattiness([spans]).findings}


def test_the_same_call_again_could_have_been_one() -> None:
    found = finding(
        Habit.REPEATED,
        *request(("/prices", 0, 10), ("/prices", 10, 30), ("/prices", 40, 50)),
    )

    assert (found.source, found.target.name) == (service("shop"), "cart")
    assert (found.covered_us, found.longest_us) == (40 * MS, 20 * MS)
    assert (found.calls_each, found.saved_each_ms) == (3, 20)
    assert wording.sentence(found) == "shop asks cart 3 times a request for the same"
    assert wording.arithmetic(found.examples[0]) == (
        "3 calls took 40 ms together, less 20 ms that remain: 20 ms of 1 s"
    )


def test_calls_for_one_item_each_could_have_been_a_batch() -> None:
    found = finding(
        Habit.ONE_BY_ONE,
        *request(*((f"/items/{at}", at * 10, at * 10 + 10) for at in range(5))),
    )

    assert found.asked == "GET /items/…"
    assert found.saved_each_ms == 40


def test_reads_of_a_table_are_one_by_one_as_their_keys_are_not_told() -> None:
    shop = segment("shop")
    reads = [
        call(shop, TABLE, start_us=shop.start_us + at, operation="GetItem")
        for at in (0, 100_000, 200_000)
    ]

    assert habits(shop, *reads) == {Habit.ONE_BY_ONE}


def test_calls_at_once_cost_no_more_than_the_longest() -> None:
    spans = request(("/items/1", 0, 30), ("/items/2", 5, 30), ("/items/3", 5, 29))

    assert not chattiness([spans]).findings


def test_calls_in_turn_to_different_things_could_start_together() -> None:
    found = finding(Habit.IN_TURN, *request(("/user", 0, 200), ("/basket", 200, 500)))

    assert found.saved_each_ms == 200
    assert wording.sentence(found) == "shop waits for 2 calls in turn"


def test_calls_that_overlap_are_not_in_turn() -> None:
    assert not habits(*request(("/user", 0, 200), ("/basket", 199, 500)))


def test_waiting_that_hardly_matters_is_no_finding() -> None:
    assert not habits(*request(("/user", 0, 2), ("/basket", 2, 4)))


@pytest.mark.parametrize(
    "http",
    [
        Http("GET", "http://cart/ping", 204),
        Http("GET", "http://cart/ping", 304),
        Http("HEAD", "http://cart/ping", 200),
        Http("GET", "http://cart/ping", 200, response_bytes=0),
    ],
)
def test_round_trips_that_bring_nothing_could_be_left_out(http: Http) -> None:
    spans = request(("/ping", 0, 30))
    spans[1].http = http

    found = finding(Habit.EMPTY, *spans)

    assert (found.saved_each_ms, found.longest_us) == (30, 0)


def test_an_answer_of_unknown_size_is_not_empty() -> None:
    assert not habits(*request(("/ping", 0, 30)))


def test_examples_are_those_that_would_save_most() -> None:
    traces = [
        request(*[("/p", at, at + length) for at in (0, 100, 200)],
                trace_id=trace_id(length))
        for length in (10, 40, 20, 30)
    ]  # fmt: skip

    (found,) = chattiness(traces).findings

    assert [one.trace_id for one in found.examples] == [
        trace_id(40), trace_id(30), trace_id(20),
    ]  # fmt: skip
    assert (found.requests, found.all_requests) == (4, 4)


def test_calls_a_request_are_counted_by_edge() -> None:
    quiet = request(trace_id=trace_id(7))
    talkative = request(*((f"/i/{at}", at, at + 1) for at in range(8)))
    shy = request(("/i/1", 0, 1), ("/i/2", 5, 6), trace_id=trace_id(8))

    (edge,) = chattiness([quiet, talkative, shy]).edges

    assert (edge.requests, edge.all_requests, edge.calls) == (2, 3, 10)
    assert (edge.calls_each, edge.percentile(0.5), edge.percentile(0.95)) == (5, 2, 8)


def test_the_service_that_answered_is_named_and_not_the_address() -> None:
    shop = segment("shop")
    calls = [call(shop, "10.0.0.7:80", start_us=shop.start_us + at) for at in range(3)]
    answers = [segment("cart", one) for one in calls]

    (edge, *_) = chattiness([[shop, *calls, *answers]]).edges

    assert edge.target == service("cart")


def test_spans_of_zipkin_are_judged_alike() -> None:
    web = plain(SpanKind.SERVER, "web")
    inner = plain(SpanKind.UNKNOWN, "web", web)
    calls = [
        plain(SpanKind.CLIENT, "web", inner, peer=TABLE, operation="get",
              start_us=web.start_us + at * 40_000,
              end_us=web.start_us + at * 40_000 + 30_000)
        for at in range(3)
    ]  # fmt: skip

    assert habits(web, inner, *calls) == {Habit.ONE_BY_ONE}


def test_calls_in_progress_are_left_out() -> None:
    spans = request(("/p", 0, 10), ("/p", 10, 20), ("/p", 20, 30))
    spans[1].end_us = None

    assert not habits(*spans)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("GET /orders/7/lines/12", "GET /orders/…/lines/…"),
        ("GET /u/0f8fad5b-d9cb-469f-a165-70867728950e", "GET /u/…"),
        ("SELECT * FROM t1 WHERE id = 5", "SELECT * FROM t1 WHERE id = …"),
        ("SELECT 'it' FROM v2", "SELECT … FROM v2"),
        ("GetItem orders", "GetItem orders"),
    ],
)
def test_a_shape_is_what_stays_the_same(text: str, shape: str) -> None:
    assert shape_of(text) == shape


def test_a_cache_is_replayed_call_by_call() -> None:
    traces = [
        request(("/prices/1", 0, 10), trace_id=trace_id(at),
                start_us=1_795_000_000_000_000 + at * 4_000_000)
        for at in range(12)
    ]  # fmt: skip

    (found,) = candidates(traces)

    # A call every 4 s: kept for 10 s, two of three are answered; for 60 s, 11 of 12.
    assert (found.calls, found.distinct, found.hits) == (12, 1, (8, 11, 11))
    assert found.saved_us == (80 * MS, 110 * MS, 110 * MS)
    assert not found.is_upper_bound
    assert len(found.examples) == 3


def test_a_cache_has_nothing_of_writes_failures_and_ever_new_reads() -> None:
    spans = request(*((f"/item/{at}", at, at + 1) for at in range(20)))
    failed = request(*(("/same", at, at + 1) for at in range(20)))
    for one in failed[1:]:
        one.outcome = Outcome.FAULT
    writes = request(*(("/same", at, at + 1) for at in range(20)))
    for one in writes[1:]:
        one.operation = "PUT /same"

    assert not candidates([spans, failed, writes])


def test_where_keys_are_not_told_a_cache_helps_at_most_so_much() -> None:
    shop = segment("shop")
    reads = [
        call(shop, TABLE, start_us=shop.start_us + at * 100_000, operation="GetItem")
        for at in range(12)
    ]

    (found,) = candidates([[shop, *reads]])

    assert found.is_upper_bound
