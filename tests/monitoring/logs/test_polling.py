"""Polling keeps what CloudWatch shows, once, whatever goes wrong on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.discovery.coverage import Interval, gaps
from apps.monitoring.logs import polling
from apps.monitoring.logs.covered import covered, not_collected
from apps.monitoring.logs.switching import note_looked, stop_collecting
from apps.monitoring.models import LogOutage, LogPoll
from apps.search.engines.base import DocumentEngine
from tests.monitoring.logs.world import World


@pytest.fixture
def shop(world: World, engine: DocumentEngine) -> World:
    """A group whose past day was read."""
    world.say("first")
    world.take_stock()
    world.poll_for(60)
    return world


def row() -> LogPoll:
    return LogPoll.objects.select_related("group").get()


def test_lines_are_there_while_they_are_fresh(shop: World) -> None:
    shop.say("fresh")

    shop.poll_for(30)

    assert shop.stored() == shop.truth()


def test_the_last_day_is_read_when_a_group_is_switched_on(
    world: World, engine: DocumentEngine
) -> None:
    for hour in range(24):
        world.say(f"at {hour}", ago=hour * 3_600)
    world.take_stock()

    world.poll_for(60)

    assert world.stored() == world.truth()
    day = Interval(row().collect_since, world.now() - timedelta(minutes=10))
    assert gaps(covered(row().group), day) == []


def test_lines_that_are_shown_late_are_found_by_the_overlap(shop: World) -> None:
    shop.strike("late", "logs.ingestion", seconds=540)
    shop.say("late")

    shop.poll_for(1_000)

    assert shop.stored() == shop.truth()
    assert row().late_finds == 0


def test_lines_later_than_the_overlap_are_found_by_a_sweep(shop: World) -> None:
    shop.strike("late", "logs.ingestion", seconds=2_400, count=1)
    shop.say("very late")

    shop.poll_for(3_700, every=30)

    assert shop.stored() == shop.truth()
    assert row().late_finds == 1
    assert row().overlap == timedelta(minutes=20)


def test_lines_a_day_late_are_found_by_the_nightly_sweep(shop: World) -> None:
    shop.poll_for(3_600, every=300)
    shop.say("a day late", ago=-60)
    written = shop.clock.now()
    shop.poll_for(86_400, every=900)
    shop.say("from yesterday", ago=shop.clock.now() - written + 3_000)

    shop.poll_for(90_000, every=900)

    assert shop.stored() == shop.truth()


def test_a_window_goes_on_from_its_token(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "PAGES_A_TURN", 1)
    shop.strike("empty-pages", "logs.FilterLogEvents")
    shop.pass_time(600)
    for at in range(30):
        shop.say(*(f"{at}-{number}" for number in range(50)), ago=at)

    shop.poll_for(120)

    assert shop.stored() == shop.truth()


def test_a_token_that_is_no_longer_good_begins_the_window_again(shop: World) -> None:
    shop.say("one", ago=400)
    now = shop.now()
    LogPoll.objects.update(
        window="new",
        window_since=now - timedelta(hours=1),
        window_until=now,
        window_at=now,
        window_token="forged",
        fast_until=now,
        next_at=now,
    )

    shop.poll_for(30)

    assert shop.stored() == shop.truth()
    assert row().problem == ""


def test_a_group_that_is_looked_at_is_asked_every_few_seconds(shop: World) -> None:
    shop.poll_for(900)
    note_looked([row().group], shop.now())
    shop.say("looked at")

    shop.poll_for(7, every=1)

    assert shop.stored() == shop.truth()


def test_a_quiet_group_is_asked_less_often_and_never_forgotten(shop: World) -> None:
    shop.poll_for(3_600)
    shop.called.clear()
    shop.poll_for(1_800)
    asked = sum(name == "FilterLogEvents" for name, _ in shop.called)
    shop.say("after hours")
    shop.poll_for(330)

    assert asked <= 14
    assert shop.stored() == shop.truth()


def test_what_is_switched_off_is_not_asked(shop: World) -> None:
    stop_collecting([row().group])
    shop.called.clear()

    shop.poll_for(600)

    assert not shop.called


@pytest.mark.parametrize("fault", ["denied", "error"])
def test_an_outage_of_20_minutes_is_made_good_and_told(shop: World, fault: str) -> None:
    began = shop.clock.now()
    shop.strike(fault, "logs.FilterLogEvents", until=began + 1_200)
    for _ in range(60):
        shop.say("during the outage")
        shop.poll_for(20, every=10)
    group = row().group
    asked = Interval(row().collect_since, shop.now())
    during = not_collected([group], asked)
    problem = row().problem

    shop.poll_for(600)

    assert "filter_log_events" in problem
    assert during[group.pk][-1].until == asked.until
    assert shop.stored() == shop.truth()
    outage = LogOutage.objects.get()
    assert outage.until is not None
    assert (outage.until - outage.since).total_seconds() >= 1_200
    assert row().problem == ""


def test_time_in_which_trailmap_did_not_run_is_told(shop: World) -> None:
    shop.say("while nobody asked")
    shop.pass_time(1_200)

    shop.poll_for(60)

    assert shop.stored() == shop.truth()
    outage = LogOutage.objects.get()
    assert outage.until is not None
    assert outage.problem.startswith("Trailmap did not ask")


def test_a_group_that_is_gone_does_not_stop_the_others(
    shop: World, client: Any
) -> None:
    shop.say("other", group="/other")
    shop.take_stock()
    client("logs").delete_log_group(logGroupName="/shop")

    shop.poll_for(60)

    assert "other" in {message for _, message in shop.stored()}
    gone = LogPoll.objects.get(group__name="/shop")
    assert "does not exist" in gone.problem
