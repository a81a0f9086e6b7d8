"""What `doctor` says of log groups and sources, each with its cure."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.monitoring.logs import diagnosis
from apps.monitoring.logs.keys import new_key
from apps.monitoring.models import LogPoll, LogSource
from apps.search.diagnosis import Finding
from sandbox.kernel.cloud import SHOP
from tests.monitoring.logs.inventoried import a_group, a_poll, a_scope, a_source
from tests.monitoring.logs.world import World

pytestmark = pytest.mark.django_db


def found(findings: list[Finding], subject: str) -> list[Finding]:
    return [one for one in findings if one.subject.startswith(subject)]


def test_a_region_that_can_be_listed_is_well(world: World) -> None:
    world.say("hello")
    world.take_stock()
    LogPoll.objects.update(
        fast_until=timezone.now(), collect_since=timezone.now() - timedelta(days=1)
    )

    said = list(diagnosis.groups())

    assert [one.problem for one in said] == [None, None]
    assert "1 log groups are polled" in said[1].what


def test_a_listing_that_is_denied_is_told(world: World) -> None:
    world.strike("denied", "logs.DescribeLogGroups")

    said = found(list(diagnosis.groups()), f"logs.{SHOP}")

    assert "AccessDenied" in str(said[0].problem)
    assert "Allow logs:DescribeLogGroups" in said[0].cure


def test_groups_with_the_same_problem_are_told_once(world: World) -> None:
    for name in ("/one", "/two"):
        a_poll(
            a_group(name, account=SHOP, region=world.scope.region),
            problem="AccessDeniedException: no",
        )

    said = found(list(diagnosis.groups()), "polling.")

    assert [one.problem for one in said] == ["2 log groups: AccessDeniedException: no"]
    assert "Allow logs:FilterLogEvents" in said[0].cure


def test_many_different_problems_are_counted(world: World) -> None:
    for at in range(8):
        group = a_group(f"/{at}", account=SHOP, region=world.scope.region)
        a_poll(group, problem=f"no, says {at}")

    said = found(list(diagnosis.groups()), "polling.")

    assert len(said) == 6
    assert "3 further log groups" in str(said[-1].problem)


def test_a_stream_that_is_not_there_is_told(world: World) -> None:
    a_source("kinesis", account=world.scope.account, region=world.scope.region)

    (said,) = diagnosis.sources()

    assert said.problem is not None
    assert "list_shards" in said.problem


def test_a_key_that_nobody_used_is_told() -> None:
    new_key(a_source("firehose"), timezone.now() - timedelta(days=1))

    (said,) = diagnosis.sources()

    assert "Nobody has delivered with the key" in str(said.problem)
    assert "Put the key" in said.cure


def test_a_source_that_delivers_is_well() -> None:
    source = a_source("lambda", lines=1_234)
    new_key(source, timezone.now() - timedelta(days=1))
    LogSource.objects.update(succeeded_at=timezone.now())

    (said,) = diagnosis.sources()

    assert (said.problem, said.what) == (None, "lambda: 1,234 lines so far")


def test_what_is_paused_is_not_looked_at() -> None:
    a_source("firehose", is_enabled=False)
    a_scope(is_enabled=False)

    assert [*diagnosis.sources(), *diagnosis.groups()] == []


def test_doctor_tells_of_log_groups_and_sources(world: World) -> None:
    world.say("hello")
    world.take_stock()
    new_key(a_source("firehose"), timezone.now() - timedelta(days=1))
    out = io.StringIO()

    with pytest.raises(CommandError):  # no worker runs in this process
        call_command("doctor", stdout=out)

    said = out.getvalue()
    assert f"logs.{SHOP}.{world.scope.region} " in said
    assert "ok: its log groups can be listed" in said
    assert "Nobody has delivered with the key" in said
