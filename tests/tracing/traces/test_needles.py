"""Texts looked for in outlines never leave out a trace that matches."""

from __future__ import annotations

import pytest

from apps.tracing.spans.outlines import mentions, packed
from apps.tracing.spans.span import Http, Outcome, SpanException
from apps.tracing.traces.filters.evaluating import matches
from apps.tracing.traces.filters.needles import needles
from apps.tracing.traces.filters.parsing import read
from apps.tracing.traces.filters.subjects import Subject
from tests.tracing.traces.spans import call, service, span

_SPANS = [
    span(
        "a",
        name="web",
        user='ann "é"',
        http=Http("GET", "https://shop/a?b=1", 500),
        annotations={"tier": "gold", "size": 3},
        outcome=Outcome.FAULT,
        exceptions=(SpanException("Timeout", "no \n answer"),),
    ),
    call("b", "a", service("carts", "AWS::DynamoDB::Table"), name="DynamoDB"),
]


@pytest.mark.parametrize(
    "expression",
    [
        r'user = "ann \"é\""', 'http.url CONTAINS "a?b"', "annotation.tier = 'gold'",
        "annotation.size > 2", "annotation[tier]", "service('web')",
        "service('carts') { inferred }", "edge('web', 'carts')",
        "edge(id(type: 'client'), 'web')", "id(type: 'AWS::DynamoDB::Table')",
        "rootcause.fault.exception { name = 'Timeout' message BEGINSWITH 'no' }",
        "rootcause.fault.entity { name = 'web' }", "name = 'carts' type CONTAINS 'DB'",
        "user = 'bob' OR fault", "!service('bob')", "user != 'bob'", "user CONTAINS ''",
    ],
)  # fmt: skip
def test_what_matches_is_mentioned(expression: str) -> None:
    node = read(expression)

    assert matches(node, Subject(_SPANS))
    assert mentions(packed(_SPANS), needles(node))


@pytest.mark.parametrize(
    "expression",
    [
        "user = 'bob'",
        "fault service('stock')",
        "annotation.age",
        "edge('web', 'nobody')",
    ],
)
def test_what_is_nowhere_written_is_not_read(expression: str) -> None:
    assert not mentions(packed(_SPANS), needles(read(expression)))
