"""EC2, load balancers and APIs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.config.door import Door, Raw, seconds, tags_of, without
from sandbox.config.items import REGIONAL, Found, Relationship
from sandbox.config.reading import Reader

_VPC = "AWS::EC2::VPC"
_SUBNET = "AWS::EC2::Subnet"
_GROUP = "AWS::EC2::SecurityGroup"
_API = "AWS::ApiGateway::RestApi"
_STAGE = "AWS::ApiGateway::Stage"
_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def _by(
    service: str, operation: str, member: str, id_name: str
) -> Callable[[Reader], Mapping[str, Raw]]:
    def listed(reader: Reader) -> Mapping[str, Raw]:
        found = reader.every(service, operation, member)
        return {one[id_name]: one for one in found}

    return listed


def _arn(reader: Reader, resource: str) -> str:
    return f"arn:aws:ec2:{reader.region}:{reader.account}:{resource}"


def _in_vpc(raw: Raw, name: str = "Is contained in Vpc") -> tuple[Relationship, ...]:
    vpc = raw.get("vpcId")
    return (Relationship(name, _VPC, vpc),) if vpc else ()


def _security_group(reader: Reader, raw: Raw) -> Found:
    group_id = raw["groupId"]
    rules = [_permission(permission) for permission in raw["ipPermissions"]]
    egress = [_permission(permission) for permission in raw["ipPermissionsEgress"]]
    return Found(
        _GROUP,
        group_id,
        {**raw, "ipPermissions": rules, "ipPermissionsEgress": egress},
        raw["groupName"],
        _arn(reader, f"security-group/{group_id}"),
        tags_of(raw.get("tags", ())),
        relationships=_in_vpc(raw),
    )


def _permission(permission: Raw) -> dict[str, Any]:
    """Config says IPv4 ranges twice: in full, and as `ipRanges` of plain text."""
    ranges = permission.get("ipRanges", [])
    return {
        **permission,
        "ipv4Ranges": ranges,
        "ipRanges": [one["cidrIp"] for one in ranges],
    }


def _instances(reader: Reader) -> Mapping[str, Raw]:
    reservations = reader.every("ec2", "describe_instances", "reservations")
    return {
        instance["instanceId"]: instance
        for reservation in reservations
        for instance in reservation["instances"]
        if instance["state"]["name"] != "terminated"
    }


def _instance(reader: Reader, raw: Raw) -> Found:
    groups = [group["groupId"] for group in raw.get("securityGroups", ())]
    related = [
        Relationship("Is associated with SecurityGroup", _GROUP, group)
        for group in groups
    ]
    if raw.get("subnetId"):
        name = "Is contained in Subnet"
        related.append(Relationship(name, _SUBNET, raw["subnetId"]))
    return Found(
        "AWS::EC2::Instance",
        raw["instanceId"],
        raw,
        "",
        _arn(reader, f"instance/{raw['instanceId']}"),
        tags_of(raw.get("tags", ())),
        relationships=(*related, *_in_vpc(raw)),
        zone=raw["placement"]["availabilityZone"],
        created=seconds(raw.get("launchTime")),
    )


def _vpc(reader: Reader, raw: Raw) -> Found:
    arn = _arn(reader, f"vpc/{raw['vpcId']}")
    tags = tags_of(raw.get("tags", ()))
    return Found(
        _VPC, raw["vpcId"], raw, "", arn, tags, zone="Multiple Availability Zones"
    )


def _subnet(reader: Reader, raw: Raw) -> Found:
    return Found(
        _SUBNET,
        raw["subnetId"],
        without(raw, "availableIpAddressCount"),
        "",
        _arn(reader, f"subnet/{raw['subnetId']}"),
        tags_of(raw.get("tags", ())),
        relationships=_in_vpc(raw),
        zone=raw["availabilityZone"],
    )


def _balancer(reader: Reader, raw: Raw) -> Found:
    arn = raw["loadBalancerArn"]
    told = reader.ask("elbv2", "describe_tags", ResourceArns=[arn])
    tags = told["tagDescriptions"][0]["tags"] if told["tagDescriptions"] else []
    return Found(
        _BALANCER,
        arn,
        raw,
        raw["loadBalancerName"],
        arn,
        tags_of(tags),
        relationships=(
            *_in_vpc(raw),
            *(
                Relationship("Is associated with SecurityGroup", _GROUP, group)
                for group in raw.get("securityGroups", ())
            ),
        ),
        zone="Multiple Availability Zones",
        created=seconds(raw.get("createdTime")),
    )


def _rest_api(reader: Reader, raw: Raw) -> Found:
    arn = f"arn:aws:apigateway:{reader.region}::/restapis/{raw['id']}"
    created = seconds(raw.get("createdDate"))
    related = tuple(
        Relationship("Contains Stage", _STAGE, stage) for stage in raw["stages"]
    )
    configuration = without(raw, "stages")
    tags = raw.get("tags", {})
    return Found(
        _API, raw["id"], configuration, raw["name"], arn, tags, {}, related, REGIONAL,
        created=created,
    )  # fmt: skip


def _apis(reader: Reader) -> Mapping[str, Raw]:
    apis = reader.every("apigateway", "get_rest_apis", "items")
    return {
        api["id"]: {**api, "stages": [arn for arn, _ in _stages_of(reader, api["id"])]}
        for api in apis
    }


def _stages(reader: Reader) -> Mapping[str, Raw]:
    apis = reader.every("apigateway", "get_rest_apis", "items")
    return {
        arn: {**stage, "restApiId": api["id"]}
        for api in apis
        for arn, stage in _stages_of(reader, api["id"])
    }


def _stages_of(reader: Reader, api_id: str) -> Iterator[tuple[str, Raw]]:
    stages = reader.every("apigateway", "get_stages", "item", restApiId=api_id)
    for stage in stages:
        name = stage["stageName"]
        yield (
            f"arn:aws:apigateway:{reader.region}::/restapis/{api_id}/stages/{name}",
            stage,
        )


def _stage(reader: Reader, raw: Raw) -> Found:
    api_id, name = raw["restApiId"], raw["stageName"]
    arn = f"arn:aws:apigateway:{reader.region}::/restapis/{api_id}/stages/{name}"
    return Found(
        _STAGE,
        arn,
        raw,
        name,
        arn,
        raw.get("tags", {}),
        relationships=(Relationship("Is contained in RestApi", _API, api_id),),
        zone=REGIONAL,
        created=seconds(raw.get("createdDate")),
    )


_TAGGED = ("Tags",)
_EC2 = "ec2"
_APIGATEWAY = "apigateway"
DOORS = (
    Door(
        _GROUP,
        _EC2,
        _by(_EC2, "describe_security_groups", "securityGroups", "groupId"),
        _security_group,
        ("SecurityGroup", "Vpc", *_TAGGED),
    ),
    Door(
        "AWS::EC2::Instance",
        _EC2,
        _instances,
        _instance,
        ("Instance", "IamInstanceProfile", *_TAGGED),
    ),
    Door(
        _VPC, _EC2, _by(_EC2, "describe_vpcs", "vpcs", "vpcId"), _vpc, ("Vpc", *_TAGGED)
    ),
    Door(
        _SUBNET,
        _EC2,
        _by(_EC2, "describe_subnets", "subnets", "subnetId"),
        _subnet,
        ("Subnet", "DefaultVpc", *_TAGGED),
    ),
    Door(
        _BALANCER,
        "elbv2",
        _by("elbv2", "describe_load_balancers", "loadBalancers", "loadBalancerArn"),
        _balancer,
        ("LoadBalancer", "Subnets", "SecurityGroups", *_TAGGED),
    ),
    Door(_API, _APIGATEWAY, _apis, _rest_api),
    Door(_STAGE, _APIGATEWAY, _stages, _stage),
)  # fmt: skip
