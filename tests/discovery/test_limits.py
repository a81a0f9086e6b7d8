"""Calls of a limited operation are spread out, over all who call."""

import pytest

from apps.discovery.limits import Pace, hold_off, points_pace, reserve

pytestmark = pytest.mark.django_db


@pytest.fixture
def pace() -> Pace:
    made = Pace.of("111122223333", "eu-west-1", "cloudtrail.lookup_events")
    assert made is not None
    return made


def test_lookup_events_stays_inside_two_a_second(pace: Pace) -> None:
    waits = [reserve(pace, 1_000_000) for _ in range(5)]

    assert waits == [at * pace.interval_ms for at in range(5)]
    assert pace.interval_ms >= 500


def test_whoever_comes_later_waits_only_for_the_rest(pace: Pace) -> None:
    reserve(pace, 1_000_000)

    assert reserve(pace, 1_000_000 + pace.interval_ms - 10) == 10
    assert reserve(pace, 2_000_000) == 0


def test_after_a_throttle_nobody_calls_for_a_while(pace: Pace) -> None:
    reserve(pace, 1_000_000)
    hold_off(pace, 1_000_000, 5_000)

    assert reserve(pace, 1_000_000) == 5_000


def test_regions_do_not_wait_for_each_other(pace: Pace) -> None:
    reserve(pace, 1_000_000)
    other = Pace.of("111122223333", "us-east-1", "cloudtrail.lookup_events")

    assert other is not None
    assert reserve(other, 1_000_000) == 0


def test_operations_without_a_limit_are_not_paced() -> None:
    assert Pace.of("111122223333", "eu-west-1", "s3.get_object") is None


def test_datapoints_are_paced_by_how_many_there_may_be() -> None:
    place = ("111122223333", "eu-west-1")
    recent = points_pace(place, 100_800, begins_within_3_hours=True)
    older = points_pace(place, 100_800, begins_within_3_hours=False)

    assert reserve(recent, 1_000_000) == reserve(older, 1_000_000) == 0
    assert reserve(recent, 1_000_000) == recent.interval_ms


@pytest.mark.parametrize("points", [1, 8_000, 70_000, 72_001, 100_800])
@pytest.mark.parametrize(("is_recent", "quota"), [(True, 180_000), (False, 396_000)])
def test_no_second_has_more_datapoints_than_the_quota(
    points: int, is_recent: bool, quota: int
) -> None:
    place = ("111122223333", "eu-west-1")
    pace = points_pace(place, points, begins_within_3_hours=is_recent)

    sent = [number * pace.interval_ms for number in range(200)]

    assert sum(points for at in sent if at < 1_000) <= quota


@pytest.mark.parametrize(
    ("operation", "quota"),
    [
        ("get_metric_data", 50),
        ("list_metrics", 25),
        ("describe_alarms", 9),
        ("describe_alarm_history", 3),
    ],
)
def test_cloudwatch_stays_inside_its_quotas(operation: str, quota: int) -> None:
    made = Pace.of("111122223333", "eu-west-1", f"cloudwatch.{operation}")

    assert made is not None
    assert 1_000 / made.interval_ms <= quota
