"""The path to what failed, and to where the time went."""

from __future__ import annotations

from apps.tracing.spans.span import Outcome, SpanException
from apps.tracing.traces.rootcauses import failures, slowness
from apps.tracing.traces.tracetree import with_inferred
from tests.tracing.traces.spans import call, service, span

FAULT = Outcome.FAULT


def test_a_failure_is_traced_to_the_deepest_spans_that_failed() -> None:
    thrown = (SpanException("Timeout", "no stock left"),)
    tree = with_inferred(
        [
            span("web", outcome=FAULT),
            call("c1", "web", "orders", outcome=FAULT, name="orders"),
            span("orders", "c1", service="orders", outcome=FAULT, exceptions=thrown),
            call("c2", "web", "mail", at=50, outcome=FAULT, name="mail"),
        ]
    )

    found = failures(tree, FAULT)

    assert [one.names for one in found] == [
        (("web", ("web", "orders")), ("orders", ("orders",))),
        (("web", ("web", "mail")), ("mail", ("mail",))),
    ]
    assert found[0].reaches_client
    assert found[0].guilty.exceptions == thrown
    assert [one.is_inferred for one in found[1].services] == [False, True]


def test_a_failure_that_was_handled_does_not_reach_the_client() -> None:
    tree = with_inferred([span("web"), span("job", "web", outcome=FAULT)])

    assert [one.reaches_client for one in failures(tree, FAULT)] == [False]
    assert failures(tree, Outcome.ERROR) == []


def test_slowness_goes_on_into_what_took_most_of_the_time() -> None:
    table = service("carts", "AWS::DynamoDB::Table")
    tree = with_inferred(
        [
            span("web", ms=1_000),
            call("slow", "web", table, ms=700, name="DynamoDB"),
            call("quick", "web", table, ms=300, name="DynamoDB"),
        ]
    )

    found = slowness(tree)

    assert found is not None
    assert found.names == (("web", ("web", "DynamoDB")), ("carts", ("DynamoDB",)))
    assert [entity.coverage for one in found.services for entity in one.entities] == [
        1.0,
        0.7,
        0.7,
    ]


def test_nothing_is_said_of_slowness_while_something_goes_on() -> None:
    assert slowness(with_inferred([span("web"), span("job", "web", ms=None)])) is None


def test_spans_that_are_parents_of_each_other_have_an_end() -> None:
    tree = with_inferred([span("a", "b", outcome=FAULT), span("b", "a", outcome=FAULT)])

    assert len(tree.spans) == 2
    assert len(failures(tree, FAULT)) == 1
