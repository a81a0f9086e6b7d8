"""LookupEvents: every page, every event once, inside the rate AWS allows."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.audit import collector
from apps.audit.kinds import TRAIL
from apps.audit.models import TrailSource
from apps.search import store
from apps.search.engines.base import DocumentEngine, SearchRequest
from tests.factories import a_record, an_account
from tests.fakes import FakeAws, Fault

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 7, 1, 13, tzinfo=UTC)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that calls would have waited."""
    noted: list[float] = []
    monkeypatch.setattr("apps.discovery.aws.time.sleep", noted.append)
    return noted


@pytest.fixture
def source(engine: DocumentEngine) -> TrailSource:
    return TrailSource.objects.create(
        kind="lookup",
        name="first look",
        account=an_account(),
        regions=["eu-west-1"],
        first_day=NOW.date(),
    )


def look_up(source: TrailSource, now: datetime = NOW) -> TrailSource:
    assert collector.claim(source.pk, now)
    collector.collect(source.pk, store.engine(), clock=lambda: now)
    source.refresh_from_db()
    return source


def stored() -> int:
    return store.reader().count(SearchRequest(TRAIL, NOW)).value


def an_hour_ago(minute: int) -> str:
    return f"2026-07-01T12:{minute:02}:00Z"


def test_every_page_is_read_empty_ones_included(
    aws: FakeAws, source: TrailSource
) -> None:
    aws.events = [a_record(eventTime=an_hour_ago(minute)) for minute in range(9)]

    look_up(source)

    assert source.problem == ""
    assert stored() == 9


def test_the_next_run_reads_only_what_is_new(aws: FakeAws, source: TrailSource) -> None:
    aws.events = [a_record(eventTime=an_hour_ago(1))]
    look_up(source)
    aws.calls.clear()
    aws.events.append(a_record(eventTime="2026-07-01T13:01:00Z"))

    look_up(source, NOW + timedelta(minutes=5))

    ((_, asked),) = aws.calls
    assert asked["StartTime"] >= (NOW - timedelta(minutes=35)).timestamp()
    assert stored() == 2


def test_calls_are_spread_out(
    aws: FakeAws, source: TrailSource, waits: list[float]
) -> None:
    aws.events = [a_record(eventTime=an_hour_ago(minute)) for minute in range(9)]

    look_up(source)

    assert len(waits) == len(aws.calls)
    assert sum(waits) > 0


def test_a_throttled_call_is_made_again(aws: FakeAws, source: TrailSource) -> None:
    aws.events = [a_record(eventTime=an_hour_ago(1))]
    aws.faults = [Fault("ThrottlingException", "Rate exceeded")] * 2

    look_up(source)

    assert source.problem == ""
    assert stored() == 1


def test_a_refusal_is_told_with_the_permission_at_fault(
    aws: FakeAws, source: TrailSource
) -> None:
    aws.faults = [Fault("AccessDeniedException", "no cloudtrail:LookupEvents")] * 9

    look_up(source)

    assert "cloudtrail.lookup_events: AccessDeniedException" in source.problem
    assert source.problem_since == NOW
