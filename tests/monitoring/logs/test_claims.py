"""What says that a stored line is a certain event goes when the line goes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.monitoring.kinds import LOGS
from apps.monitoring.logs import claims
from apps.monitoring.logs.intake import LogIntake
from apps.monitoring.logs.lines import LogLine
from apps.monitoring.models import ClaimedLine
from apps.search import retention
from apps.search.engines.base import DocumentEngine
from apps.search.models import ImportedDay, Retention
from apps.search.timerange import milliseconds
from workers import tasks

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD, YOUNG = date(2026, 10, 1), date(2026, 11, 20)


@pytest.fixture
def stored(engine: DocumentEngine) -> DocumentEngine:
    """On an old day and on a young one a line without an id, then told with one."""
    for day in (OLD, YOUNG):
        take(engine, day, "")
        take(engine, day, f"event of {day}")
    return engine


def take(engine: DocumentEngine, day: date, event_id: str) -> None:
    at = milliseconds(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    line = LogLine("111122223333", "eu-west-1", "g", "s", at, "hello", None, event_id)
    intake = LogIntake(engine)
    intake.take_lines("test", [line])
    intake.commit()


def keep(days: int | None) -> None:
    Retention.objects.update_or_create(pk="logs", defaults={"keep_days": days})


def days() -> set[date]:
    return set(ClaimedLine.objects.values_list("day", flat=True))


def test_a_claim_is_of_the_day_of_its_line(stored: DocumentEngine) -> None:
    assert days() == {OLD, YOUNG}


def test_claims_go_with_the_days_that_retention_drops(stored: DocumentEngine) -> None:
    keep(30)
    retention.apply(stored, NOW)

    assert claims.forget_old(stored, NOW) == 1

    assert days() == {YOUNG}


def test_the_hourly_job_forgets_them(stored: DocumentEngine) -> None:
    keep(1)

    tasks.apply_retention()

    assert days() == set()


@pytest.mark.parametrize("kept", [None, 300])
def test_what_is_kept_is_not_forgotten(
    stored: DocumentEngine, kept: int | None
) -> None:
    keep(kept)

    assert claims.forget_old(stored, NOW) == 0

    assert days() == {OLD, YOUNG}


def test_without_a_rule_nothing_is_forgotten(stored: DocumentEngine) -> None:
    assert claims.forget_old(stored, NOW) == 0


def test_as_long_as_a_line_is_stored_it_is_claimed(stored: DocumentEngine) -> None:
    keep(30)
    ImportedDay.objects.create(kind=LOGS.name, day=OLD)
    retention.apply(stored, NOW)

    assert claims.forget_old(stored, NOW) == 0

    take(stored, OLD, f"event of {OLD}")
    assert sum(day.documents for day in stored.reader.days(LOGS)) == 2


def test_many_are_forgotten_in_parts(
    engine: DocumentEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(30)
    many(2_500)
    monkeypatch.setattr(claims, "_MOST", 2_000)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert claims.forget_old(engine, NOW) == 2_000

    assert len(asked) <= 8
    assert claims.forget_old(engine, NOW) == 500


def many(count: int) -> None:
    ClaimedLine.objects.bulk_create(
        ClaimedLine(document_id=f"{n:032}", event_id=f"{n}", day=OLD + timedelta(n % 3))
        for n in range(count)
    )
