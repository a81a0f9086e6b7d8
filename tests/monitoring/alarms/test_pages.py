"""Alarm pages, and the same by REST."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.discovery.models import Account
from apps.discovery.roles import Role
from apps.monitoring.models import AlarmChange, AlarmScope, CloudWatchAlarm
from tests.conftest import signed_in
from tests.factories import ACCOUNT, OTHER_ACCOUNT

pytestmark = pytest.mark.django_db


def an_alarm(name: str, state: str = "OK", **fields: Any) -> CloudWatchAlarm:
    account = fields.setdefault("account", ACCOUNT)
    now = timezone.now()
    values: dict[str, Any] = {
        "arn": f"arn:aws:cloudwatch:eu-west-1:{account}:alarm:{name}",
        "region": "eu-west-1",
        "kind": "metric",
        "name": name,
        "state": state,
        "since": now - timedelta(minutes=30),
        "updated_at": now,
        "told_at": now,
        "settings": {"Namespace": "Shop", "MetricName": "Latency"},
    }
    return CloudWatchAlarm.objects.create(**(values | fields))


def a_change(alarm: CloudWatchAlarm, at: datetime, **fields: Any) -> AlarmChange:
    values: dict[str, Any] = {
        "account": alarm.account,
        "region": alarm.region,
        "name": alarm.name,
        "kind": alarm.kind,
        "at": at,
        "type": "StateUpdate",
        "summary": "Alarm updated from OK to ALARM",
        "was": "OK",
        "became": "ALARM",
    }
    return AlarmChange.objects.create(**(values | fields))


def text(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def test_alarms_that_are_off_stand_last(viewer_client: Client) -> None:
    an_alarm("calm")
    an_alarm("blind", "INSUFFICIENT_DATA")
    an_alarm("loud", "ALARM")

    page = text(viewer_client, "/alarms/")

    assert page.index(">loud<") < page.index(">blind<") < page.index(">calm<")


def test_alarms_are_found_by_metric_and_state(viewer_client: Client) -> None:
    an_alarm("loud", "ALARM")
    an_alarm("calm")
    an_alarm("other", "ALARM", settings={"MetricName": "Errors"})

    page = text(viewer_client, "/alarms/?q=latency&state=ALARM")

    assert ">loud<" in page
    assert ">calm<" not in page
    assert ">other<" not in page


def test_an_alarm_that_is_gone_is_not_listed_but_keeps_its_page(
    viewer_client: Client,
) -> None:
    alarm = an_alarm("old", gone_at=timezone.now())

    assert ">old<" not in text(viewer_client, "/alarms/")
    assert "no longer has this alarm" in text(viewer_client, f"/alarms/{alarm.pk}/")


def test_the_page_of_an_alarm_tells_its_history_and_states(
    viewer_client: Client,
) -> None:
    alarm = an_alarm("loud", "ALARM", evaluation_state="PARTIAL_DATA")
    a_change(alarm, timezone.now() - timedelta(hours=1))

    page = text(viewer_client, f"/alarms/{alarm.pk}/")

    assert "Alarm updated from OK to ALARM" in page
    assert page.count("<rect") == 2
    assert "judged a part" in page


def test_a_time_that_is_none_is_told_on_the_page(viewer_client: Client) -> None:
    alarm = an_alarm("loud")

    assert "is not a time" in text(viewer_client, f"/alarms/{alarm.pk}/?since=soon")


@pytest.mark.parametrize(
    ("connected", "read", "told"),
    [
        (False, False, "No account is connected"),
        (True, False, "have not been read yet"),
        (True, True, "There are no alarms"),
    ],
)
def test_an_empty_list_says_why(
    viewer_client: Client, connected: bool, read: bool, told: str
) -> None:
    account = Account.objects.create(number=ACCOUNT, is_connected=connected)
    AlarmScope.objects.create(
        account=account,
        region="eu-west-1",
        succeeded_at=timezone.now() if read else None,
    )

    assert told in text(viewer_client, "/alarms/")


def test_who_may_not_see_an_account_sees_none_of_its_alarms(db: None) -> None:
    Account.objects.create(number=ACCOUNT)
    Account.objects.create(number=OTHER_ACCOUNT)
    alarm = an_alarm("theirs", account=OTHER_ACCOUNT)
    client = signed_in("vera", Role.VIEWER, ACCOUNT)

    assert "theirs" not in text(client, "/alarms/")
    assert client.get(f"/alarms/{alarm.pk}/").status_code == 404
    assert client.get("/api/v1/alarms").json()["items"] == []
    assert client.get(f"/api/v1/alarms/{alarm.pk}/history").status_code == 404


def test_rest_tells_the_alarm_and_its_history(viewer_client: Client) -> None:
    alarm = an_alarm("loud", "ALARM")
    a_change(alarm, timezone.now() - timedelta(hours=1))

    item = viewer_client.get("/api/v1/alarms?state=ALARM").json()["items"][0]
    history = viewer_client.get(f"/api/v1/alarms/{item['id']}/history").json()

    assert (item["name"], item["state"]) == ("loud", "ALARM")
    assert [one["became"] for one in history["items"]] == ["ALARM"]


def test_rest_pages_go_on(viewer_client: Client) -> None:
    for number in range(201):
        an_alarm(f"alarm-{number:03d}")

    first = viewer_client.get("/api/v1/alarms").json()
    second = viewer_client.get(f"/api/v1/alarms?after={first['next']}").json()

    assert len(first["items"]) == 200
    assert len(second["items"]) == 1
    assert second["next"] is None
