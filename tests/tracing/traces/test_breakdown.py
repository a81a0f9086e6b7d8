"""Where traces differ from the rest."""

from __future__ import annotations

from typing import Any

import pytest

from apps.tracing.spans.span import Http, Outcome, Span
from apps.tracing.traces.breakdown import (
    Breakdown,
    Shared,
    count,
    expression_of,
    pairs_of,
)
from apps.tracing.traces.filters.evaluating import matches
from apps.tracing.traces.filters.parsing import read
from apps.tracing.traces.filters.subjects import Subject
from tests.tracing.traces.spans import call, span


def _trace(version: str, *more: Span, **fields: Any) -> list[Span]:
    return [span("root", annotations={"version": version}, **fields), *more]


def _values(found: Breakdown, name: str) -> dict[str, Shared]:
    return {one.value: one for one in dict(found.fields).get(name, ())}


def test_what_those_selected_share_comes_first_with_counts() -> None:
    slow = [(_trace("2.4.1"), True)] * 9 + [(_trace("2.4.0"), True)]
    rest = [(_trace("2.4.0"), False)] * 30 + [(_trace("2.4.1"), False)] * 10

    found = count([*slow, *rest])

    assert (found.selected, found.rest) == (10, 40)
    assert found.fields[0][0] == "Version"
    new = _values(found, "Version")["version=2.4.1"]
    assert (new.among, new.elsewhere) == (9, 10)
    assert new.difference == pytest.approx(0.9 - 0.25)
    assert new.expression == 'annotation["version"] = "2.4.1"'


def test_what_is_as_frequent_on_both_sides_is_left_out() -> None:
    found = count([(_trace("1"), True)] * 5 + [(_trace("1"), False)] * 50)

    assert found.fields == ()


def test_what_occurred_once_tells_nothing() -> None:
    found = count([(_trace("1", user="ann"), True), (_trace("1"), False)])

    assert found.fields == ()


def test_a_trace_counts_once_however_often_it_has_a_value() -> None:
    calls = [call(f"c{at}", "root", "db", operation="select") for at in range(30)]
    found = count([(_trace("1", *calls), True)] * 2 + [(_trace("1"), False)] * 2)

    assert _values(found, "Call")["web → db · select"].among == 2


_FAILED = [
    span(
        "root",
        user="ann",
        availability_zone="eu-west-1c",
        instance_id="i-7",
        http=Http("GET", "https://shop/cart", 503),
        outcome=Outcome.FAULT,
        annotations={"tier": "gold", "size": 3, "paid": False, "version": "2"},
    ),
    call(
        "c",
        "root",
        "db",
        operation="select 1",
        http=Http(status=404),
        outcome=Outcome.ERROR,
    ),
]


@pytest.mark.parametrize(
    "pair",
    [
        ("Service", "web"),
        ("User", "ann"),
        ("Zone", "eu-west-1c"),
        ("Instance", "i-7"),
        ("HTTP status", "web 503"),
        ("Failed in", "web: fault"),
        ("Failed in", "web → db: error"),
        ("HTTP status", "web → db 404"),
        ("Call", "web → db · select 1"),
        ("annotation.tier", "gold"),
        ("annotation.size", "3"),
        ("annotation.paid", "false"),
        ("Version", "version=2"),
    ],
)
def test_a_value_filters_for_the_traces_that_have_it(pair: tuple[str, str]) -> None:
    assert pair in set(pairs_of(_FAILED))
    expression = read(expression_of(pair))

    assert matches(expression, Subject(_FAILED))
    assert not matches(expression, Subject([span("other", service="mail")]))


def test_hostile_values_stay_texts() -> None:
    value = 'x" OR user = "y\\'

    assert matches(
        read(expression_of(("User", value))), Subject([span("a", user=value)])
    )
