"""Records with more than one answer."""

from __future__ import annotations

from typing import Any

from apps.audit.remediation.actions.base import Subject
from tests.contracts.actions.scenarios import Scenario
from tests.contracts.actions.world import World

NAME = "www.shop.test"
_ASKED = {"record": NAME, "type": "A"}


def zone(world: World, *answers: dict[str, Any]) -> Subject:
    dns = world.admin("route53")
    made = dns.create_hosted_zone(Name="shop.test", CallerReference=world.fresh("zone"))
    own = made["HostedZone"]["Id"].rpartition("/")[2]
    changes = [
        {
            "Action": "CREATE",
            "ResourceRecordSet": {"Name": NAME, "Type": "A", "TTL": 30, **one},
        }
        for one in answers
    ]
    dns.change_resource_record_sets(HostedZoneId=own, ChangeBatch={"Changes": changes})
    return world.subject("AWS::Route53::HostedZone", "shop.test", own_id=own)


def answer(identifier: str, address: str, **more: Any) -> dict[str, Any]:
    return {
        "SetIdentifier": identifier,
        "ResourceRecords": [{"Value": address}],
        **more,
    }


def weighted(world: World) -> Subject:
    return zone(
        world,
        answer("one", "192.0.2.1", Weight=100),
        answer("two", "192.0.2.2", Weight=50),
    )


def failover(world: World) -> Subject:
    check = world.admin("route53").create_health_check(
        CallerReference=world.fresh("check"),
        HealthCheckConfig={"Type": "TCP", "IPAddress": "192.0.2.2", "Port": 443},
    )["HealthCheck"]["Id"]
    return zone(
        world,
        answer("one", "192.0.2.1", Failover="PRIMARY", HealthCheckId=check),
        answer("two", "192.0.2.2", Failover="SECONDARY", HealthCheckId=check),
    )


def move(world: World, subject: Subject, **kept: Any) -> object:
    record = {"Name": NAME, "Type": "A", "TTL": 30, **kept}
    changes = [{"Action": "UPSERT", "ResourceRecordSet": record}]
    return world.admin("route53").change_resource_record_sets(
        HostedZoneId=subject.key.id, ChangeBatch={"Changes": changes}
    )


def reweigh(world: World, subject: Subject) -> object:
    return move(world, subject, **answer("two", "192.0.2.2", Weight=90))


def lengthen(world: World, subject: Subject) -> object:
    old = world.admin("route53").list_resource_record_sets(
        HostedZoneId=subject.key.id, StartRecordName=NAME, StartRecordType="A"
    )["ResourceRecordSets"]
    record = next(one for one in old if one.get("SetIdentifier") == "two")
    return move(world, subject, **{**record, "TTL": 60})


def no_zone(world: World) -> Subject:
    return world.subject("AWS::Route53::HostedZone", "", own_id="Z0ABSENT")


SCENARIOS = (
    Scenario(
        "fail-over-record",
        weighted,
        reweigh,
        no_zone,
        {**_ASKED, "away_from": "one"},
        "weighted",
    ),
    Scenario(
        "fail-over-record",
        failover,
        lengthen,
        no_zone,
        {**_ASKED, "away_from": "one"},
        "failover",
    ),
)
