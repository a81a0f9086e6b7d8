"""The segments of a trace, those that X-Ray made up among them."""

from __future__ import annotations

from apps.tracing.spans.span import ServiceKey, Span
from apps.tracing.traces.filters import parsing
from apps.tracing.traces.filters.evaluating import matches
from apps.tracing.traces.filters.subjects import Subject
from apps.tracing.traces.tracetree import with_inferred
from tests.tracing.traces.spans import ACCOUNT, call, span

QUEUE = ServiceKey(ACCOUNT, "AWS::SQS::Queue", "jobs")


def made_up(key: str, above: str, service: ServiceKey | str = "cart") -> Span:
    return span(key, above, service=service, is_inferred=True)


def names(*spans: Span) -> list[str]:
    return sorted(one.service.name for one in with_inferred(spans).segments)


def test_a_made_up_segment_goes_once_the_service_sent_its_own() -> None:
    spans = [span("a"), call("b", "a", "cart"), made_up("c", "b")]

    assert names(*spans) == ["cart", "web"]
    assert names(*spans, span("d", "b", service="cart")) == ["cart", "web"]
    asked = parsing.read('service("cart") { inferred }')
    assert matches(asked, Subject(spans))
    assert not matches(asked, Subject([*spans, span("d", "b", service="cart")]))


def test_a_queue_stays_beside_the_one_who_received() -> None:
    spans = [span("a"), call("b", "a", QUEUE), made_up("c", "b", QUEUE)]

    assert names(*spans, span("d", "b", service="worker")) == ["jobs", "web", "worker"]
