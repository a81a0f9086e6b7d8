"""Days go when they are older than they are kept, imports only when told to."""

from datetime import UTC, datetime

import pytest

from apps.audit.kinds import TRAIL
from apps.search import retention, store
from apps.search.engines.base import DocumentEngine
from apps.search.models import ImportedDay, Retention
from tests.conftest import Fill
from tests.factories import an_event

NOW = datetime(2026, 7, 10, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def three_days(fill: Fill) -> None:
    for day in ("2026-07-01", "2026-07-05", "2026-07-09"):
        fill(an_event(eventTime=f"{day}T12:00:00Z"))


def days() -> list[str]:
    return [one.day for one in store.reader().days(TRAIL)]


def test_everything_is_kept_until_a_rule_says_otherwise(engine: DocumentEngine) -> None:
    assert retention.apply(engine, NOW) == {}
    assert len(days()) == 3


def test_whole_days_beyond_the_rule_are_dropped(engine: DocumentEngine) -> None:
    Retention.objects.create(kind="trail", keep_days=5)

    assert retention.apply(engine, NOW) == {"trail": 1}
    assert days() == ["2026-07-05", "2026-07-09"]


def test_imported_days_are_spared_until_an_admin_says_otherwise(
    engine: DocumentEngine,
) -> None:
    ImportedDay.objects.create(kind="trail", day="2026-07-01")
    rule = Retention.objects.create(kind="trail", keep_days=1)

    retention.apply(engine, NOW)
    assert days() == ["2026-07-01", "2026-07-09"]

    rule.drop_imported = True
    rule.save()
    retention.apply(engine, NOW)
    assert days() == ["2026-07-09"]
