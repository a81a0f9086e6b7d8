"""What a call costs, by the rule that up to five statistics of a metric are one."""

import pytest

from apps.monitoring.metrics.prices import affordable, billed, dollars, stretched

HOUR = 3_600


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ([("a", 1)], 1),
        ([("a", 5)], 1),
        ([("a", 6)], 2),
        ([("a", 4), ("a", 1)], 1),
        ([("a", 4), ("b", 4)], 2),
        ([], 0),
    ],
)
def test_five_statistics_of_a_metric_are_billed_as_one(
    asked: list[tuple[str, int]], expected: int
) -> None:
    assert billed(asked) == expected


def test_twenty_metrics_every_five_minutes_for_a_month() -> None:
    """What site24x7 states for it: $1.73."""
    polls = 30 * 24 * 12

    assert round(dollars(20 * polls, 0.01), 2) == 1.73


def test_a_dollar_pays_for_a_hundred_thousand() -> None:
    assert affordable(1, 0.01) == 100_000
    assert affordable(0.07, 0.01) == 7_000
    assert affordable(0, 0.01) == 0


def test_what_costs_nothing_has_no_end() -> None:
    assert affordable(0, 0) > 10**15


def test_nothing_is_slowed_down_while_the_budget_lasts() -> None:
    assert stretched(1, 1, 2 * 24 * HOUR, 24 * HOUR) == 1


def test_what_nobody_watches_is_slowed_down_to_keep_to_the_budget() -> None:
    assert stretched(1, 1, 1.5 * 24 * HOUR, 24 * HOUR) == 2
    assert stretched(1, 1, 1.1 * 24 * HOUR, 24 * HOUR) == 12
    assert stretched(2, 1, 24 * HOUR, 24 * HOUR) == 12
