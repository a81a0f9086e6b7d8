"""EC2: groups, machines, disks and networks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from apps.discovery.inventory.items import Relationship
from apps.discovery.inventory.parsing import tags_of
from apps.discovery.inventory.scanners.base import MANY_ZONES, Scanner, Seen, links
from apps.discovery.inventory.scanners.reading import Raw, Reader, without

GROUP = "AWS::EC2::SecurityGroup"
VPC = "AWS::EC2::VPC"
_SUBNET = "AWS::EC2::Subnet"
_INSTANCE = "AWS::EC2::Instance"
_VOLUME = "AWS::EC2::Volume"


def _by(
    operation: str, member: str, ids: str
) -> Callable[[Reader, str], Iterable[Raw]]:
    def listed(reader: Reader, id_: str) -> Iterable[Raw]:
        named = {ids: [id_]} if id_ else {}
        return reader.some("ec2", operation, member, **named)

    return listed


def _arn(reader: Reader, resource: str) -> str:
    return reader.arn("ec2", f"{reader.account}:{resource}")


def in_vpc(raw: Mapping[str, Any]) -> tuple[Relationship, ...]:
    return links("Is contained in Vpc", VPC, [raw.get("vpcId", "")])


def _group(reader: Reader, raw: Raw) -> Seen:
    rules = [_permission(one) for one in raw.get("ipPermissions", ())]
    out = [_permission(one) for one in raw.get("ipPermissionsEgress", ())]
    return Seen(
        raw["groupId"],
        {
            **without(raw, "securityGroupArn"),
            "ipPermissions": rules,
            "ipPermissionsEgress": out,
        },
        raw.get("groupName", ""),
        _arn(reader, f"security-group/{raw['groupId']}"),
        tags_of(raw.get("tags")),
        relationships=in_vpc(raw),
        zone="Not Applicable",
    )


def _permission(told: Raw) -> dict[str, Any]:
    """Config tells IPv4 ranges twice: in full, and as `ipRanges` of plain text."""
    ranges = told.get("ipRanges", [])
    return {
        **told,
        "ipv4Ranges": ranges,
        "ipRanges": [one["cidrIp"] for one in ranges],
    }


def _instances(reader: Reader, id_: str) -> Iterator[Raw]:
    named = {"InstanceIds": [id_]} if id_ else {}
    for one in reader.some("ec2", "describe_instances", "reservations", **named):
        for instance in one.get("instances", ()):
            if instance.get("state", {}).get("name") != "terminated":
                yield instance


def _instance(reader: Reader, raw: Raw) -> Seen:
    groups = [one["groupId"] for one in raw.get("securityGroups", ())]
    volumes = [
        one.get("ebs", {}).get("volumeId", "")
        for one in raw.get("blockDeviceMappings", ())
    ]
    return Seen(
        raw["instanceId"],
        raw,
        "",
        _arn(reader, f"instance/{raw['instanceId']}"),
        tags_of(raw.get("tags")),
        relationships=(
            *links("Is associated with SecurityGroup", GROUP, groups),
            *links("Is contained in Subnet", _SUBNET, [raw.get("subnetId", "")]),
            *links("Is attached to Volume", _VOLUME, volumes),
            *in_vpc(raw),
        ),
        zone=raw.get("placement", {}).get("availabilityZone", ""),
        created=raw.get("launchTime"),
    )


def _vpc(reader: Reader, raw: Raw) -> Seen:
    arn = _arn(reader, f"vpc/{raw['vpcId']}")
    return Seen(raw["vpcId"], raw, "", arn, tags_of(raw.get("tags")), zone=MANY_ZONES)


def _subnet(reader: Reader, raw: Raw) -> Seen:
    return Seen(
        raw["subnetId"],
        without(raw, "availableIpAddressCount"),
        "",
        _arn(reader, f"subnet/{raw['subnetId']}"),
        tags_of(raw.get("tags")),
        relationships=in_vpc(raw),
        zone=raw.get("availabilityZone", ""),
    )


def _volume(reader: Reader, raw: Raw) -> Seen:
    machines = [one.get("instanceId", "") for one in raw.get("attachments", ())]
    return Seen(
        raw["volumeId"],
        raw,
        "",
        _arn(reader, f"volume/{raw['volumeId']}"),
        tags_of(raw.get("tags")),
        relationships=links("Is attached to Instance", _INSTANCE, machines),
        zone=raw.get("availabilityZone", ""),
        created=raw.get("createTime"),
    )


def _snapshots(reader: Reader, id_: str) -> Iterator[Raw]:
    """The account's own: who else shares one is that one's business."""
    named = {"SnapshotIds": [id_]} if id_ else {"OwnerIds": ["self"]}
    for one in reader.some("ec2", "describe_snapshots", "snapshots", **named):
        if one.get("ownerId") == reader.account:
            yield one


def _snapshot(reader: Reader, raw: Raw) -> Seen | None:
    told = reader.maybe(
        "ec2",
        "describe_snapshot_attribute",
        SnapshotId=raw["snapshotId"],
        Attribute="createVolumePermission",
    )
    if told is None:
        return None
    shared = told.get("createVolumePermissions", [])
    return Seen(
        raw["snapshotId"],
        {**without(raw, "progress"), "createVolumePermissions": shared},
        "",
        # An ARN of a snapshot names no account.
        reader.arn("ec2", f":snapshot/{raw['snapshotId']}"),
        tags_of(raw.get("tags")),
        relationships=links("Is made of Volume", _VOLUME, [raw.get("volumeId", "")]),
        created=raw.get("startTime"),
    )


SCANNERS = (
    Scanner(
        GROUP,
        _by("describe_security_groups", "securityGroups", "GroupIds"),
        _group,
        ("ec2:DescribeSecurityGroups",),
    ),
    Scanner(_INSTANCE, _instances, _instance, ("ec2:DescribeInstances",)),
    Scanner(VPC, _by("describe_vpcs", "vpcs", "VpcIds"), _vpc, ("ec2:DescribeVpcs",)),
    Scanner(
        _SUBNET,
        _by("describe_subnets", "subnets", "SubnetIds"),
        _subnet,
        ("ec2:DescribeSubnets",),
    ),
    Scanner(
        _VOLUME,
        _by("describe_volumes", "volumes", "VolumeIds"),
        _volume,
        ("ec2:DescribeVolumes",),
    ),
    Scanner(
        "AWS::EC2::Snapshot",
        _snapshots,
        _snapshot,
        ("ec2:DescribeSnapshots", "ec2:DescribeSnapshotAttribute"),
    ),
)
