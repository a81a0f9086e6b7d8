"""What is read next of a group follows from how far it was read, and from the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.discovery.coverage import Interval
from apps.monitoring.logs.windows import (
    LEAST_OVERLAP,
    SETTLE,
    Kind,
    Progress,
    Reading,
    next_reading,
    next_time,
)

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
DAY_BEFORE = NOW - timedelta(days=1)


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def progress(*covered: tuple[datetime, datetime], **fields: Any) -> Progress:
    """Of a group that has nothing due but what the fields say."""
    settled: dict[str, Any] = {
        "collect_since": DAY_BEFORE,
        "covered": [Interval(*one) for one in covered],
        "fast_until": NOW,
        "hourly_at": NOW,
        "nightly_at": NOW,
        "active_at": NOW,
    }
    return Progress(**{**settled, **fields})


def test_what_settled_is_not_what_is_newest() -> None:
    found = next_reading(progress((DAY_BEFORE, ago(minutes=8))), NOW)

    assert found is not None
    assert found.covers == Interval(ago(minutes=8) - LEAST_OVERLAP, NOW - SETTLE)
    assert found.until > NOW


def test_the_newest_gap_comes_first() -> None:
    covered = ((DAY_BEFORE, ago(hours=10)), (ago(hours=9), ago(hours=5)))

    found = next_reading(progress(*covered), NOW)

    assert found is not None
    assert found.since == ago(hours=5) - LEAST_OVERLAP


def test_a_long_gap_is_read_in_windows() -> None:
    found = next_reading(progress(), NOW)

    assert found is not None
    assert NOW - SETTLE - found.since == timedelta(hours=6)


def test_nothing_is_read_from_before_it_is_wanted() -> None:
    found = next_reading(progress(collect_since=ago(minutes=30)), NOW)

    assert found is not None
    assert found.since == ago(minutes=30)


def test_nothing_is_due_right_after_a_window() -> None:
    done = progress((DAY_BEFORE, NOW - SETTLE))

    assert next_reading(done, NOW) is None
    assert next_time(done, NOW) == NOW + timedelta(seconds=15)


def test_what_was_begun_is_ended_first() -> None:
    begun = Reading(Kind.HOURLY, ago(hours=6), ago(hours=1), ago(minutes=1), "token")

    assert next_reading(progress(begun=begun), NOW) is begun


def test_fresh_lines_do_not_wait_for_a_long_window() -> None:
    begun = Reading(Kind.NEW, ago(hours=6), ago(hours=1), ago(minutes=1), "token")

    found = next_reading(progress(begun=begun, fast_until=ago(seconds=20)), NOW)

    assert found is not None
    assert found.kind is Kind.FAST
    assert found.since == ago(seconds=50)
    assert found.covers is None


@pytest.mark.parametrize(
    ("silent", "every"), [(10, 15), (60, 15), (600, 60), (1_800, 180), (9_000, 300)]
)
def test_a_silent_group_is_asked_less_often(silent: float, every: float) -> None:
    group = progress(active_at=ago(seconds=silent))

    assert group.fast_every(NOW) == timedelta(seconds=every)


def test_one_that_is_looked_at_is_asked_every_five_seconds() -> None:
    group = progress(active_at=DAY_BEFORE, looked_at=ago(seconds=30))

    assert group.fast_every(NOW) == timedelta(seconds=5)


def test_where_a_subscription_delivers_polling_only_checks() -> None:
    group = progress((DAY_BEFORE, ago(minutes=14)), is_delivered=True, fast_until=None)

    assert group.fast_every(NOW) is None
    assert next_reading(group, NOW) is None
    assert next_reading(group, NOW + timedelta(minutes=3)) is not None


@pytest.mark.parametrize(
    ("fields", "kind", "reach"),
    [
        ({"hourly_at": ago(hours=1)}, Kind.HOURLY, timedelta(hours=6)),
        ({"nightly_at": ago(hours=24)}, Kind.NIGHTLY, timedelta(hours=48)),
    ],
)
def test_sweeps_read_covered_time_again(
    fields: dict[str, Any], kind: Kind, reach: timedelta
) -> None:
    since = ago(days=9)
    swept = progress((since, NOW - SETTLE), collect_since=since, **fields)

    found = next_reading(swept, NOW)

    assert found == Reading(kind, NOW - reach, NOW - SETTLE, NOW)


def test_a_sweep_waits_until_nothing_is_missing() -> None:
    """Or lines that were never read would count as found late."""
    covered = ((DAY_BEFORE, ago(hours=3)), (ago(hours=2), NOW - SETTLE))

    found = next_reading(progress(*covered, hourly_at=ago(hours=2)), NOW)

    assert found is not None
    assert (found.kind, found.until) == (Kind.NEW, ago(hours=2))
