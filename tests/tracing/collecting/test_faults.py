"""AWS on its bad days, late segments, and Trailmap killed at any step: in the end every
trace is there as X-Ray has it, and the map is X-Ray's."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from apps.discovery.coverage import Interval
from apps.search import store
from apps.search.engines.embedded.engine import EmbeddedEngine
from apps.tracing.collecting import collector
from apps.tracing.collecting.covered import covered, not_collected
from apps.tracing.collecting.delivery import Delivery
from apps.tracing.collecting.fetching import Fetching
from apps.tracing.collecting.listing import MOST_ATTEMPTS
from apps.tracing.collecting.windows import SETTLE
from apps.tracing.collecting.xray import XRay
from apps.tracing.kinds import SPANS
from apps.tracing.models import TraceReread
from tests.tracing.collecting.world import World

pytestmark = pytest.mark.django_db


def live(world: World, minutes: int, *, late: bool = True) -> None:
    """Requests come in, and Trailmap looks twice a minute."""
    for _ in range(2 * minutes):
        world.happens(2, late=late)
        world.pass_time(30)
        world.collect()


def test_calls_that_fail_each_in_its_way_lose_nothing(world: World) -> None:
    for kind in ("throttle", "error", "error-after", "empty-pages"):
        world.strike(kind, "xray.*", probability=0.15)
    world.strike("partial", "xray.BatchGetTraces", probability=0.4)
    live(world, 8)
    world.cloud.faults.clear()

    world.settle()

    world.check()
    assert world.scope.problem == ""


def test_segments_that_come_late_twice_or_in_any_order_are_there_in_the_end(
    world: World,
) -> None:
    world.strike("late", "xray.segments", probability=0.3, seconds=900)
    world.strike("duplicate", "xray.segments", probability=0.3)
    world.strike("reorder", "xray.segments")
    live(world, 5, late=False)
    world.cloud.faults.clear()

    world.settle()

    world.check()
    assert not TraceReread.objects.exclude(due_at=None).exists()


def test_an_outage_is_told_and_made_good(world: World) -> None:
    live(world, 3)
    (before,) = covered(world.scope)
    world.strike("error", "xray.*", until=world.clock.now() + 1_200)
    began = world.now()
    live(world, 19)

    assert world.scope.problem.startswith("xray.")
    assert world.scope.problem_since is not None
    assert abs(world.scope.problem_since - began) < timedelta(minutes=1)
    assert covered(world.scope) == [before]
    asked = Interval(began, world.now())
    assert not_collected([world.scope], asked) == {world.scope.pk: [asked]}

    world.settle()

    world.check()
    assert world.scope.problem == ""
    (after,) = covered(world.scope)
    assert after.since <= before.since
    assert world.now() - after.until < timedelta(minutes=3)


class Killed(BaseException):
    """As kill -9: nothing catches it."""


STEPS = (
    (XRay, "summaries"),
    (XRay, "traces"),
    (Delivery, "take"),
    (Delivery, "commit"),
    (Fetching, "_note_read"),
    (collector, "note_listed"),
    (collector, "cover"),
)


class Mortal:
    """A process that may die before and after each of STEPS. Once it is dead it takes
    no step more, not even to clean up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._chance = random.Random(3)  # noqa: S311 - decides when
        self.kills, self.is_dead, self.is_immortal = 0, False, False
        for place, name in STEPS:
            self._make_deadly(place, name, monkeypatch)

    def _make_deadly(
        self, place: Any, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        work = getattr(place, name)

        def deadly(*given: Any, **named: Any) -> Any:
            self._at()
            done = work(*given, **named)
            self._at()
            return done

        monkeypatch.setattr(place, name, deadly)

    def _at(self) -> None:
        if not self.is_immortal and not self.is_dead and self._chance.random() < 0.08:
            self.is_dead = True
        if self.is_dead:
            raise Killed

    def collects(self, world: World) -> None:
        try:
            world.collect()
        except Killed:
            self.kills += 1
            self.is_dead = False
            engine = store.engine()
            if isinstance(engine, EmbeddedEngine):
                engine._writers[SPANS.name].let_go()  # noqa: SLF001 - as a kill does


def test_a_kill_at_any_step_loses_nothing_and_doubles_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Mortal(monkeypatch)
    for _ in range(24):
        world.happens(3, late=True)
        world.pass_time(60)
        process.collects(world)
    process.is_immortal = True

    world.settle()

    assert process.kills > 5
    world.check()


def test_traces_that_x_ray_lists_and_does_not_hand_out_are_given_up(
    world: World,
) -> None:
    world.client.update_trace_segment_destination(Destination="CloudWatchLogs")
    world.happens(6)
    world.pass_time(90)
    world.collect()
    is_covered = [one.until >= world.now() - SETTLE for one in covered(world.scope)]
    assert not any(is_covered)

    world.settle(2)

    assert world.stored() == {}
    rows = TraceReread.objects.all()
    assert [row.attempts for row in rows] == [MOST_ATTEMPTS] * 6
    assert not rows.exclude(due_at=None).exists()
    assert world.scope.has_transaction_search


def test_a_denied_call_is_seen_and_not_repeated_at_once(world: World) -> None:
    live(world, 2)
    world.strike("denied", "xray.GetTraceSummaries")
    world.pass_time(60)
    assert "AccessDenied" in world.collect()
    calls = world.scope.calls

    live(world, 2)

    assert world.scope.calls == calls


def test_what_was_listed_is_fetched_though_nothing_more_can_be_listed(
    world: World,
) -> None:
    world.happens(4)
    world.pass_time(60)
    world.strike("denied", "xray.BatchGetTraces")
    assert "AccessDenied" in world.collect()
    world.cloud.faults.clear()
    world.strike("denied", "xray.GetTraceSummaries")

    world.pass_time(600)

    assert "AccessDenied" in world.collect()
    assert len(world.stored()) == 4
