"""What every channel keeps to, whatever it speaks: each against a receiver that
answers as the real one documents."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from apps.monitoring.models import Channel, Delivery, Route
from apps.monitoring.notifications import http, sending
from apps.monitoring.notifications.addresses import LOOPBACK
from apps.monitoring.notifications.channels.registry import KINDS
from apps.monitoring.notifications.notices import Notice, Severity, State
from apps.monitoring.notifications.outbox import notify
from tests.factories import NOON
from tests.monitoring.notifications.counterparts import CANARY, SIDES, Counterpart

pytestmark = pytest.mark.django_db

HOSTILE = (
    "<script>alert(1)</script>\r\nBcc: eve@example.com\r\n\r\n<!channel> @everyone "
    "\x1b[31mred\x00 \u202egnp.exe {{98765*43210}} ${98765*43210} "
    "{0.__class__} ![x](http://evil) "
    "\ud83d"
)


@pytest.fixture(params=sorted(SIDES))
def side(request: Any, settings: Any, monkeypatch: Any) -> Iterator[Counterpart]:
    settings.NOTIFY_NETWORKS = LOOPBACK
    monkeypatch.setattr(http, "_READ_SECONDS", 0.3)
    make, running = SIDES[request.param]
    with running(make(), settings) as made:
        yield made


@pytest.fixture
def channel(side: Counterpart) -> Channel:
    made = Channel(name="ops", kind=side.kind, options=dict(side.options))
    made.keep_secrets(side.secrets)
    made.save()
    Route.objects.create(name="all").channels.add(made)
    return made


def a_notice(state: State = State.FIRING, revision: int = 1, **fields: Any) -> Notice:
    told: dict[str, Any] = {
        "key": "rule-1:checkout",
        "title": "Errors of checkout above 5 %",
        "text": "12 % of 400 requests failed.",
        "severity": Severity.HIGH,
        "url": "/incidents/1/",
        "at": NOON,
        "labels": {"rule": "errors", "severity": "high", "account": "111122223333"},
        "facts": (("Region", "eu-west-1"),),
    }
    return Notice(state=state, revision=revision, **told | fields)


class At:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> At:
    return At()


def send(channel: Channel, clock: At) -> None:
    """What the worker does until nothing is due."""
    for _ in range(5):
        if channel.pk in sending.due_channels(clock.now):
            sending.send_of(channel.pk, clock)


def statuses() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("status", flat=True))


def test_every_kind_has_its_other_side_here() -> None:
    assert set(SIDES) == set(KINDS)


def test_what_is_filled_in_is_checked_without_a_call(
    side: Counterpart, channel: Channel
) -> None:
    sending.opened(channel).check()

    assert side.got() == []


def test_an_incident_is_told_from_its_beginning_to_its_end(
    side: Counterpart, channel: Channel, clock: At
) -> None:
    for state in (State.FIRING, State.ACKNOWLEDGED, State.RESOLVED):
        notify(a_notice(state))
        send(channel, clock)

    assert statuses() == ["sent", "sent", "sent"]
    assert len(side.got()) >= 1
    assert "Errors of checkout above 5 %" in plain(side.got()[0].text)


def test_an_escalation_is_told_beside_the_beginning(
    side: Counterpart, channel: Channel, clock: At
) -> None:
    notify(a_notice())
    notify(a_notice(State.ESCALATED))
    send(channel, clock)

    assert statuses() == ["sent", "sent"]


def test_handing_over_twice_sends_once(
    side: Counterpart, channel: Channel, clock: At
) -> None:
    notify(a_notice())
    send(channel, clock)
    before = len(side.got())
    notify(a_notice())
    notify(a_notice())
    send(channel, clock)

    assert len(side.got()) == before
    assert statuses() == ["sent"]


def test_hostile_text_is_text(side: Counterpart, channel: Channel, clock: At) -> None:
    notify(a_notice(title=HOSTILE, text=HOSTILE, facts=((HOSTILE, HOSTILE),)))
    send(channel, clock)

    assert statuses() == ["sent"], Delivery.objects.get().problem
    shown = side.got()[0].text
    assert str(98765 * 43210) not in shown
    assert "98765" in plain(shown)


def test_a_long_text_is_cut_to_what_the_other_side_takes(
    side: Counterpart, channel: Channel, clock: At
) -> None:
    long = 'ü"\\<' * 250_000
    facts = tuple((f"fact {at}", long[:20_000]) for at in range(40))
    notify(a_notice(title=long, text=long, facts=facts))
    send(channel, clock)

    assert statuses() == ["sent"], Delivery.objects.get().problem
    assert max(one.size for one in side.got()) <= side.most_bytes


def test_what_is_refused_is_not_tried_again_until_somebody_asks(
    side: Counterpart, channel: Channel, clock: At
) -> None:
    notify(a_notice())
    tries = 1 if side.tells_refusals else sending.MOST_ATTEMPTS
    for _ in range(tries):
        side.refuses_next()
        send(channel, clock)
        clock.now += timedelta(hours=1)
    send(channel, clock)

    given_up = Delivery.objects.get()
    assert (given_up.status, given_up.attempts_made) == ("dead", tries)
    channel.refresh_from_db()
    assert given_up.problem == channel.problem != ""

    assert sending.send_again(given_up)
    send(channel, clock)

    assert statuses() == ["sent"]
    channel.refresh_from_db()
    assert channel.problem == ""


def test_a_failure_is_tried_again_later_and_with_the_same_id(
    side: Counterpart, channel: Channel, clock: At
) -> None:
    side.fails_next()
    notify(a_notice())
    send(channel, clock)
    assert statuses() == ["waiting"]
    assert channel.pk not in sending.due_channels(clock.now)

    clock.now += timedelta(seconds=10)
    send(channel, clock)

    assert statuses() == ["sent"]
    outcomes = Delivery.objects.get().attempts.values_list("outcome", flat=True)
    assert list(outcomes) == ["sent", "retry"]
    assert len({one.uid for one in side.got()}) == 1


def test_no_answer_is_a_failure_and_no_end(
    side: Counterpart, channel: Channel, clock: At
) -> None:
    side.is_silent_next()
    notify(a_notice())
    send(channel, clock)
    assert statuses() == ["waiting"]

    clock.now += timedelta(seconds=10)
    send(channel, clock)

    assert statuses() == ["sent"]


def test_after_many_failures_it_is_given_up(
    side: Counterpart, channel: Channel, clock: At
) -> None:
    notify(a_notice())
    for _ in range(sending.MOST_ATTEMPTS):
        side.fails_next()
        send(channel, clock)
        clock.now += timedelta(hours=1)

    assert statuses() == ["dead"]


def test_secrets_are_neither_kept_nor_logged_nor_shown_as_they_are(
    side: Counterpart, channel: Channel, clock: At, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for prepare in (side.fails_next, side.refuses_next):
        prepare()
        notify(a_notice(revision=Delivery.objects.count() + 1))
        send(channel, clock)
        clock.now += timedelta(minutes=10)
    opened = sending.opened(Channel.objects.get())
    stored = StringIO()
    call_command("dumpdata", "monitoring", stdout=stored)

    shown = [*(one.getMessage() for one in caplog.records if ours(one)), repr(opened)]
    shown += [repr(vars(opened)), stored.getvalue()]
    assert [text for text in shown if CANARY in text] == []
    assert Delivery.objects.exclude(problem="").exists()


def ours(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.INFO


def plain(text: str) -> str:
    return text.replace("\u2060", "")
