"""Labels are matched as Alertmanager matches them, in time linear in the text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.notifications.matching import (
    Matcher,
    MatcherInvalid,
    all_match,
    as_text,
    parse,
)
from apps.monitoring.notifications.windows import Weekly

LABELS = {"severity": "high", "service": "shop-api", "account": "111122223333"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", True),
        ('severity="high"', True),
        ("severity=high, service=shop-api", True),
        ("severity=high\nservice=other", False),
        ('severity!="high"', False),
        ('service=~"shop-.*"', True),
        ('service=~"shop"', False),
        ('service!~"cart.*"', True),
        ('severity=~"critical|high"', True),
        ('resource=""', True),
        ('resource!=""', False),
        ('resource=~".+"', False),
    ],
)
def test_conditions_hold_or_not(text: str, *, holds: bool) -> None:
    assert all_match(parse(text), LABELS) is holds


@pytest.mark.parametrize(
    "text",
    ["severity", "=x", 'a="b" c="d"', 'a=~"("', 'a=~"' + "x" * 300 + '"', "é=1",
     ",".join(["a=b"] * 30), "a=" + "b" * 3_000],
)  # fmt: skip
def test_what_is_no_condition_is_refused_with_a_place_or_a_reason(text: str) -> None:
    with pytest.raises(MatcherInvalid, match=r"\w"):
        parse(text)


@given(
    st.lists(
        st.builds(
            Matcher,
            st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True),
            st.sampled_from(("=", "!=")),
            st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20),
        ),
        max_size=5,
    )
)
def test_what_is_written_is_read_back(matchers: list[Matcher]) -> None:
    assert parse(as_text(matchers)) == tuple(matchers)


def test_an_expression_that_ruins_others_takes_no_time() -> None:
    evil = Matcher("service", "=~", "(a+)+$")

    assert not evil.matches({"service": "a" * 100_000 + "!"})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-07-06T21:59", None),
        ("2026-07-06T22:00", "2026-07-07T06:00"),
        ("2026-07-07T05:59", "2026-07-07T06:00"),
        ("2026-07-07T06:00", None),
        ("2026-07-07T23:00", None),
    ],
)
def test_a_window_may_end_on_the_next_day(moment: str, end: str | None) -> None:
    monday_night = Weekly((0,), 22 * 60, 8 * 60)

    assert monday_night.until(at(moment)) == (at(end) if end else None)


def test_a_window_is_at_the_same_hour_of_its_zone_in_summer_and_winter() -> None:
    morning = Weekly((0, 1, 2, 3, 4, 5, 6), 6 * 60, 60, "Europe/Berlin")

    assert morning.until(at("2026-07-01T04:30")) == at("2026-07-01T05:00")
    assert morning.until(at("2026-01-01T04:30")) is None
    assert morning.until(at("2026-01-01T05:30")) == at("2026-01-01T06:00")
