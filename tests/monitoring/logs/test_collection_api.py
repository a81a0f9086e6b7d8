"""Log groups and sources of logs over REST: what the pages show and do."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.discovery.roles import Role
from apps.monitoring.logs.keys import is_key_of, new_key
from apps.monitoring.models import LogGroup, LogOutage, LogPoll, LogSource, LogStream
from tests.conftest import signed_in
from tests.factories import ACCOUNT, OTHER_ACCOUNT, an_account
from tests.monitoring.logs.inventoried import (
    GB,
    REGION,
    a_connected,
    a_group,
    a_poll,
    a_scope,
    a_source,
    covered,
)

pytestmark = pytest.mark.django_db
GROUPS, SOURCES = "/api/v1/logs/groups", "/api/v1/logs/sources"


def get(client: Client, url: str) -> Any:
    answer = client.get(url)
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def send(client: Client, method: str, url: str, body: Any = None) -> tuple[int, Any]:
    answer = client.generic(method, url, json.dumps(body), "application/json")
    return answer.status_code, json.loads(answer.content or "null")


@pytest.fixture
def operator() -> Client:
    return signed_in("olga", Role.OPERATOR)


def test_groups_are_told_with_totals(viewer_client: Client) -> None:
    a_scope()
    a_poll(a_group("/a", stored_bytes=100 * GB, daily_bytes=GB))
    a_group("/b", retention_days=None)

    said = get(viewer_client, f"{GROUPS}?order=-size")

    first = said["items"][0]
    assert (first["name"], first["storage_dollars_a_month"]) == ("/a", 3.0)
    assert first["ingestion_dollars_a_month"] == 15.0
    assert first["collected"] == [{"way": "polling", "source": None}]
    assert 65 <= first["lag_seconds"] <= 120
    assert said["totals"]["groups"] == 2
    assert said["totals"]["never_expire"] == 1
    assert said["items"][1]["incoming_bytes_a_day"] is None


def test_groups_come_in_pages(viewer_client: Client) -> None:
    now = timezone.now()
    LogGroup.objects.bulk_create(
        LogGroup(account=ACCOUNT, region=REGION, name=f"/{at:03}", found_at=now)
        for at in range(250)
    )

    first = get(viewer_client, GROUPS)
    rest = get(viewer_client, f"{GROUPS}?after={first['next']}")

    assert [len(first["items"]), len(rest["items"])] == [200, 50]
    assert rest["next"] is None
    assert rest["items"][-1]["name"] == "/249"


@pytest.mark.parametrize("field", ["state", "order"])
def test_what_there_is_not_is_refused(viewer_client: Client, field: str) -> None:
    answer = viewer_client.get(f"{GROUPS}?{field}=nonsense")

    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field


def test_a_group_tells_how_far_it_was_read(viewer_client: Client) -> None:
    a_scope()
    group, now = a_group(), timezone.now()
    a_poll(group, late_finds=3, window="new", window_since=now, window_until=now)
    covered(group, timedelta(days=2), timedelta(hours=1))
    LogOutage.objects.create(group=group, since=now, problem="No network.")

    said = get(viewer_client, f"{GROUPS}/{group.pk}")

    assert len(said["coverage"]) == 1
    assert said["outages"][0]["problem"] == "No network."
    assert said["outages"][0]["until"] is None
    assert (said["polling"]["late_finds"], said["polling"]["reading"]["kind"]) == (
        3,
        "new",
    )


def test_streams_are_told_by_prefix(viewer_client: Client) -> None:
    group = a_group()
    for name in ("web/1", "worker/1"):
        LogStream.objects.create(group=group, name=name, listed_at=timezone.now())

    said = get(viewer_client, f"{GROUPS}/{group.pk}/streams?prefix=web")

    assert [one["name"] for one in said["items"]] == ["web/1"]


def test_nothing_of_another_account_is_there() -> None:
    group = a_group("/there", account=OTHER_ACCOUNT)
    source = a_source("kinesis", account=an_account(OTHER_ACCOUNT))
    ann = signed_in("ann", Role.VIEWER, ACCOUNT)

    assert get(ann, GROUPS)["items"] == get(ann, SOURCES)["items"] == []
    assert get(ann, "/api/v1/logs/regions")["items"] == []
    for url in (f"{GROUPS}/{group.pk}", f"{SOURCES}/{source.pk}"):
        assert ann.get(url).status_code == 404


def test_groups_are_collected_and_stopped(operator: Client) -> None:
    one, other = a_group("/one"), a_group("/other", group_class="DELIVERY")
    body = {"groups": [one.pk, other.pk]}

    assert send(operator, "POST", f"{GROUPS}/collect", body) == (
        200,
        {"collected": 1, "cannot_be_read": 1},
    )
    assert LogPoll.objects.get().is_enabled

    assert send(operator, "POST", f"{GROUPS}/stop", {"groups": [one.pk]}) == (
        200,
        {"stopped": 1},
    )
    assert not LogPoll.objects.get().is_enabled


def test_all_of_a_region_is_collected_and_stopped(operator: Client) -> None:
    scope = a_scope()
    a_group("/one"), a_group("/two")

    assert send(operator, "POST", f"{GROUPS}/collect", {"region": scope.pk})[1] == {
        "collected": 2,
        "cannot_be_read": 0,
    }
    assert send(operator, "POST", f"{GROUPS}/stop", {"region": scope.pk})[1] == {
        "stopped": 2
    }


def test_new_groups_of_a_region_are_chosen(operator: Client) -> None:
    scope = a_scope()
    url = f"/api/v1/logs/regions/{scope.pk}"

    status, said = send(operator, "PATCH", url, {"collects_new": True})

    assert (status, said["collects_new"]) == (200, True)
    assert send(operator, "PATCH", url, {"collects_new": "yes"})[0] == 400


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "groups"),
        ([], "groups"),
        ({"groups": []}, "groups"),
        ({"groups": ["1"]}, "groups"),
        ({"groups": [True]}, "groups"),
        ({"groups": [10**30]}, "groups"),
        ({"groups": [999]}, "groups"),
        ({"region": 999}, "region"),
        ({"region": "all"}, "region"),
    ],
)
def test_what_cannot_be_collected_is_refused(
    operator: Client, body: Any, field: str
) -> None:
    status, said = send(operator, "POST", f"{GROUPS}/collect", body)

    assert (status, said["error"]["field"]) == (400, field)


def test_a_viewer_collects_nothing(viewer_client: Client) -> None:
    body = {"groups": [a_group().pk]}

    assert send(viewer_client, "POST", f"{GROUPS}/collect", body)[0] == 403
    assert not LogPoll.objects.exists()


def new(**fields: Any) -> dict[str, Any]:
    a_connected()
    whole = {"kind": "firehose", "name": "main", "account": ACCOUNT, "region": REGION}
    return whole | {"stream": "all-logs"} | fields


def test_a_source_is_added_with_a_key_that_is_told_once(admin_client: Client) -> None:
    status, said = send(admin_client, "POST", SOURCES, new(owners=[OTHER_ACCOUNT]))

    source = LogSource.objects.get()
    assert status == 201
    assert is_key_of(source, said["key"])
    assert said["endpoint"].endswith(f"/ingest/firehose/{source.pk}")
    assert said["owners"] == [OTHER_ACCOUNT]
    assert "key" not in get(admin_client, f"{SOURCES}/{source.pk}")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "pigeon"}, "kind"),
        ({"kind": ["firehose"]}, "kind"),
        ({"stream": "two words"}, "stream"),
        ({"region": 5}, "region"),
        ({"owners": "111122223333"}, "owners"),
        ({"owners": ["1"]}, "owners"),
        ({"account": "999999999999"}, "account"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_source_that_cannot_be_is_refused(
    admin_client: Client, fields: dict[str, Any], field: str
) -> None:
    status, said = send(admin_client, "POST", SOURCES, new(**fields))

    assert (status, said["error"]["field"]) == (400, field)
    assert not LogSource.objects.exists()


def test_a_source_is_changed_in_part(admin_client: Client) -> None:
    source = a_source("bucket", log_group="/before", owners=[OTHER_ACCOUNT])

    status, said = send(
        admin_client, "PATCH", f"{SOURCES}/{source.pk}", {"log_group": "/after"}
    )

    assert status == 200
    assert (said["log_group"], said["bucket"]) == ("/after", "logs")
    assert said["owners"] == [OTHER_ACCOUNT]


def test_another_place_is_another_source(admin_client: Client) -> None:
    source = a_source("kinesis")

    status, said = send(
        admin_client, "PATCH", f"{SOURCES}/{source.pk}", {"stream": "other"}
    )

    assert (status, said["error"]["field"]) == (400, "stream")


def test_an_operator_pauses_and_changes_nothing_else(operator: Client) -> None:
    source = a_source("kinesis")
    url = f"{SOURCES}/{source.pk}"

    assert send(operator, "PATCH", url, {"paused": True})[1]["state"] == "paused"
    assert send(operator, "PATCH", url, {"name": "mine"})[0] == 403
    assert send(operator, "DELETE", url)[0] == 403


def test_a_key_is_rotated_and_a_source_deleted(admin_client: Client) -> None:
    source = a_source("lambda")
    before = new_key(source, timezone.now())

    said = send(admin_client, "POST", f"{SOURCES}/{source.pk}/key")[1]

    source.refresh_from_db()
    assert is_key_of(source, said["key"])
    assert not is_key_of(source, before)
    assert send(admin_client, "DELETE", f"{SOURCES}/{source.pk}")[0] == 204
    assert not LogSource.objects.exists()


def test_what_is_read_has_no_key(admin_client: Client) -> None:
    source = a_source("kinesis")

    assert send(admin_client, "POST", f"{SOURCES}/{source.pk}/key")[0] == 400
