"""Who is told what, in which order, how often, and who is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.discovery.models import User
from apps.discovery.roles import Role
from apps.monitoring.models import (
    Channel,
    Delivery,
    EscalationPolicy,
    EscalationStep,
    EscalationTurn,
    Route,
    Silence,
)
from apps.monitoring.notifications import sending, silencing
from apps.monitoring.notifications.notices import Severity, State
from apps.monitoring.notifications.outbox import notify
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT, a_user
from tests.monitoring.notifications.made import World, a_notice, a_world, statuses
from tests.monitoring.notifications.receivers import Said

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings: Any) -> Iterator[World]:
    with a_world(settings) as made:
        yield made


def test_a_notice_is_part_of_what_it_tells_of(world: World) -> None:
    world.routed()

    with transaction.atomic():
        notify(a_notice())
        transaction.set_rollback(True)

    assert not Delivery.objects.exists()


def test_routes_are_asked_in_order_until_one_takes_it(world: World) -> None:
    names = ("audit", "high", "rest", "other")
    audit, high, rest, other = (world.channel(name) for name in names)
    for position, (name, matchers, channel, goes_on) in enumerate(
        [
            ("audit", [], audit, True),
            ("other", [["account", "=", OTHER_ACCOUNT]], other, False),
            ("high", [["severity", "=~", "critical|high"]], high, False),
            ("rest", [], rest, False),
        ]
    ):
        Route.objects.create(
            name=name, position=position, matchers=matchers, goes_on=goes_on
        ).channels.add(channel)

    notify(a_notice())
    world.work()

    assert [world.told(name) for name in names] == [["firing"], ["firing"], [], []]


def test_the_end_goes_to_those_who_were_told_of_the_beginning(world: World) -> None:
    told, late = world.routed("told"), world.channel("late")
    notify(a_notice())
    world.work()
    Route.objects.get().channels.set([late])

    notify(a_notice(State.RESOLVED))
    world.work()

    assert world.told(told.name) == ["firing", "resolved"]
    assert world.told(late.name) == []


def test_the_end_of_what_was_never_told_is_not_told(world: World) -> None:
    world.routed()
    notify(a_notice(State.RESOLVED))
    assert statuses() == []

    world.receiver.answers = [Said(400)]
    notify(a_notice())
    notify(a_notice(State.RESOLVED))
    world.work()
    world.work(seconds=1)

    assert statuses() == ["dead", "dropped"]
    assert world.told() == ["firing"]


def test_an_incident_that_comes_back_is_told_again(world: World) -> None:
    world.routed()
    for revision in (1, 2):
        notify(a_notice(revision=revision))
        notify(a_notice(State.RESOLVED, revision=revision))
        world.work()

    assert world.told() == ["firing", "resolved"] * 2


def test_the_end_waits_for_the_beginning(world: World) -> None:
    world.routed()
    world.receiver.answers = [Said(503)]
    notify(a_notice())
    world.work()
    notify(a_notice(State.RESOLVED))
    world.work()
    assert world.told() == ["firing"]

    world.work(seconds=10)
    world.work()

    assert world.told() == ["firing", "firing", "resolved"]


def test_who_asks_for_patience_gets_it_for_the_whole_channel(world: World) -> None:
    world.routed()
    world.receiver.answers = [Said(429, headers={"Retry-After": "120"})]
    notify(a_notice())
    notify(a_notice(key="other"))
    world.work()
    world.work(seconds=100)
    before = len(world.receiver.calls)

    world.work(seconds=30)

    assert before <= 2
    assert statuses() == ["sent", "sent"]


def test_a_worker_that_died_between_sending_and_noting_sends_the_same_id(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.routed()
    notify(a_notice())
    with monkeypatch.context() as patch:
        patch.setattr(sending._Try, "_sent", killed)  # noqa: SLF001
        with pytest.raises(SystemExit):
            world.work()

    world.work(minutes=2)

    ids = [one.headers["Trailmap-Id"] for one in world.receiver.calls]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert statuses() == ["sent"]


def killed(*_: object) -> None:
    raise SystemExit


def test_two_workers_do_not_send_through_one_channel(world: World) -> None:
    channel = world.routed()
    notify(a_notice())
    Channel.objects.update(claimed_until=NOON + timedelta(seconds=60))

    world.work()
    assert world.told() == []
    sending.send_of(channel.pk, world.clock)
    assert world.told() == []

    world.work(minutes=2)
    assert world.told() == ["firing"]


def test_a_storm_becomes_one_digest_and_its_ends_are_told(world: World) -> None:
    world.routed(per_minute=5)
    for at in range(50):
        severity = Severity.CRITICAL if at == 40 else Severity.LOW
        notify(a_notice(key=f"k{at}", title=f"Thing {at}", severity=severity))
    world.work()

    assert world.titles() == ["50 notices at once: 50 firing"]
    told = world.receiver.calls[0].json()
    assert told["text"].startswith("[FIRING] critical: Thing 40")

    for at in range(3):
        notify(a_notice(State.RESOLVED, key=f"k{at}"))
    world.work(minutes=2)
    assert world.told()[1:] == ["resolved"] * 3


def test_a_storm_that_goes_on_is_one_digest_a_minute(world: World) -> None:
    world.routed(per_minute=5)
    for turn in range(10):
        for at in range(8):
            notify(a_notice(key=f"k{turn}:{at}"))
        world.work(seconds=6)
    world.work(minutes=1)

    assert len(world.titles()) == 2
    assert sum(int(title.split()[0]) for title in world.titles()) == 80


def a_silence(**fields: Any) -> Silence:
    told: dict[str, Any] = {
        "account": ACCOUNT,
        "reason": "works",
        "made_at": NOON,
        "starts_at": NOON,
        "ends_at": NOON + timedelta(hours=1),
    }
    return Silence.objects.create(**told | fields)


def test_what_is_silenced_is_told_when_the_silence_ends_and_it_still_burns(
    world: World,
) -> None:
    world.routed()
    silence = a_silence(matchers=[["severity", "=", "high"]])
    for key in ("burns", "ends"):
        notify(a_notice(key=key))
    notify(a_notice(key="low", labels={"severity": "low", "account": ACCOUNT}))
    notify(a_notice(key="elsewhere", labels={"severity": "high", "account": "2"}))
    world.work(minutes=1)
    assert len(world.told()) == 2
    assert silence.deliveries.count() == 2

    notify(a_notice(State.RESOLVED, key="ends"))
    world.work(minutes=1)
    assert len(world.told()) == 2

    world.work(hours=1)
    keys = [one.json()["key"] for one in world.receiver.calls]
    assert keys == ["low", "elsewhere", "burns"]
    late = dict(world.receiver.calls[-1].json()["facts"])["Told late"]
    assert "silenced until 2026-07-01 13:02" in late


def test_of_what_was_told_the_end_is_told_in_spite_of_a_silence(world: World) -> None:
    world.routed()
    notify(a_notice())
    world.work()
    a_silence()

    notify(a_notice(State.RESOLVED))
    world.work()

    assert world.told() == ["firing", "resolved"]


def test_a_weekly_silence_holds_in_its_windows_only() -> None:
    labels = {"account": ACCOUNT}
    a_silence(
        ends_at=NOON + timedelta(days=60),
        weekly={"days": [0], "start": 60, "minutes": 60, "zone": "UTC"},
    )

    def quiet(text: str) -> bool:
        now = datetime.fromisoformat(text).replace(tzinfo=UTC)
        return bool(silencing.silences_of(labels, now))

    assert quiet("2026-07-06T01:30")
    assert not quiet("2026-07-06T02:30")
    assert not quiet("2026-07-07T01:30")
    assert not quiet("2026-10-05T01:30")


def escalating_route(world: World, *people: User) -> None:
    first, policy = world.channel(), EscalationPolicy.objects.create(name="on call")
    EscalationStep.objects.create(
        policy=policy, after_minutes=5, channel=world.channel("second")
    )
    for person in people:
        EscalationStep.objects.create(policy=policy, after_minutes=15, person=person)
    route = Route.objects.create(name="all", escalation=policy)
    route.channels.add(first)


def test_while_nobody_answers_the_next_is_told_and_each_once(world: World) -> None:
    ben = a_user("ben", Role.VIEWER, ACCOUNT)
    ben.email = "ben@example.com"
    ben.save()
    stranger = a_user("stranger", Role.VIEWER, OTHER_ACCOUNT)
    stranger.email = "stranger@example.com"
    stranger.save()
    escalating_route(world, ben, stranger)
    notify(a_notice())
    world.work(minutes=4)
    assert world.told("second") == []

    for _ in range(3):
        world.work(minutes=1)
    assert world.told("second") == ["escalated"]
    facts = dict(world.receiver.calls[-1].json()["facts"])
    assert facts["Escalated"] == "Nobody acknowledged it within 5 min."

    world.work(minutes=10)
    personal = Delivery.objects.filter(channel__person__isnull=False)
    assert [one.channel.person for one in personal] == [ben]
    refused = EscalationTurn.objects.exclude(problem="").get()
    assert refused.problem == f"stranger may not see account {ACCOUNT}."


@pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.RESOLVED])
def test_an_answer_stops_the_escalation(world: World, state: State) -> None:
    escalating_route(world)
    notify(a_notice())
    notify(a_notice(state))
    notify(a_notice(revision=2) if state is State.ACKNOWLEDGED else a_notice(state))

    world.work(hours=1)

    assert world.told("second") == []


def test_an_incident_that_comes_back_escalates_anew(world: World) -> None:
    escalating_route(world)
    notify(a_notice())
    notify(a_notice(State.RESOLVED))
    notify(a_notice(revision=2))

    world.work(minutes=6)

    assert world.told("second") == ["escalated"]


def test_what_is_told_is_the_same_json_that_is_kept(world: World) -> None:
    world.routed()
    notify(a_notice())
    world.work()

    sent = json.loads(world.receiver.calls[0].body)
    assert sent["id"] == str(Delivery.objects.get().uid)
    assert sent["url"].endswith("/incidents/1/")
    assert sent["labels"]["account"] == ACCOUNT
