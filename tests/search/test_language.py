"""The query language: what text becomes, and what is said where it cannot be read."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.search.language import escaped_field, parse, quoted
from apps.search.syntax import (
    AllOf,
    AnyOf,
    Equals,
    Everything,
    Exists,
    Mark,
    Not,
    QuerySyntaxError,
    Range,
    Wildcard,
    Words,
)


def test_nothing_and_a_lone_star_ask_for_everything() -> None:
    assert parse("") == parse("   ") == parse("*") == Everything()


def test_clauses_side_by_side_must_all_match() -> None:
    assert parse("a b:c") == AllOf((Words("a"), Equals("b", "c", 2)))


def test_operators_in_capitals_join_clauses() -> None:
    assert parse("a AND NOT b") == AllOf((Words("a"), Not(Words("b", 10))))
    assert parse("a OR b") == AnyOf((Words("a"), Words("b", 5)))


def test_signs_demand_and_exclude() -> None:
    assert parse("+a -b") == AllOf((Words("a", 1), Not(Words("b", 4))))


def test_a_field_may_have_several_values() -> None:
    assert parse("n:(a OR b)") == AnyOf((Equals("n", "a", 3), Equals("n", "b", 8)))


def test_stars_and_question_marks_are_wildcards_unless_escaped() -> None:
    assert parse(r"n:a*\*") == Wildcard("n", ("a", Mark.ANY_TEXT, "*"))
    assert parse("?a") == Wildcard(None, (Mark.ONE_CHARACTER, "a"))


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("n:[1 TO 2}", Range("n", "1", "2", True, False)),
        ("n:{* TO 2]", Range("n", None, "2", False, True)),
        ("n:>=5", Range("n", "5", None, True, True)),
        ("n:<5", Range("n", None, "5", True, False)),
        ('n:["a b" TO c]', Range("n", "a b", "c")),
        ("t:[now-1h TO now]", Range("t", "now-1h", "now")),
    ],
)
def test_ranges_include_or_leave_out_their_ends(text: str, node: Range) -> None:
    assert parse(text) == node


def test_a_star_as_value_asks_whether_the_field_is_there() -> None:
    assert parse("n:*") == Exists("n")
    assert parse("_exists_:n") == Exists("n", 9)


@pytest.mark.parametrize(
    "value",
    [
        ["arn:aws:iam::111122223333:role/a", "b"][0],
        "2001:db8::1",
        "10.0.0.0/8",
        "2026-07-01T08:00:00Z",
        "a/b/c",
        "user@example.com",
        "AROA123:session",
    ],
)
def test_values_of_aws_need_no_quotes(value: str) -> None:
    assert parse(f"field:{value}") == Equals("field", value)


@pytest.mark.parametrize(
    ("text", "position", "part"),
    [
        ("(a", 0, "never closed"),
        ("a)", 1, "parenthesis"),
        ('n:"abc', 2, "never closed"),
        ("n:[1 TO", 2, "never closed"),
        ("n:[1 2]", 2, "two ends"),
        ("AND a", 0, "AND"),
        ("a AND", 5, "too early"),
        ("a OR OR b", 5, ""),
        ("a && b", 2, "not an operator"),
        ("n:", 2, ""),
        ("NOT", 3, "too early"),
        ("a^2 b~1 /x/ ok (", 15, "never closed"),
        ("n:(>5 AND <9)", 3, "inside a list of values"),
    ],
)
def test_errors_name_the_place_in_what_was_typed(
    text: str, position: int, part: str
) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse(text)

    assert part in str(caught.value)
    assert caught.value.position == position
    assert f"at character {position + 1}; expected" in str(caught.value)


@given(st.text(max_size=60))
@example('"\\')
@example("((((((((((")
@example("a:b:c:d")
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        parse(text)
    except QuerySyntaxError as error:
        assert 0 <= error.position <= len(text)
        assert error.expected


@given(st.text(min_size=1, max_size=40), st.text(max_size=40))
@example("AND", "OR")
@example("-1.a b", '\\"*')
def test_what_is_escaped_is_read_as_it_was(field: str, value: str) -> None:
    if field in ("*", "_exists_") or "\n" in field:
        return
    assert parse(f"{escaped_field(field)}:{quoted(value)}") == Equals(field, value)


def test_thousands_of_clauses_are_refused_and_not_attempted() -> None:
    with pytest.raises(QuerySyntaxError, match="500"):
        parse(" ".join(["a"] * 600))


@pytest.mark.parametrize(
    "text", ["(" * 1_900 + "a" + ")" * 1_900, "NOT " * 499 + "a", "-" * 500 + "a"]
)
def test_deep_nesting_is_refused_and_does_not_overflow(text: str) -> None:
    with pytest.raises(QuerySyntaxError, match="nested too deeply"):
        parse(text)
