"""Filter expressions: what can be read, and what is said of the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tracing.traces.filters.parsing import parse, read
from apps.tracing.traces.filters.syntax import (
    AllOf,
    AnyOf,
    Condition,
    EdgeFilter,
    FilterError,
    NodeName,
    Not,
    ServiceFilter,
)
from tests.conftest import cases_folder


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "documented" in metafunc.fixturenames:
        path = cases_folder() / "patterns" / "xray_filter.json"
        found = json.loads(path.read_text()) if path.exists() else []
        metafunc.parametrize("documented", found)


@pytest.mark.cases
def test_documented_expressions_are_read_and_broken_ones_are_not(
    documented: dict[str, Any],
) -> None:
    if documented["valid"]:
        parse(documented["expression"])
        return
    with pytest.raises(FilterError, match="at character \\d+; expected"):
        parse(documented["expression"])


OK, FAULT, USER = Condition("ok"), Condition("fault"), Condition("user")


@pytest.mark.parametrize(
    ("expression", "tree"),
    [
        ("ok fault", AllOf((OK, FAULT))),
        ("OK and Fault", AllOf((OK, FAULT))),
        ("ok AND fault OR user", AnyOf((AllOf((OK, FAULT)), USER))),
        ("ok (fault OR user)", AllOf((OK, AnyOf((FAULT, USER))))),
        ("!ok NOT fault", AllOf((Not(OK), Not(FAULT)))),
        ("!(ok)", Not(OK)),
        ("!!ok", OK),
        ("duration<3", Condition("duration", "<", 3.0)),
        ("responseTime >= -1.5e2", Condition("responsetime", ">=", -150.0)),
        ("ok = TRUE", Condition("ok", "=", True)),
        (r'user = "a \"b\""', Condition("user", "=", 'a "b"')),
        ("user='x' ok", AllOf((Condition("user", "=", "x"), OK))),
        ("name = traces", Condition("name", "=", "traces")),
        ("user contains ''", Condition("user", "CONTAINS", "")),
        ("annotation.Key-1 = 3", Condition("annotation.Key-1", "=", 3.0)),
        ("annotation[a.b] = true", Condition("annotation.a.b", "=", True)),
        ("annotation['a b']", Condition("annotation.a b")),
        ("orders = 1", Condition("orders", "=", 1.0)),
        ("service()", ServiceFilter(NodeName())),
        ('service("a"){ok}', ServiceFilter(NodeName("a"), OK)),
        ('id(type: "T")', ServiceFilter(NodeName(type="T"))),
        (
            'edge("a", id(account.id: "1", name: "b")) { fault }',
            EdgeFilter(NodeName("a"), NodeName("b", None, "1"), FAULT),
        ),
    ],
)
def test_an_expression_means(expression: str, tree: object) -> None:
    assert parse(expression) == tree


@pytest.mark.parametrize(
    ("expression", "position", "expected"),
    [
        ("", 0, "a keyword"),
        ("fault AND", 9, "a keyword"),
        ("fault )", 6, "the end"),
        ("(ok", 3, "a closing )"),
        ("service('x') { fault", 20, "the closing }"),
        ("service(3)", 8, "a text in quotation marks"),
        ('edge("a" "b")', 9, "a comma"),
        ("http.url =", 10, "a text in quotation marks"),
        ("duration > 'long'", 9, "a number"),
        ("ok = 3", 3, "true or false"),
        ("ok CONTAINS 'x'", 3, "true or false"),
        ("annotation.a CONTAINS 3", 13, "a text"),
        ("durations > 3", 0, "duration"),
        ("service('x') { color }", 15, "a keyword"),
        ("id(foo: 'x')", 3, "name, type and account.id"),
        ("id(name: 'x', name: 'y')", 14, "each at most once"),
        ("rootcause.responsetime.exception", 0, "rootcause.responsetime.service"),
        ("rootcause.json = 3", 17, "JSON"),
        ("rootcause.json = #[{}]", 15, "Services"),
        ("@", 0, "a keyword"),
        ("(" * 60 + "ok" + ")" * 60, 50, "at most 50 levels"),
        ("ok " * 2_000, 4_000, "at most 4,000 characters"),
    ],
)
def test_an_error_names_the_place_and_what_was_expected(
    expression: str, position: int, expected: str
) -> None:
    with pytest.raises(FilterError) as caught:
        read(expression)

    assert caught.value.position == position
    assert expected in caught.value.expected
    assert f"at character {position + 1}; expected" in str(caught.value)


_WORDS = st.sampled_from(
    [
        "ok",
        "!",
        "(",
        ")",
        "{",
        "}",
        "AND",
        "or",
        "not",
        "duration",
        "<",
        "=",
        "3",
        '"x"',
        "service(",
        "edge(",
        "id(",
        "name:",
        ",",
        "#",
        "[",
        "]",
        "json",
        "annotation",
        "'",
    ]
)


@given(st.lists(_WORDS, max_size=12).map(" ".join) | st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_place_in_it(text: str) -> None:
    try:
        parse(text)
    except FilterError as error:
        assert 0 <= error.position <= len(text)
