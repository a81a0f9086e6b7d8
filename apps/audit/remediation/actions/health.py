"""Which nodes of the service map a repair may touch: pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from apps.audit.remediation.actions.base import Subject


def node_names(subject: Subject) -> tuple[str, ...]:
    """What the resource may be called on the service map, the likeliest first: names
    as X-Ray gives them, in lower case. Empty where the resource serves nobody by
    itself, such as a security group or a trail."""
    find = _BY_TYPE.get(subject.key.type)
    if find is None:
        return ()
    found = [name.lower() for name in find(subject) if name]
    return tuple(dict.fromkeys(found))


def _ends(subject: Subject) -> list[str]:
    """Its name, and what its ARN ends with."""
    arn = subject.arn or subject.key.id
    return [subject.name, arn.rpartition("/")[2].rpartition(":")[2], subject.key.id]


def _stage(subject: Subject) -> list[str]:
    """X-Ray names a stage by the API's name and its own; where only the API's id is
    known, `id/stage` is what is left."""
    arn = subject.arn or subject.key.id
    api, _, stage = arn.rpartition("/restapis/")[2].partition("/stages/")
    return [subject.name if "/" in subject.name else "", f"{api}/{stage}", api, arn]


def _api(subject: Subject) -> list[str]:
    api = (subject.arn or subject.key.id).rpartition("/restapis/")[2]
    return [subject.name, api]


def _balancer(subject: Subject) -> list[str]:
    """The name in ...loadbalancer/app/NAME/ID or ...listener/app/NAME/ID/ID."""
    parts = (subject.arn or subject.key.id).rpartition(":")[2].split("/")
    named = parts[2] if len(parts) > 2 else ""  # noqa: PLR2004 - kind/app/NAME
    return [subject.name, named, subject.arn]


def _function(subject: Subject) -> list[str]:
    return [*_ends(subject), subject.arn]


def _table(subject: Subject) -> list[str]:
    return _ends(subject)


def _zone(subject: Subject) -> list[str]:
    return [subject.name.rstrip(".")]


_BY_TYPE: Mapping[str, Callable[[Subject], list[str]]] = {
    "AWS::ApiGateway::RestApi": _api,
    "AWS::ApiGateway::Stage": _stage,
    "AWS::AutoScaling::AutoScalingGroup": lambda subject: [subject.name],
    "AWS::DynamoDB::Table": _table,
    "AWS::ECS::Service": _ends,
    "AWS::ElasticLoadBalancingV2::Listener": _balancer,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _balancer,
    "AWS::Lambda::Function": _function,
    "AWS::RDS::DBInstance": _ends,
    "AWS::Route53::HostedZone": _zone,
    "AWS::S3::Bucket": _ends,
    "AWS::SNS::Topic": _ends,
    "AWS::SQS::Queue": _ends,
}
