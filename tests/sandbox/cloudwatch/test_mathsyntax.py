"""How metric math is read."""

from __future__ import annotations

import pytest

from sandbox.cloudwatch.mathsyntax import (
    Apply,
    Array,
    MathError,
    Name,
    Negate,
    Number,
    Operation,
    Text,
    names_in,
    parse,
)


def test_products_bind_more_than_sums() -> None:
    assert parse("1+2*3") == Operation(
        "+", Number(1), Operation("*", Number(2), Number(3))
    )


def test_differences_are_taken_from_the_left() -> None:
    assert parse("3-2-1") == Operation(
        "-", Operation("-", Number(3), Number(2)), Number(1)
    )


def test_a_power_binds_more_than_a_sign() -> None:
    assert parse("-2^2") == Negate(Operation("^", Number(2), Number(2)))


def test_comparisons_bind_more_than_and_and_and_more_than_or() -> None:
    node = parse("m1 > 1 AND m2 < 2 || m3 == 3")

    assert isinstance(node, Operation)
    assert node.operator == "OR"
    assert isinstance(node.left, Operation)
    assert node.left.operator == "AND"


def test_functions_take_arrays_texts_and_words() -> None:
    assert parse("FILL([m1, m2], REPEAT)") == Apply(
        "FILL", (Array((Name("m1", 6), Name("m2", 10))), Name("REPEAT", 15)), 0
    )
    assert parse("METRICS('er\\'r')") == Apply("METRICS", (Text("er'r"),), 0)


def test_names_are_found_everywhere() -> None:
    node = parse("SUM([a, -b]) / (c + IF(d, 1))")

    assert [name.value for name in names_in(node)] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Unexpected end of expression at position 0"),
        ("m1 +", "Unexpected end of expression at position 4"),
        ("m1 m2", "Unexpected token 'm2' at position 3"),
        ("(m1", "Unexpected end of expression at position 3"),
        ("m1 ; m2", "Unexpected character ';' at position 3"),
        ("SUM(m1,)", "Unexpected token ')' at position 7"),
        ("* 2", "Unexpected token '*' at position 0"),
    ],
)
def test_faults_are_told_with_their_position(text: str, said: str) -> None:
    with pytest.raises(MathError, match="position") as caught:
        parse(text)

    assert str(caught.value) == said


@pytest.mark.parametrize(
    "text",
    ["(" * 500 + "1" + ")" * 500, "-" * 500 + "1", "^".join("2" * 500), "ABS(" * 500],
)
def test_what_is_nested_too_deeply_is_refused(text: str) -> None:
    with pytest.raises(MathError, match="Nested too deeply"):
        parse(text)


def test_a_sum_may_be_as_long_as_an_expression() -> None:
    assert len(names_in(parse("+".join("m" * 1_024)))) == 1_024
