"""What is offered while a query is typed."""

import pytest

from apps.audit.kinds import TRAIL
from apps.search.completion import (
    Typed,
    field_completions,
    typed_at,
    value_completions,
)


@pytest.mark.parametrize(
    ("query", "typed"),
    [
        ("", Typed(None, "", 0)),
        ("eve", Typed(None, "eve", 0)),
        ("a AND eve", Typed(None, "eve", 6)),
        ("(eve", Typed(None, "eve", 1)),
        ("-eve", Typed(None, "eve", 1)),
        ("eventName:", Typed("eventName", "", 10)),
        ("eventName:As", Typed("eventName", "As", 10)),
        ('eventName:"As su', Typed("eventName", "As su", 10)),
        (r"my\ field:x", Typed("my field", "x", 10)),
        ('done:"yes" ', Typed(None, "", 11)),
    ],
)
def test_knows_what_is_being_typed(query: str, typed: Typed) -> None:
    assert typed_at(query, len(query)) == typed


def test_looks_only_at_what_stands_before_the_cursor() -> None:
    assert typed_at("eventName:As b:c", 12) == Typed("eventName", "As", 10)


def test_fields_that_begin_so_come_before_those_that_contain_it() -> None:
    offered = field_completions(Typed(None, "event", 0), TRAIL, ["my.event"], 50)

    labels = [one.label for one in offered]
    assert labels.index("eventName") < labels.index("my.event")
    assert labels.index("my.event") < labels.index("managementEvent")


def test_fields_are_found_by_the_name_people_use() -> None:
    offered = field_completions(Typed(None, "source addr", 0), TRAIL, [], 5)

    assert [one.insert for one in offered] == ["sourceIPAddress:"]


def test_values_are_quoted_where_the_language_needs_it() -> None:
    offered = value_completions(Typed("f", "", 2), [("plain-1", 9), ('a "b"', 1)])

    assert [one.insert for one in offered] == ["plain-1 ", '"a \\"b\\"" ']
