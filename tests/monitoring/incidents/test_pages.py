"""Pages and API of rules and incidents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.discovery.maphooks import Badge
from apps.discovery.roles import Role
from apps.monitoring.incidents import asking, backtesting, badges
from apps.monitoring.incidents.backtesting import incidents_of
from apps.monitoring.incidents.starters import STARTERS
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.models import (
    AlertRule,
    Backtest,
    Channel,
    Incident,
    Route,
    Silence,
)
from apps.monitoring.notifications.notices import Notice
from apps.search.timerange import TimeRange
from tests.conftest import signed_in
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT, a_user
from tests.monitoring.incidents.world import Scripted, a_rule, evaluate, minute

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>{{account}}{% now %}"
FIELDS = {
    "name": "Denied",
    "p-documents": "trail",
    "p-query": "errorCode:AccessDenied",
    "period_seconds": "300",
    "comparison": "gt",
    "threshold": "20",
    "needed": "1",
    "periods": "1",
    "missing": "missing",
    "hold_minutes": "10",
    "severity": "high",
}


def an_incident(world: Scripted, thing: str = "orders", **fields: Any) -> Incident:
    a_rule(**fields)
    world.minutes[thing] = [9]
    evaluate(1)
    return Incident.objects.get()


@pytest.fixture
def operator() -> Client:
    return signed_in("olga", Role.OPERATOR)


def test_an_incident_is_listed_shown_taken_and_closed(
    world: Scripted, told: list[Notice], operator: Client
) -> None:
    one = an_incident(world)
    page = f"/incidents/{one.pk}/"
    assert "Too much: thing orders" in operator.get("/incidents/").content.decode()
    shown = operator.get(page).content.decode()
    assert "incident-figure" in shown
    assert "9 is above 5. It fires." in shown

    operator.post(f"{page}acknowledge", {"note": "On it"})
    operator.post(f"{page}comment", {"text": "Disk was full"})
    assert "Say why" in operator.post(f"{page}close", {}).content.decode()
    operator.post(f"{page}close", {"reason": "Grew the disk"})

    shown = operator.get(page).content.decode()
    assert all(said in shown for said in ("On it", "Disk was full", "Grew the disk"))
    one.refresh_from_db()
    assert (one.state, one.acknowledged_by and one.acknowledged_by.username) == (
        "resolved",
        "olga",
    )


def test_many_are_taken_at_once(
    world: Scripted, told: list[Notice], operator: Client
) -> None:
    a_rule()
    world.minutes = {"orders": [9], "carts": [9], "stock": [1]}
    evaluate(1)
    ids = list(Incident.objects.values_list("pk", flat=True))

    operator.post("/incidents/acknowledge", {"incident": ids, "note": "Mine"})

    assert len(ids) == 2
    assert {one.note for one in Incident.objects.all()} == {"Mine"}
    assert "thing carts" in operator.get("/incidents/?state=mine").content.decode()


def test_viewers_and_people_of_other_accounts_may_not_act(
    world: Scripted, told: list[Notice], viewer_client: Client
) -> None:
    one = an_incident(world)
    stranger = signed_in("sam", Role.ADMIN, OTHER_ACCOUNT)
    helper = signed_in("hal", Role.OPERATOR, ACCOUNT)
    act = f"/incidents/{one.pk}/acknowledge"

    assert viewer_client.post(act).status_code == 403
    assert stranger.post(act).status_code == 404
    assert "orders" not in stranger.get("/incidents/").content.decode()
    assert helper.post(act).status_code == 302


def test_hostile_labels_are_text(world: Scripted, told: list[Notice]) -> None:
    one = an_incident(
        world, HOSTILE, title_template="{{service}} {{nothing}}", key_template="{{key}}"
    )
    admin = signed_in("root", Role.ADMIN)

    assert one.title == f"{HOSTILE} ?"
    for path in ("/incidents/", f"/incidents/{one.pk}/", f"/rules/{one.rule_id}/why/"):
        assert "<script>alert" not in admin.get(path).content.decode()


def test_a_rule_is_made_tried_changed_switched_and_deleted(operator: Client) -> None:
    bad = operator.post("/rules/new/documents/", FIELDS | {"p-query": "a:("})
    assert "has-error" in bad.content.decode()
    assert not AlertRule.objects.exists()

    operator.post("/rules/new/documents/", FIELDS)
    rule = AlertRule.objects.get()
    page = f"/rules/{rule.pk}/"
    assert not rule.is_enabled
    assert rule.hold_seconds == 600

    operator.post(f"{page}edit/", FIELDS | {"threshold": "30"})
    operator.post(f"{page}switch")
    rule.refresh_from_db()
    assert (rule.threshold, rule.is_enabled, rule.revision) == (30, True, 3)
    assert "above 30" in operator.get(page).content.decode()

    operator.post(f"{page}delete", {"confirm": "Denied"})
    assert operator.get(page).status_code == 404


def test_the_preview_says_what_is_wrong_or_what_would_have_been(
    operator: Client, engine: object
) -> None:
    preview = "/rules/preview/documents/"

    wrong = operator.post(preview, FIELDS | {"threshold": ""}).content.decode()
    right = operator.post(preview, FIELDS).content.decode()

    assert "required" in wrong
    assert "would not have fired" in right


@pytest.mark.parametrize(
    "starter",
    [one for one in STARTERS if one.kind in asking.conditions()],
    ids=lambda one: one.name,
)
def test_starters_can_be_looked_at_and_saved(starter: Any, operator: Client) -> None:
    path = f"/rules/new/{starter.kind}/"
    shown = operator.get(f"{path}?starter={starter.name}")
    form = shown.context["form"]
    sent = {
        field.html_name: field.field.prepare_value(field.value())
        if hasattr(field.field, "prepare_value")
        else field.value()
        for field in form
    }

    operator.post(
        path, {name: "" if one is None else one for name, one in sent.items()}
    )

    made = AlertRule.objects.get()
    assert made.parameters == starter.spec["parameters"]
    assert made.threshold == starter.spec["threshold"]


def test_the_api_does_what_pages_do(
    world: Scripted, told: list[Notice], operator: Client
) -> None:
    made = operator.post(
        "/api/v1/rules",
        {"kind": "scripted", "name": "By API", "threshold": 5, "enabled": True},
        content_type="application/json",
    ).json()
    world.minutes["orders"] = [1, 9]
    evaluate(2)
    [one] = operator.get("/api/v1/incidents").json()["items"]
    since = minute(-60).isoformat().replace("+00:00", "Z")
    until = minute(60).isoformat().replace("+00:00", "Z")
    told_why = operator.get(
        f"/api/v1/rules/{made['id']}/evaluations?since={since}&until={until}"
    ).json()["items"]

    assert (one["rule"], one["state"], one["value"]) == (made["id"], "open", 9)
    assert (told_why[0]["change"], told_why[0]["values"][-1]) == ("fired", 9)
    acted = operator.post(
        f"/api/v1/incidents/{one['id']}/resolve",
        {"text": "Done"},
        content_type="application/json",
    ).json()
    assert (acted["state"], acted["resolved_by"]) == ("resolved", "person")
    wrong = operator.patch(
        f"/api/v1/rules/{made['id']}",
        {"threshold": "much"},
        content_type="application/json",
    )
    assert wrong.status_code == 400
    assert wrong.json()["error"]["field"] == "threshold"


def test_a_backtest_says_when_it_would_have_fired(world: Scripted) -> None:
    rule = a_rule()
    world.minutes["orders"] = [9.0 if at % 100 < 2 else 1.0 for at in range(900)]
    span = (NOON, NOON + timedelta(minutes=800))
    row = backtesting.request(rule, span, a_user(role=Role.ADMIN), minute(900))

    backtesting.run(row.pk, lambda: minute(900))

    row.refresh_from_db()
    [thing] = row.result.values()
    begins = [(since - int(NOON.timestamp())) // 60 for since, _ in thing["fired"]]
    assert row.state == "done"
    assert begins == [1, 101, 201, 301, 401, 501, 601, 701]
    assert incidents_of([thing], int(row.until.timestamp())) == 8
    assert not Incident.objects.exists()
    page = signed_in("root", Role.ADMIN).get(f"/backtests/{row.pk}/")
    assert "would have opened 8 incidents" in page.content.decode()
    told = signed_in("rita", Role.VIEWER).get(f"/api/v1/backtests/{row.pk}").json()
    assert told["incidents"] == 8
    assert told["watched"][0]["fired"][1]["since"] == "2026-07-01T13:41:00Z"


def test_a_cancelled_backtest_stops(world: Scripted) -> None:
    rule = a_rule()
    world.minutes["orders"] = [1.0] * 900
    span = (NOON, NOON + timedelta(minutes=800))
    row = backtesting.request(rule, span, a_user(role=Role.ADMIN), minute(900))
    backtesting.cancel(row, minute(900))

    backtesting.run(row.pk, lambda: minute(900))

    assert Backtest.objects.get().state == "cancelled"
    assert world.asked == 0


def test_incidents_are_badges_of_the_map_and_marks_of_charts(
    world: Scripted, told: list[Notice]
) -> None:
    one = an_incident(world)
    viewer = a_user(role=Role.VIEWER)
    span = TimeRange(NOON, NOON + timedelta(hours=1))
    node, other = (ACCOUNT, "AWS::SQS::Queue", "orders"), (ACCOUNT, "", "else")
    key = MetricKey.of((ACCOUNT, "eu-west-1"), "AWS/SQS", "Sent", {"Q": "orders"})

    found = badges.badges([node, other], span, viewer)
    [marker] = badges.markers([key], span, viewer)

    title = "Too much: thing orders"
    expected = Badge("incident", 1, f"1 incident: {title}", f"/incidents/{one.pk}/")
    assert found == {node: [expected]}
    assert (marker.kind, marker.title) == ("incident", f"{title}: opened")


def test_home_and_navigation_tell_what_is_open(
    world: Scripted, told: list[Notice], admin_client: Client
) -> None:
    an_incident(world)

    shown = admin_client.get("/").content.decode()

    assert "1 nobody looks after" in shown


def test_who_was_told_and_what_keeps_it_quiet_stands_on_its_page(
    world: Scripted, operator: Client
) -> None:
    """With the real outbox."""
    now = timezone.now()
    channel = Channel.objects.create(name="Night shift", kind="email", options={})
    route = Route.objects.create(name="All", matchers=[])
    route.channels.add(channel)
    one = an_incident(world)
    Silence.objects.create(
        account=ACCOUNT,
        matchers=[["service", "=", "orders"]],
        reason="Being moved",
        made_at=now,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
    )

    shown = operator.get(f"/incidents/{one.pk}/").content.decode()

    assert "Night shift: firing" in shown
    assert "Being moved" in shown


def test_what_could_not_be_read_is_said_of_a_backtest(world: Scripted) -> None:
    rule = a_rule()
    world.problem = "The store is down."
    span = (NOON, NOON + timedelta(minutes=10))
    row = backtesting.request(rule, span, a_user(role=Role.ADMIN), minute(60))

    backtesting.run(row.pk, lambda: minute(60))

    row.refresh_from_db()
    assert (row.state, row.problem) == ("failed", "The store is down.")
