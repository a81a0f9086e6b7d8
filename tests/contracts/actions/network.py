"""Security groups."""

from __future__ import annotations

from typing import Any

from apps.audit.remediation.actions.base import Subject
from tests.contracts.actions.scenarios import Scenario, absent
from tests.contracts.actions.world import World


def rule(low: int, high: int, *sources: str, protocol: str = "tcp") -> dict[str, Any]:
    said = {"Description": "for a while"}
    return {
        "IpProtocol": protocol,
        "FromPort": low,
        "ToPort": high,
        "IpRanges": [{"CidrIp": one, **said} for one in sources if ":" not in one],
        "Ipv6Ranges": [{"CidrIpv6": one, **said} for one in sources if ":" in one],
    }


def group(world: World, *rules: dict[str, Any]) -> Subject:
    ec2, name = world.admin("ec2"), world.fresh("group")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    made = ec2.create_security_group(GroupName=name, Description="-", VpcId=vpc)
    ec2.authorize_security_group_ingress(
        GroupId=made["GroupId"], IpPermissions=list(rules)
    )
    return world.subject("AWS::EC2::SecurityGroup", name, own_id=made["GroupId"])


def open_group(world: World) -> Subject:
    """SSH for the world and an office, HTTPS for the world."""
    return group(
        world,
        rule(22, 22, "0.0.0.0/0", "198.51.100.0/24", "::/0"),
        rule(443, 443, "0.0.0.0/0"),
    )


def open_databases(world: World) -> Subject:
    return group(
        world,
        rule(3306, 3310, "0.0.0.0/0"),
        rule(443, 443, "0.0.0.0/0"),
        rule(0, 65_535, "0.0.0.0/0", protocol="udp"),
    )


def close_by_hand(world: World, subject: Subject) -> object:
    return world.admin("ec2").revoke_security_group_ingress(
        GroupId=subject.key.id, IpPermissions=[rule(22, 22, "::/0")]
    )


def open_more(world: World, subject: Subject) -> object:
    return world.admin("ec2").authorize_security_group_ingress(
        GroupId=subject.key.id, IpPermissions=[rule(8_080, 8_080, "0.0.0.0/0")]
    )


SCENARIOS = (
    Scenario(
        "revoke-open-ingress", open_group, close_by_hand, absent(open_group, "sg-0a0a")
    ),
    Scenario(
        "revoke-open-ingress",
        open_databases,
        open_more,
        absent(open_group, "sg-0b0b"),
        {"ports": "all", "allowed_tcp_ports": "443"},
        "authorized ports",
    ),
)
