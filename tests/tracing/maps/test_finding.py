"""The language that finds and hides parts of the map."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tracing.maps import finding
from apps.tracing.maps.finding import FindError
from tests.tracing.maps import made

SHOP = made.shop()


def nodes(text: str) -> set[str]:
    found = finding.parse(text)
    return {node.key.name for node in SHOP.nodes if found.node(node, made.HOUR)}


def edges(text: str) -> set[tuple[str, str]]:
    found = finding.parse(text)
    return {
        (edge.source.name, edge.target.name)
        for edge in SHOP.edges
        if found.edge(edge, made.HOUR)
    }


FAILING = {"checkout", "payment-provider-adapter", "api.bank.example"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("checkout", {"checkout"}),
        ("CHECK", {"checkout"}),
        ("api.bank.example", {"api.bank.example"}),
        ("pay*adapter", {"payment-provider-adapter"}),
        ("order*", {"orders", "order-placed"}),
        ('"order-placed"', {"order-placed"}),
        ("name=order", set()),
        ("name=orders", {"orders"}),
        ("name:order name!=orders", {"order-placed"}),
        ("kind:database", {"orders", "stock"}),
        ("kind:lambda", {"payment-provider-adapter", "send-confirmation-mail"}),
        ("type:dynamodb", {"orders"}),
        ("type:AWS::Lambda::Function mail", {"send-confirmation-mail"}),
        ("account:1111 kind:bucket", {"shop-invoices-eu-west-1"}),
        ("is:failing", FAILING),
        ("is:troubled", {"shop-api/prod"}),
        ("is:client", {"web"}),
        ("is:root", {"web"}),
        ("is:silent kind:queue", {"order-placed"}),
        ("calls >= 90", {"web"}),
        ("calls > 1.4/s", {"web", "shop-api/prod"}),
        ("faults > 5%", FAILING),
        ("errors >= 1.5 throttles > 0", {"orders"}),
        ("p95 > 0.7s", {"checkout", "payment-provider-adapter"}),
        ("mean < 10ms", {"orders", "stock"}),
        ("stock or catalogue", {"stock", "catalogue"}),
        ("is:failing not api", {"checkout", "payment-provider-adapter"}),
        ("is:failing and (check or bank)", {"checkout", "api.bank.example"}),
        ("-is:silent name:order", set()),
        ("edge.calls > 1", set()),
        ("is:async", set()),
    ],
)
def test_nodes_are_found_by_what_they_are_and_do(text: str, expected: set[str]) -> None:
    assert nodes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("is:async", {("order-placed", "send-confirmation-mail")}),
        ("edge.to:stock", {("checkout", "stock"), ("catalogue", "stock")}),
        ("edge.from=catalogue", {("catalogue", "stock")}),
        ("edge.from:checkout edge.p95>99", {("checkout", "payment-provider-adapter")}),
        ("edge.faults > 11%", {("checkout", "payment-provider-adapter"),
                               ("payment-provider-adapter", "api.bank.example")}),
        ("checkout", set()),
        ("not checkout", set()),
    ],
)  # fmt: skip
def test_edges_are_found_only_where_edges_are_asked_for(
    text: str, expected: set[tuple[str, str]]
) -> None:
    assert edges(text) == expected


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("", 0, "Something is missing"),
        ("a or", 4, "Something is missing"),
        ("(a", 2, "Something is missing"),
        ("a )", 2, "cannot stand"),
        ("foo:1", 0, "no field foo"),
        ("x p95 > soon", 8, "no number for p95"),
        ("errors > 3ms", 9, "no number for errors"),
        ("p95 > 3%", 6, "no number for p95"),
        ("name > 3", 7, "name is no number"),
        ("is:purple", 3, "Nothing is purple"),
        ("edge.name:x", 0, "no field edge.name"),
        ("p95 > ", 6, "Something is missing"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(
    text: str, position: int, said: str
) -> None:
    with pytest.raises(FindError, match=said) as caught:
        finding.parse(text)

    assert caught.value.position == position


def test_too_long_and_too_deep_are_refused() -> None:
    with pytest.raises(FindError, match="too long"):
        finding.parse("a" * 501)
    with pytest.raises(FindError, match="too deeply"):
        finding.parse("not " * 60 + "a")


def test_a_pattern_of_a_name_is_no_expression_of_its_own() -> None:
    assert nodes("'.*'") == set()
    assert nodes("shop-api/p*") == {"shop-api/prod"}


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = finding.parse(text)
    except FindError as error:
        assert 0 <= error.position <= len(text)
    else:
        found.node(SHOP.nodes[0], made.HOUR)
        found.edge(SHOP.edges[0], made.HOUR)
