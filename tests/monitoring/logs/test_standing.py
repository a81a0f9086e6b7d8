"""How groups stand: what is told as a problem, and what is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.discovery.models import Account
from apps.monitoring.logs.standing import Standing, Standings, cure_of
from apps.monitoring.models import LogGroup, LogPoll
from tests.factories import a_user
from tests.monitoring.logs.inventoried import a_group, a_poll, a_scope, covered

pytestmark = pytest.mark.django_db
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)


def standing(group: LogGroup) -> Standing:
    group = LogGroup.objects.select_related("poll").get(pk=group.pk)
    return Standings(a_user(), timezone.now()).of([group])[group.pk]


def read(*stretches: tuple[timedelta, timedelta], **fields: Any) -> LogGroup:
    """A group that is polled, and what was read of it."""
    a_scope()
    retention = {"retention_days": fields.pop("retention_days", 30)}
    group = a_poll(a_group(**retention), **fields).group
    for since, until in stretches:
        covered(group, since, until)
    return group


def test_what_is_read_in_time_has_no_problem() -> None:
    found = standing(read((3 * DAY, 6 * MINUTE)))

    assert (found.state, found.missing, found.trouble.problem) == ("collected", (), "")
    assert found.lag is not None
    assert found.lag < 2 * MINUTE


def test_a_group_that_is_not_collected_has_none_either() -> None:
    assert standing(a_group()).state == "off"


def test_a_group_that_is_just_being_read_has_none() -> None:
    now = timezone.now()

    found = standing(read(collect_since=now - DAY, fast_until=None))

    assert found.state == "collected"
    assert found.lag is None


def test_a_gap_that_is_being_made_good_is_missing_but_no_problem() -> None:
    found = standing(read((3 * DAY, 20 * HOUR), (10 * HOUR, 6 * MINUTE)))

    assert len(found.missing) == 1
    assert found.trouble.problem == ""


def test_newest_lines_that_are_not_read_are_a_problem() -> None:
    long_ago = timezone.now() - 3 * HOUR

    found = standing(read((3 * DAY, 3 * HOUR), fast_until=long_ago))

    assert found.trouble.problem.startswith("Nothing since")
    assert found.state == "failing"


def test_a_backlog_older_than_the_retention_is_a_problem() -> None:
    found = standing(read((47 * HOUR, 22 * HOUR), (HOUR, 6 * MINUTE), retention_days=1))

    assert found.trouble.problem.startswith("AWS deletes its lines after 1 day")
    assert "longer retention" in found.trouble.cure


def test_a_backlog_well_within_the_retention_is_none() -> None:
    found = standing(read((3 * DAY, 22 * HOUR), (HOUR, 6 * MINUTE), retention_days=7))

    assert found.trouble.problem == ""


def test_an_account_that_is_not_connected_is_the_problem() -> None:
    group = read((3 * DAY, 6 * MINUTE))
    Account.objects.update(is_connected=False, problem="The role is gone.")

    found = standing(group)

    assert "The role is gone." in found.trouble.problem
    assert "page of the account" in found.trouble.cure


def test_a_region_that_is_not_looked_into_is_the_problem() -> None:
    group = a_poll(a_group()).group

    assert standing(group).trouble.problem == "Its region is not looked into."


def test_a_group_that_is_gone_has_no_problem() -> None:
    group = read(problem="no")
    LogGroup.objects.update(gone_at=timezone.now())

    assert standing(group).trouble.problem == ""


def test_polling_that_is_switched_off_has_no_problem() -> None:
    group = read(problem="no")
    LogPoll.objects.update(is_enabled=False)

    assert standing(group).state == "off"


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("AccessDeniedException: no", "Allow logs:FilterLogEvents"),
        ("ThrottlingException: Rate exceeded", "delivered by a subscription"),
        ("ResourceNotFoundException: no", "Look whether it is there"),
        ("no answer", "tried again by itself"),
    ],
)
def test_what_aws_said_decides_on_the_cure(problem: str, said: str) -> None:
    assert said in cure_of(problem, "logs:FilterLogEvents")
