"""Pages and REST of channels, routes, escalations and silences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.discovery.models import User
from apps.discovery.roles import Role
from apps.monitoring.models import (
    Channel,
    Delivery,
    EscalationPolicy,
    Matter,
    Route,
    Silence,
)
from apps.monitoring.notifications import diagnosis as ours
from apps.monitoring.notifications.outbox import notify
from apps.monitoring.notifications.sealing import unseal
from tests.conftest import signed_in
from tests.factories import ACCOUNT, OTHER_ACCOUNT, an_account
from tests.monitoring.notifications.made import World, a_notice, a_world
from tests.monitoring.notifications.receivers import Said

pytestmark = pytest.mark.django_db
CANARY = "canary-secret-0123456789"


@pytest.fixture
def world(settings: Any) -> Iterator[World]:
    with a_world(settings) as made:
        made.now = timezone.now()
        yield made


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def sent(client: Client, method: str, path: str, body: object) -> Any:
    call = getattr(client, method)
    answer = call(f"/api/v1/{path}", json.dumps(body), "application/json")
    return answer.status_code, json.loads(answer.content or b"null")


def test_a_channel_is_set_up_tested_and_its_answer_shown(
    world: World, admin_client: Client
) -> None:
    url = f"{world.receiver.url}/ops"
    filled = {"name": "ops", "url": url, "secret": CANARY, "per_minute": "0"}
    admin_client.post("/settings/channels/new/webhook", filled)
    channel = Channel.objects.get()
    assert unseal(channel.secrets) == {"url": url, "secret": CANARY}

    answer = admin_client.post(f"/settings/channels/{channel.pk}/test")
    shown = answer.headers["Location"]
    assert "as soon as a worker is free" in page(admin_client, shown)
    world.work()

    assert "127.0.0.1 answered 200." in page(admin_client, shown)
    assert world.told() == ["told"]
    for path in ("/settings/channels/", f"/settings/channels/{channel.pk}/", shown):
        assert CANARY not in page(admin_client, path)
    assert CANARY not in json.dumps(admin_client.get("/api/v1/channels").json())


def test_secrets_that_are_left_out_stay(world: World, admin_client: Client) -> None:
    channel = world.channel()
    before = unseal(channel.secrets)

    admin_client.post(
        f"/settings/channels/{channel.pk}/",
        {"name": "pager", "url": "", "secret": CANARY, "per_minute": "3"},
    )
    status, _ = sent(admin_client, "patch", f"channels/{channel.pk}", {"paused": True})

    channel.refresh_from_db()
    assert (status, channel.name, channel.is_enabled) == (200, "pager", False)
    assert unseal(channel.secrets) == {**before, "secret": CANARY}


@pytest.mark.parametrize(
    ("kind", "asked", "field"),
    [
        ("webhook", {"url": "http://169.254.169.254/", "secret": "x" * 20}, "url"),
        ("webhook", {"url": "https://example.com/", "secret": "short"}, "secret"),
        ("slack", {"url": "ftp://example.com"}, "url"),
        ("email", {"to": "ops@example.com\r\nBcc: eve@example.com, x"}, "to"),
        ("pagerduty", {"routing_key": "short"}, "routing_key"),
        ("apprise", {"url": "json://localhost/"}, "url"),
        ("jira", {"site": "https://x.atlassian.net", "email": "a@b.c",
                  "token": "t", "project": 'OPS" OR 1=1'}, "project"),
        ("carrier pigeon", {}, "kind"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_and_named(
    admin_client: Client, kind: str, asked: dict[str, str], field: str
) -> None:
    told = {"kind": kind, "name": "x", **asked}
    status, answer = sent(admin_client, "post", "channels", told)

    assert (status, answer["error"]["field"]) == (400, field)
    assert not Channel.objects.exists()


def test_what_was_given_up_is_seen_everywhere_and_sent_again(
    world: World, admin_client: Client
) -> None:
    channel = world.routed()
    world.receiver.answers = [Said(404)]
    notify(a_notice())
    world.work()
    delivery = Delivery.objects.get()

    for path in (
        "/settings/channels/",
        f"/settings/channels/{channel.pk}/",
        f"/settings/deliveries/?status=dead&channel={channel.pk}",
        f"/settings/deliveries/{delivery.pk}/",
    ):
        assert "answered 404." in page(admin_client, path)
    finding = next(ours.channels())
    assert finding.problem == "1 notices were given up. 127.0.0.1 answered 404."

    admin_client.post(f"/settings/deliveries/{delivery.pk}/again")
    world.work()

    assert "Taken at" in page(admin_client, f"/settings/deliveries/{delivery.pk}/")
    assert next(ours.channels()).problem is None


def test_routes_and_escalations_are_the_same_in_pages_and_rest(
    world: World, admin_client: Client
) -> None:
    channel, person = world.channel(), User.objects.get()
    steps = [
        {"after_minutes": 5, "channel": channel.pk},
        {"after_minutes": 15, "person": person.pk},
    ]
    status, policy = sent(
        admin_client, "post", "escalations", {"name": "on call", "steps": steps}
    )
    assert (status, len(policy["steps"])) == (201, 2)
    asked = {
        "name": "high",
        "conditions": 'severity="high"',
        "channels": [channel.pk],
        "escalation": policy["id"],
    }
    status, route = sent(admin_client, "post", "routes", asked)
    assert (status, route["conditions"]) == (201, 'severity="high"')
    status, changed = sent(
        admin_client, "patch", f"routes/{route['id']}", {"goes_on": True}
    )
    assert (status, changed) == (200, {**route, "goes_on": True})

    assert "severity=&quot;high&quot;" in page(admin_client, "/settings/routes/")
    assert "has no e-mail address" in page(admin_client, "/settings/escalations/")
    admin_client.post(
        f"/settings/escalations/{policy['id']}/",
        {"name": "on call", "after_1": "5", "tell_1": f"channel:{channel.pk}"},
    )
    assert EscalationPolicy.objects.get().steps.count() == 1
    admin_client.post(
        f"/settings/routes/{route['id']}/",
        {"name": "all", "position": "1", "conditions": "", "channels": [channel.pk]},
    )
    assert Route.objects.get().matchers == []


def test_a_condition_that_is_none_is_said_where(admin_client: Client) -> None:
    asked = {"name": "x", "conditions": "severity", "channels": []}
    status, answer = sent(admin_client, "post", "routes", asked)

    assert (status, answer["error"]["field"]) == (400, "conditions")
    assert "At character 1" in answer["error"]["message"]


def test_a_silence_shows_what_it_would_hold_back_before_it_does(
    world: World, admin_client: Client
) -> None:
    an_account()
    world.routed()
    notify(a_notice())
    asked = {"account": "", "conditions": 'severity="high"'}

    shown = admin_client.get("/silences/new", asked).content.decode()
    assert "It would hold back 1 incident that is not over" in shown
    assert "Errors of checkout" in shown
    assert not Silence.objects.exists()

    told = {**asked, "reason": "works", "lasts": "60", "zone": "UTC"}
    admin_client.post("/silences/new", told)
    world.work(seconds=1)
    listed = page(admin_client, "/silences/")
    assert "ends within the hour" in listed
    assert Silence.objects.get().deliveries.count() == 1

    silence = Silence.objects.get()
    assert "Errors of checkout" in page(admin_client, f"/silences/{silence.pk}/")
    admin_client.post(f"/silences/{silence.pk}/end")
    world.work(seconds=1)
    assert world.told() == ["firing"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"lasts": "", "ends_at": ""},
        {"ends_at": "2020-01-01 00:00"},
        {"ends_at": "2090-01-01 00:00"},
        {"zone": "Mars/Olympus"},
        {"days": ["0"]},
        {"conditions": 'a=~"("'},
    ],
)
def test_a_silence_without_reason_or_end_is_none(
    admin_client: Client, wrong: dict[str, Any]
) -> None:
    told = {"account": "", "reason": "works", "lasts": "60", "zone": "UTC"}
    answer = admin_client.post("/silences/new", told | wrong)

    assert answer.status_code == 200
    assert 'class="error"' in answer.content.decode()
    assert not Silence.objects.exists()


def test_operators_silence_their_accounts_and_no_others() -> None:
    an_account(OTHER_ACCOUNT)
    client = signed_in("olaf", Role.OPERATOR, ACCOUNT)
    for account, status in ((ACCOUNT, 201), (OTHER_ACCOUNT, 400), ("", 400)):
        asked = {"account": account, "reason": "works", "lasts": 90}
        assert sent(client, "post", "silences", asked)[0] == status
    assert [one.account for one in Silence.objects.all()] == [ACCOUNT]

    viewer = signed_in("vera", Role.VIEWER, ACCOUNT)
    silence = Silence.objects.get()
    assert "works" in page(viewer, "/silences/")
    assert viewer.get("/silences/new").status_code == 403
    assert viewer.post(f"/silences/{silence.pk}/end").status_code == 403
    stranger = signed_in("sam", Role.ADMIN, OTHER_ACCOUNT)
    assert "works" not in page(stranger, "/silences/")
    assert stranger.post(f"/silences/{silence.pk}/end").status_code == 404


def test_a_preview_tells_nothing_of_other_accounts() -> None:
    an_account(OTHER_ACCOUNT)
    notify(a_notice(labels={"severity": "high", "account": OTHER_ACCOUNT}))
    client = signed_in("olaf", Role.OPERATOR, ACCOUNT)
    asked = {"account": ACCOUNT, "reason": "x", "lasts": 60}

    assert Matter.objects.exists()
    _, answer = sent(client, "post", "silences?preview=true", asked)
    assert answer == {"matches": []}


def test_a_silence_that_matches_nothing_is_marked_as_forgotten(
    admin_client: Client,
) -> None:
    now = timezone.now()
    Silence.objects.create(
        reason="works",
        made_at=now,
        starts_at=now - timedelta(hours=2),
        ends_at=now + timedelta(days=30),
    )

    assert "Matched nothing so far" in page(admin_client, "/silences/")
    item = admin_client.get("/api/v1/silences").json()["items"][0]
    assert (item["matched_nothing"], item["ends_soon"]) == (True, False)
