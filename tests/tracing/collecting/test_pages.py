"""The page and the REST resource of what traces come from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.discovery.models import Account
from apps.discovery.roles import Role
from apps.tracing.collecting.covered import cover
from apps.tracing.collecting.diagnosis import scopes as diagnosed
from apps.tracing.collecting.scopes import note_scopes, switch_on
from apps.tracing.collecting.standing import cure_of, standing_of
from apps.tracing.collecting.windows import SETTLE
from apps.tracing.models import (
    GraphCheck,
    SamplingRule,
    TraceReread,
    TraceScope,
)
from tests.conftest import signed_in
from tests.tracing.collecting.world import World

pytestmark = pytest.mark.django_db
SHOP, OTHER = "111122223333", "444455556666"
PAGE, API = "/traces/sources/", "/api/v1/traces/sources"


@pytest.fixture
def scope(db: None) -> TraceScope:
    for number in (SHOP, OTHER):
        Account.objects.create(
            number=number, home_region="eu-west-1", is_connected=True
        )
    note_scopes()
    return TraceScope.objects.get(account=SHOP)


def text(client: Client) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def item(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get(API).json()["items"][0]
    return found


def test_without_accounts_the_next_step_is_named(admin_client: Client) -> None:
    assert "Connect an account" in text(admin_client)


def test_an_operator_switches_an_account_on_and_off(scope: TraceScope) -> None:
    client = signed_in("olga", Role.OPERATOR, SHOP)
    assert "X-Ray is not read yet" in text(client)

    client.post(f"{PAGE}{scope.pk}/switch", {"hours": "168"})

    scope.refresh_from_db()
    assert scope.is_enabled
    assert scope.collect_since is not None
    past = timezone.now() - scope.collect_since
    assert timedelta(days=7) <= past < timedelta(days=7, minutes=1)
    assert "not read yet" in text(client)

    client.post(f"{PAGE}{scope.pk}/switch")

    scope.refresh_from_db()
    assert not scope.is_enabled


def test_who_only_looks_switches_nothing(
    scope: TraceScope, viewer_client: Client
) -> None:
    assert "an operator can switch it on" in text(viewer_client)
    for path in ("switch", "read"):
        assert viewer_client.post(f"{PAGE}{scope.pk}/{path}").status_code == 403
    sent = viewer_client.patch(
        f"{API}/{scope.pk}", {"enabled": True}, content_type="application/json"
    )
    assert sent.status_code == 403


def test_nobody_sees_or_switches_accounts_of_others(scope: TraceScope) -> None:
    client = signed_in("olga", Role.OPERATOR, OTHER)

    assert SHOP not in text(client)
    assert [one["account"] for one in client.get(API).json()["items"]] == [OTHER]
    assert client.post(f"{PAGE}{scope.pk}/switch").status_code == 404
    assert client.get(f"{API}/{scope.pk}").status_code == 404


def test_what_was_not_read_and_nothing_there_are_told_apart(
    scope: TraceScope, admin_client: Client
) -> None:
    now = timezone.now()
    switch_on(scope, now, 2)
    TraceScope.objects.filter(pk=scope.pk).update(succeeded_at=now, read_at=now)
    scope.refresh_from_db()
    asked = standing_of(scope, now).asked
    assert asked is not None
    assert standing_of(scope, now).state == "late"
    assert "No traces there does not mean that nothing happened" in text(admin_client)

    cover(scope, asked)

    told = item(admin_client)
    assert (told["state"], told["not_read"]) == ("works", [])
    assert "Everything X-Ray has of this time was read" in text(admin_client)
    assert "none in what was read" in text(admin_client)


def test_a_worker_that_stands_still_is_late(scope: TraceScope) -> None:
    now = timezone.now()
    switch_on(scope, now - timedelta(hours=1), 1)
    TraceScope.objects.filter(pk=scope.pk).update(
        succeeded_at=now - timedelta(hours=1), read_at=now - timedelta(hours=1)
    )
    scope.refresh_from_db()
    asked = standing_of(scope, now - timedelta(minutes=50)).asked
    assert asked is not None
    cover(scope, asked)

    found = standing_of(scope, now)

    assert found.state == "late"
    (edge,) = found.missing
    assert edge.until == now - SETTLE
    assert "doctor" in found.troubles[0].cure


def test_a_problem_is_told_with_the_permission_that_cures_it(
    scope: TraceScope, admin_client: Client
) -> None:
    switch_on(scope, timezone.now())
    TraceScope.objects.filter(pk=scope.pk).update(
        problem="xray.get_trace_summaries: AccessDeniedException: <b>no</b>",
        problem_since=timezone.now(),
    )

    page = text(admin_client)

    assert "Allow xray:GetTraceSummaries to the role" in page
    assert "&lt;b&gt;no&lt;/b&gt;" in page
    assert item(admin_client)["state"] == "failing"


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ("xray.batch_get_traces: AccessDeniedException: no", "xray:BatchGetTraces"),
        ("sts.assume_role: AccessDenied: no", "docs/iam.md"),
        ("xray.get_groups: ThrottledException: Rate exceeded", "AWS limits all"),
        ("xray.get_groups: InternalFailure: oh", "tried again by itself"),
    ],
)
def test_each_problem_has_a_next_step(problem: str, words: str) -> None:
    assert words in cure_of(problem)


def test_transaction_search_is_told_with_what_it_hides(
    scope: TraceScope, admin_client: Client
) -> None:
    now = timezone.now()
    switch_on(scope, now)
    TraceScope.objects.filter(pk=scope.pk).update(has_transaction_search=True)
    TraceReread.objects.create(
        scope=scope,
        trace_id="1-00000000-000000000000000000000001",
        started_at=now,
        changed_at=now,
        rank=TraceReread.Rank.NEW,
        attempts=10,
    )

    page = text(admin_client)

    assert "Transaction Search keeps spans in CloudWatch Logs" in page
    assert "1 traces were listed and could not be fetched" in page
    assert item(admin_client)["traces_not_handed_out"] == 1


def test_sampling_and_the_comparison_with_x_ray_are_told(
    scope: TraceScope, admin_client: Client
) -> None:
    now = timezone.now()
    switch_on(scope, now)
    SamplingRule.objects.create(
        scope=scope,
        name="<i>Default",
        priority=10_000,
        rate=0.05,
        reservoir=1,
        service_name="*",
        service_type="*",
        host="*",
        method="*",
        path="*",
        resource_arn="*",
    )
    figures = {"calls": 7, "errors": 0, "faults": 0, "throttles": 0}
    check = GraphCheck.objects.create(
        scope=scope,
        since=now - timedelta(hours=2),
        until=now - timedelta(minutes=110),
        checked_at=now,
        equal=4,
        differing=1,
        differences=[
            {
                "source": ["", "client", "web"],
                "target": [SHOP, "AWS::ECS::Container", "<u>web"],
                "is_async": False,
                "ours": figures | {"calls": 6},
                "theirs": figures,
            }
        ],
    )

    page = text(admin_client)

    assert "the first request of each second, and 5 % of the others" in page
    assert "&lt;i&gt;Default" in page
    assert '1 of 5 edges of <a href="/map/?since=' in page
    assert "&lt;u&gt;web" in page
    assert item(admin_client)["check"]["differences"][0]["ours"]["calls"] == 6

    GraphCheck.objects.filter(pk=check.pk).update(differing=0, differences=[], equal=5)

    assert "All 5 edges of" in text(admin_client)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "enabled"),
        ({"enabled": "yes"}, "enabled"),
        ({"enabled": True, "hours": -1}, "hours"),
        ({"enabled": True, "hours": True}, "hours"),
        ({"enabled": True, "days": 3}, "days"),
    ],
)
def test_what_cannot_be_switched_so_names_its_field(
    scope: TraceScope, admin_client: Client, sent: dict[str, Any], field: str
) -> None:
    answer = admin_client.patch(
        f"{API}/{scope.pk}", sent, content_type="application/json"
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field


def test_rest_switches_on_with_the_past_that_is_asked_for(
    scope: TraceScope, admin_client: Client
) -> None:
    answer = admin_client.patch(
        f"{API}/{scope.pk}",
        {"enabled": True, "hours": 3},
        content_type="application/json",
    )

    assert answer.json()["state"] == "requested"
    scope.refresh_from_db()
    assert scope.is_enabled


def test_doctor_tries_each_action_and_names_what_is_missing(world: World) -> None:
    assert [(one.problem, one.subject) for one in diagnosed()] == [
        (None, f"traces.{SHOP}.eu-west-1")
    ]

    world.strike("denied", "xray.GetServiceGraph")

    (found,) = diagnosed()
    assert found.subject == f"traces.{SHOP}.eu-west-1.GetServiceGraph"
    assert found.cure == "The role needs xray:GetServiceGraph."
