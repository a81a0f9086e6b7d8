"""A page's state and its URL say the same."""

from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.audit.kinds import TRAIL
from apps.search.engines.base import SortOrder
from apps.search.explorestate import ExploreState, Filter, exact_clause
from apps.search.language import parse
from apps.search.syntax import AllOf, Equals, Not, QuerySyntaxError

NOW = datetime(2026, 7, 8, tzinfo=UTC)
WORDS = st.text(min_size=1, max_size=20).map(str.strip).filter(bool)


def read(url: str) -> ExploreState:
    return ExploreState.read(parse_qs(url.removeprefix("?"), keep_blank_values=True))


@given(WORDS, st.lists(WORDS, max_size=3), st.booleans(), st.booleans())
def test_a_state_survives_its_url(
    query: str,
    clauses: list[str],
    negated: bool,
    disabled: bool,
) -> None:
    plain = [clause for clause in clauses if clause[0] not in "-~"]
    state = ExploreState(
        q=query,
        filters=tuple(Filter(clause, negated, disabled) for clause in plain),
        since="2026-07-01",
        columns=("eventName", "awsRegion"),
        sort=SortOrder.OLDEST,
        accounts=("111122223333",),
        row="id.1",
    )

    assert read(state.url_query()) == state


def test_what_is_the_default_is_not_in_the_url() -> None:
    assert ExploreState().url_query() == "?"


def test_unknown_and_broken_parameters_are_ignored() -> None:
    assert read("?nonsense=1&sort=sideways&f=&cols=,,") == ExploreState()


def test_filters_join_the_query_unless_switched_off() -> None:
    state = read("?q=a:1&f=b:2&f=-c:3&f=~d:4")

    assert state.node() == AllOf(
        (Equals("a", "1"), Equals("b", "2"), Not(Equals("c", "3")))
    )


def test_a_filter_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(QuerySyntaxError):
        read("?f=(").request(TRAIL, None, NOW, 1.0)


def test_the_scope_never_exceeds_what_may_be_seen() -> None:
    state = read("?account=1,2")

    assert state.scope(None).accounts == frozenset("12")
    assert state.scope(frozenset(("2", "3"))).accounts == frozenset("2")
    assert ExploreState().scope(frozenset("3")).accounts == frozenset("3")
    assert state.scope(frozenset()).accounts == frozenset()


@given(WORDS)
def test_an_exact_clause_means_exactly_that_value(value: str) -> None:
    assert parse(exact_clause(TRAIL, "userAgent", value)) == Equals(
        "userAgent.keyword", value
    )
    assert parse(exact_clause(TRAIL, "a b.c", value)) == Equals("a b.c", value)


def test_a_chip_links_to_each_of_its_changes() -> None:
    (chip,) = read("?f=a:1&row=x").chips()

    assert read(chip.negated_url).filters == (Filter("a:1", is_negated=True),)
    assert read(chip.disabled_url).filters == (Filter("a:1", is_disabled=True),)
    assert read(chip.removed_url) == ExploreState()
