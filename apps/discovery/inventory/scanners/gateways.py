"""Load balancers and APIs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from apps.discovery.inventory.parsing import tags_of
from apps.discovery.inventory.scanners.base import MANY_ZONES, Scanner, Seen, links
from apps.discovery.inventory.scanners.network import GROUP, in_vpc
from apps.discovery.inventory.scanners.reading import Raw, Reader, without

_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
_API = "AWS::ApiGateway::RestApi"
_STAGE = "AWS::ApiGateway::Stage"
_PAGE = 500


def _balancers(reader: Reader, id_: str) -> Iterable[Raw]:
    named = {"LoadBalancerArns": [id_]} if id_ else {}
    return reader.some("elbv2", "describe_load_balancers", "loadBalancers", **named)


def _balancer(reader: Reader, raw: Raw) -> Seen | None:
    arn = raw["loadBalancerArn"]
    attributes = reader.maybe(
        "elbv2", "describe_load_balancer_attributes", LoadBalancerArn=arn
    )
    if attributes is None:
        return None
    told = attributes.get("attributes", [])
    return Seen(
        arn,
        without(raw, "state"),
        raw["loadBalancerName"],
        arn,
        _tags(reader, arn),
        {"LoadBalancerAttributes": told},
        (
            *links(
                "Is associated with SecurityGroup", GROUP, raw.get("securityGroups", ())
            ),
            *in_vpc(raw),
        ),
        MANY_ZONES,
        raw.get("createdTime"),
    )


def _listeners(reader: Reader, id_: str) -> Iterator[Raw]:
    if id_:
        yield from reader.some(
            "elbv2", "describe_listeners", "listeners", ListenerArns=[id_]
        )
        return
    for one in _balancers(reader, ""):
        yield from reader.some(
            "elbv2",
            "describe_listeners",
            "listeners",
            LoadBalancerArn=one["loadBalancerArn"],
        )


def _listener(reader: Reader, raw: Raw) -> Seen:
    arn = raw["listenerArn"]
    name = f"{raw.get('protocol', '')}:{raw.get('port', '')}"
    return Seen(
        arn,
        raw,
        name,
        arn,
        _tags(reader, arn),
        relationships=links(
            "Is contained in LoadBalancer", _BALANCER, [raw["loadBalancerArn"]]
        ),
    )


def _tags(reader: Reader, arn: str) -> dict[str, str]:
    told = reader.maybe("elbv2", "describe_tags", ResourceArns=[arn]) or {}
    described = told.get("tagDescriptions", [])
    return tags_of(described[0].get("tags")) if described else {}


def _apis(reader: Reader, id_: str) -> Iterable[Raw]:
    if not id_:
        return reader.every("apigateway", "get_rest_apis", "items")
    one = reader.maybe("apigateway", "get_rest_api", restApiId=id_)
    return [one] if one else []


def _api(reader: Reader, raw: Raw) -> Seen | None:
    stages = reader.maybe("apigateway", "get_stages", restApiId=raw["id"])
    integrations = integrations_of(reader, raw["id"])
    if stages is None or integrations is None:
        return None
    arn = reader.arn("apigateway", f":/restapis/{raw['id']}")
    names = [f"{arn}/stages/{one['stageName']}" for one in stages.get("item", ())]
    return Seen(
        raw["id"],
        # Which resource is the root is no setting.
        without(raw, "tags", "rootResourceId"),
        raw.get("name", ""),
        arn,
        raw.get("tags", {}),
        {"integrations": integrations},
        links("Contains Stage", _STAGE, names),
        created=raw.get("createdDate"),
    )


def _stages(reader: Reader, id_: str) -> Iterator[Raw]:
    if id_:
        yield from _stage_of(reader, id_)
        return
    for api in reader.every("apigateway", "get_rest_apis", "items"):
        told = reader.maybe("apigateway", "get_stages", restApiId=api["id"]) or {}
        for stage in told.get("item", ()):
            yield {**stage, "restApiId": api["id"]}


def _stage_of(reader: Reader, arn: str) -> Iterator[Raw]:
    """arn:aws:apigateway:REGION::/restapis/API/stages/STAGE."""
    api, _, name = arn.partition("/restapis/")[2].partition("/stages/")
    if not api or not name:
        return
    stage = reader.maybe("apigateway", "get_stage", restApiId=api, stageName=name)
    if stage is not None:
        yield {**stage, "restApiId": api}


def _stage(reader: Reader, raw: Raw) -> Seen | None:
    integrations = integrations_of(reader, raw["restApiId"])
    if integrations is None:
        return None
    path = f":/restapis/{raw['restApiId']}/stages/{raw['stageName']}"
    arn = reader.arn("apigateway", path)
    return Seen(
        arn,
        raw,
        raw["stageName"],
        arn,
        raw.get("tags", {}),
        {"integrations": integrations},
        links("Is contained in RestApi", _API, [raw["restApiId"]]),
        created=raw.get("createdDate"),
    )


def integrations_of(reader: Reader, api: str) -> list[dict[str, Any]] | None:
    """Where an API hands requests on to, by path and method: as it would be deployed
    now. What a deployment holds, API Gateway does not tell. None without the API."""
    told = reader.some(
        "apigateway",
        "get_resources",
        "items",
        restApiId=api,
        embed=["methods"],
        PaginationConfig={"PageSize": _PAGE},
    )
    if not told and reader.maybe("apigateway", "get_rest_api", restApiId=api) is None:
        return None
    found = [
        {
            "path": resource.get("path", ""),
            "method": method,
            **without(members.get("methodIntegration") or {}, "integrationResponses"),
        }
        for resource in told
        for method, members in (resource.get("resourceMethods") or {}).items()
    ]
    return sorted(found, key=lambda one: (one["path"], one["method"]))


SCANNERS = (
    Scanner(
        _BALANCER,
        _balancers,
        _balancer,
        (
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTags",
        ),
    ),
    Scanner(
        _LISTENER,
        _listeners,
        _listener,
        (
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTags",
        ),
    ),
    Scanner(_API, _apis, _api, ("apigateway:GET",)),
    Scanner(_STAGE, _stages, _stage, ("apigateway:GET",)),
)
