"""Which groups and streams there are: additive, and silent about what it cannot see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.monitoring.logs import inventory
from apps.monitoring.logs.cloudwatch_logs import ListedStream
from apps.monitoring.models import LogGroup, LogPoll, LogScope, LogStream
from tests.monitoring.logs.world import World
from tests.sandbox.conftest import Client


@pytest.fixture
def api(client: Client) -> Any:
    return client("logs")


def test_a_group_is_described_as_aws_describes_it(world: World, api: Any) -> None:
    api.create_log_group(logGroupName="/shop", kmsKeyId="arn:aws:kms:eu-west-1:1:key/a")
    api.put_retention_policy(logGroupName="/shop", retentionInDays=14)
    world.say("hello")

    world.take_stock()

    found = world.group()
    assert (found.retention_days, found.kms_key) == (
        14,
        "arn:aws:kms:eu-west-1:1:key/a",
    )
    assert found.stored_bytes == len("hello") + 26
    assert found.last_event_at == world.now()
    assert found.subscriptions == []
    assert [stream.name for stream in found.streams.all()] == ["one"]


def test_more_groups_than_a_page_are_all_listed(world: World, api: Any) -> None:
    for at in range(120):
        api.create_log_group(logGroupName=f"/shop/{at:03}")
    world.strike("empty-pages", "logs.DescribeLogGroups")

    world.take_stock()

    assert LogGroup.objects.count() == LogPoll.objects.count() == 120


def test_a_group_that_a_complete_listing_lacks_is_gone(world: World, api: Any) -> None:
    world.say("hello")
    world.take_stock()
    api.delete_log_group(logGroupName="/shop")
    world.pass_time(60)

    world.take_stock()

    assert world.group().gone_at == world.now()


def test_a_group_that_is_back_is_not_gone(world: World, api: Any) -> None:
    world.say("hello")
    world.take_stock()
    LogGroup.objects.update(gone_at=world.now())
    world.pass_time(60)

    world.take_stock()

    assert world.group().gone_at is None


@pytest.mark.parametrize("fault", ["denied", "error"])
def test_a_listing_that_fails_tells_of_nothing(world: World, fault: str) -> None:
    world.say("hello")
    world.take_stock()
    LogGroup.objects.create(
        account=world.scope.account_id,
        region=world.scope.region,
        name="/not/there",
        found_at=world.now(),
        listed_at=world.now(),
    )
    world.pass_time(60)
    world.strike(fault, "logs.DescribeLogGroups")

    world.take_stock()

    assert not LogGroup.objects.exclude(gone_at=None).exists()
    assert "describe_log_groups" in world.scope.problem
    assert world.scope.problem_since == world.now()


def test_a_listing_that_works_again_has_no_problem(world: World) -> None:
    world.strike("denied", "logs.DescribeLogGroups", count=1)
    world.take_stock()
    world.take_stock()

    assert (world.scope.problem, world.scope.problem_since) == ("", None)


def test_throttling_is_waited_out(world: World) -> None:
    world.say("hello")
    world.strike("throttle", "logs.*", probability=0.4)

    world.take_stock()

    assert world.scope.problem == ""
    assert world.most_a_second("DescribeLogGroups") <= 10


def test_of_many_streams_the_newest_are_kept(world: World) -> None:
    world.say("hello")
    world.take_stock()
    group = world.group()
    pages = (
        [ListedStream(f"{page:03}-{at:02}", last_event_ms=1_000) for at in range(50)]
        for page in range(100)
    )

    inventory.note_streams(group, pages, world.now())

    assert not group.streams_complete
    assert LogStream.objects.filter(group=group).count() == inventory.MOST_STREAMS + 1
    assert not LogStream.objects.exclude(gone_at=None).exists()


def test_scopes_are_listed_in_turn(world: World) -> None:
    world.take_stock()

    assert inventory.due_scopes(world.now()) == []
    assert inventory.due_scopes(world.now() + timedelta(minutes=5)) == [world.scope.pk]


def test_what_is_claimed_is_left_alone(world: World) -> None:
    LogScope.objects.update(claimed_until=world.now() + timedelta(seconds=30))

    inventory.take_stock(world.scope.pk, world.now)

    assert not world.called


def test_connected_accounts_are_looked_into(world: World) -> None:
    LogScope.objects.all().delete()

    inventory.note_scopes()
    inventory.note_scopes()

    assert [str(scope.region) for scope in LogScope.objects.all()] == ["eu-west-1"]
