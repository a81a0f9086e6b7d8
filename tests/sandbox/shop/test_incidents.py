"""Incidents begin, are seen where one would look, and end without a trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.assembly import Sandbox
from sandbox.kernel.cloud import PAYMENTS, SHOP
from sandbox.shop.effects import NONE
from sandbox.shop.incidents import INCIDENTS
from sandbox.shop.shop import Shop, UnknownIncident
from tests.sandbox.conftest import NOW, Client

PassTime = Callable[[float], None]
_RATE = 1.5


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    made = Shop(sandbox, _RATE)
    made.open()
    return made


@pytest.fixture
def live(pass_time: PassTime) -> Callable[[int], None]:
    """Minutes of the shop's life."""

    def pass_minutes(minutes: int) -> None:
        for _ in range(minutes * 4):
            pass_time(15)

    return pass_minutes


def alarmed(client: Client, since: float, account: str = SHOP) -> set[str]:
    """The alarms that went to ALARM since a time."""
    pages = (
        client("cloudwatch", account)
        .get_paginator("describe_alarm_history")
        .paginate(HistoryItemType="StateUpdate", StartDate=since)
    )
    return {
        item["AlarmName"]
        for page in pages
        for item in page["AlarmHistoryItems"]
        if item["HistorySummary"].endswith("to ALARM")
    }


def verdict(client: Client, rule: str) -> str:
    (said,) = client("config").describe_compliance_by_config_rule(
        ConfigRuleNames=[rule]
    )["ComplianceByConfigRules"]
    return str(said["Compliance"]["ComplianceType"])


def test_every_incident_can_begin_and_end_twice(shop: Shop) -> None:
    for _ in range(2):
        for name in INCIDENTS:
            shop.begin(name)
            shop.begin(name)
        assert shop.running == list(INCIDENTS)
        for name in INCIDENTS:
            shop.end(name)
            shop.end(name)

    assert shop.running == []
    assert shop.traffic.effects == NONE


def test_an_unknown_incident_is_refused(shop: Shop) -> None:
    with pytest.raises(UnknownIncident, match="payment-latency"):
        shop.begin("earthquake")


@pytest.mark.parametrize(
    ("incident", "alarm"),
    [
        ("payment-latency", "checkout-slow"),
        ("dependency-outage", "api-faults"),
        ("cache-stampede", "product-cache-misses"),
        ("chatty-caller", "recommendations-chatty"),
        ("memory-leak", "search-memory"),
        ("silent-service", "recommendations-silent"),
        ("log-flood", "pricing-log-volume"),
    ],
)
def test_an_incident_raises_its_alarm(
    shop: Shop, client: Client, live: Callable[[int], None], incident: str, alarm: str
) -> None:
    live(4)
    assert alarm not in alarmed(client, NOW + 180)

    shop.begin(incident)
    live(14 if incident == "memory-leak" else 8)

    assert alarm in alarmed(client, NOW + 240)


def test_payments_alarm_in_their_own_account(
    shop: Shop, client: Client, live: Callable[[int], None]
) -> None:
    shop.begin("payment-latency")
    live(6)

    assert "payments-slow" in alarmed(client, NOW, PAYMENTS)


def test_a_leak_ends_in_tasks_that_are_killed(
    shop: Shop, client: Client, live: Callable[[int], None]
) -> None:
    live(1)
    ecs = client("ecs")
    tasks = ecs.list_tasks(cluster="shop", serviceName="search")["taskArns"]

    shop.begin("memory-leak")
    live(15)

    (gone, *_) = ecs.describe_tasks(cluster="shop", tasks=tasks)["tasks"]
    assert gone["lastStatus"] == "STOPPED"
    assert gone["containers"][0]["exitCode"] == 137


def test_a_leaked_key_is_used_from_a_strange_address(
    shop: Shop, client: Client, pass_time: PassTime
) -> None:
    shop.begin("leaked-key")
    pass_time(2)

    wanted = [{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}]
    found = client("cloudtrail", region="us-east-1").lookup_events(
        LookupAttributes=wanted
    )["Events"]
    assert '"sourceIPAddress":"185.220.101.34"' in found[0]["CloudTrailEvent"]
    assert found[0]["Username"] == "ci"


def test_what_somebody_repaired_is_no_hindrance(shop: Shop, client: Client) -> None:
    shop.begin("leaked-key")
    client("iam").delete_user_policy(UserName="support-backup", PolicyName="all")

    shop.end("leaked-key")
    shop.begin("leaked-key")

    users = [user["UserName"] for user in client("iam").list_users()["Users"]]
    assert "support-backup" in users


@pytest.mark.parametrize(
    ("incident", "rule"),
    [
        ("open-security-group", "restricted-ssh"),
        ("public-bucket", "s3-public-read"),
        ("trail-stopped", "cloudtrail-enabled"),
    ],
)
def test_a_rule_sees_it_and_sees_it_end(
    shop: Shop, client: Client, live: Callable[[int], None], incident: str, rule: str
) -> None:
    live(1)
    assert verdict(client, rule) == "COMPLIANT"

    shop.begin(incident)
    live(1)
    assert verdict(client, rule) == "NON_COMPLIANT"

    shop.end(incident)
    live(1)
    assert verdict(client, rule) == "COMPLIANT"


def test_people_look_at_the_shop(
    shop: Shop, client: Client, live: Callable[[int], None], pass_time: PassTime
) -> None:
    live(3)
    pass_time(40 * 60)

    looked: Any = client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "Username", "AttributeValue": "anna"}]
    )["Events"]
    assert {event["ReadOnly"] for event in looked} >= {"true"}
