"""Filter expressions as they are read: trees, and sentences about what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.kernel.errors import ApiError
from sandbox.xray.filterlanguage import (
    CauseFilter,
    Condition,
    EdgeFilter,
    Either,
    Every,
    Name,
    Node,
    Not,
    ServiceFilter,
    parse,
    unknown_keywords,
)
from tests.conftest import cases_folder

OK, FAULT = Condition("ok"), Condition("fault")


@pytest.mark.parametrize(
    ("expression", "tree"),
    [
        ("ok", OK),
        ("OK", OK),
        ("!ok", Not(OK)),
        ("NOT ok", Not(OK)),
        ("ok = false", Condition("ok", "=", False)),
        ("responseTime > 5", Condition("responsetime", ">", 5.0)),
        ("duration <3", Condition("duration", "<", 3.0)),
        ("responsetime >= .5", Condition("responsetime", ">=", 0.5)),
        ("http.status != 200", Condition("http.status", "!=", 200.0)),
        ('user CONTAINS ""', Condition("user", "contains", "")),
        ('http.url beginswith "a"', Condition("http.url", "beginswith", "a")),
        ("http.url ENDSWITH 'a'", Condition("http.url", "endswith", "a")),
        (r'user = "a\"b"', Condition("user", "=", 'a"b')),
        ("annotation.Age", Condition("annotation.Age")),
        ("annotation[Age] > 29", Condition("annotation.Age", ">", 29.0)),
        ('annotation["my key"]', Condition("annotation.my key")),
        ("annotation.paid = true", Condition("annotation.paid", "=", True)),
        ('group.name = "slow"', Condition("group.name", "=", "slow")),
        ("name = traces", Condition("name", "=", "traces")),
        ("ok AND fault", Every((OK, FAULT))),
        ("ok && fault", Every((OK, FAULT))),
        ("ok fault", Every((OK, FAULT))),
        ("ok !fault", Every((OK, Not(FAULT)))),
        ("ok or fault", Either((OK, FAULT))),
        ("ok || fault", Either((OK, FAULT))),
        ("ok OR fault AND ok", Either((OK, Every((FAULT, OK))))),
        ("(ok OR fault) AND ok", Every((Either((OK, FAULT)), OK))),
        ("service()", ServiceFilter(Name())),
        ('service("a")', ServiceFilter(Name("a"))),
        ('service("a") { fault }', ServiceFilter(Name("a"), FAULT)),
        ('service(id(type: "T"))', ServiceFilter(Name(None, "T"))),
        ('id(name: "a", account.id: "1")', ServiceFilter(Name("a", None, "1"))),
        ('edge("a", "b")', EdgeFilter(Name("a"), Name("b"))),
        ('edge(id(name:"a"), "b") {ok}', EdgeFilter(Name("a"), Name("b"), OK)),
        ("rootcause.fault.service", CauseFilter("rootcause.fault.service")),
        ("rootcause.error.entity { ok }", CauseFilter("rootcause.error.entity", OK)),
    ],
)
def test_an_expression_is_a_tree(expression: str, tree: Node) -> None:
    assert parse(expression) == tree


def test_json_names_root_causes() -> None:
    entity = [{"Name": "get_temperature"}]
    cause: list[Any] = [{"Services": [{"Name": "Weather", "EntityPath": entity}]}]

    assert parse(f"rootcause.json = #{json.dumps(cause)} AND ok") == Every(
        (Condition("rootcause.json", "=", cause), OK)
    )


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "expected a keyword at position 0, but found the end"),
        ("   ", "found the end"),
        ("ok AND", "found the end"),
        ("AND ok", "expected a keyword"),
        ("ok )", "expected the end at position 3"),
        ("(ok", r"expected '\)'"),
        ("= 5", "expected a keyword"),
        ("duration >", "lacks a value"),
        ("duration > fast", "compared with a number"),
        ('duration > "5"', "compared with a number"),
        ("duration CONTAINS 5", "compared with a number"),
        ("fault = 1", "with true or false"),
        ("fault > true", "with true or false"),
        ('http.url > "a"', "text in quotation marks"),
        ("http.url = 5", "text in quotation marks"),
        ("annotation.a CONTAINS 5", "CONTAINS needs text"),
        ("annotation[]", "key is missing"),
        ('user = "open', "unexpected '\"' at position 7"),
        ("user = $", "unexpected"),
        ("service(web)", "the name of a service"),
        ('service("a"', r"expected '\)'"),
        ('service("a") { ok', "expected '}'"),
        ('edge("a")', "expected ','"),
        ('id(host: "a")', "id.. takes a name"),
        ('id(name: "a", name: "b")', "id.. takes a name"),
        ("id(name: a)", "quotation marks"),
        ('host("a")', "no function host"),
        ("rootcause.json = #[", "no JSON"),
        ("rootcause.json = #[7]", "names of services"),
        ("rootcause.json = 7", "names of services"),
        ("(" * 60 + "ok" + ")" * 60, "nested deeper than 50"),
    ],
)
def test_what_is_wrong_is_said(expression: str, said: str) -> None:
    with pytest.raises(ApiError, match=said) as caught:
        parse(expression)
    assert caught.value.code == "InvalidRequestException"


def test_keywords_that_x_ray_has_not_are_found_at_any_depth() -> None:
    node = parse('ok AND !(colour OR service("a") { size > 3 }) rootcause.fault.entity')

    assert unknown_keywords(node) == {"colour", "size"}
    assert unknown_keywords(parse('annotation.colour = "red"')) == set()


@given(st.text(alphabet='ok fault service("a"){}![]<>=&|#.:,5-\\', max_size=40))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        parse(text)
    except ApiError as error:
        assert error.message.startswith("Invalid filter expression: ")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test of each expression that the cases hold."""
    if "case" in metafunc.fixturenames:
        file = cases_folder() / "patterns" / "xray_filter.json"
        found = json.loads(file.read_text()) if file.exists() else []
        ids = [f"{at}-{case['expression'][:40]}" for at, case in enumerate(found)]
        metafunc.parametrize("case", found, ids=ids)


@pytest.mark.cases
def test_expressions_of_the_guide(case: dict[str, Any]) -> None:
    try:
        parse(case["expression"])
        is_valid = True
    except ApiError:
        is_valid = False

    assert is_valid is case["valid"], case["note"]
