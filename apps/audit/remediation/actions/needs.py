"""What a call needs of IAM: permissions, and the resources they are for.

Source: Service Authorization Reference, by service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from apps.audit.remediation.actions.base import Call, Subject
from apps.audit.remediation.actions.ecsservices import service_of
from apps.discovery.arn import partition_of

# Where the permission is not service:Operation.
_ACTIONS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("s3", "put_public_access_block"): ("s3:PutBucketPublicAccessBlock",),
    ("s3", "delete_public_access_block"): ("s3:PutBucketPublicAccessBlock",),
    ("s3", "put_bucket_encryption"): ("s3:PutEncryptionConfiguration",),
    ("s3", "delete_bucket_encryption"): ("s3:PutEncryptionConfiguration",),
    ("apigateway", "update_stage"): ("apigateway:PATCH",),
    ("apigateway", "update_integration"): ("apigateway:PATCH",),
    ("apigateway", "update_rest_api"): (
        "apigateway:PATCH",
        "apigateway:UpdateRestApiPolicy",
    ),
    ("rds", "modify_db_instance"): ("rds:ModifyDBInstance",),
    ("lambda", "invoke"): ("lambda:InvokeFunction",),
}
_PREFIXES: Mapping[str, str] = {
    "elbv2": "elasticloadbalancing",
    "stepfunctions": "states",
}


def actions_of(call: Call) -> tuple[str, ...]:
    """The permissions that a writing call needs."""
    known = _ACTIONS.get((call.service, call.operation))
    if known:
        return known
    name = "".join(word.capitalize() for word in call.operation.split("_"))
    return (f"{_PREFIXES.get(call.service, call.service)}:{name}",)


def resources_of(call: Call, subject: Subject) -> tuple[str, ...]:
    """The ARNs that a writing call is for."""
    place = _Place(subject)
    return tuple(_RESOURCES[call.service](call.parameters, subject, place))


class _Place:
    """Makes ARNs of the subject's partition, region and account."""

    def __init__(self, subject: Subject) -> None:
        self.region, self.account = subject.key.region, subject.key.account
        self.partition = partition_of(self.region)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def bare(self, service: str, resource: str) -> str:
        """Of services whose ARNs have neither region nor account."""
        return f"arn:{self.partition}:{service}:::{resource}"


Given = Mapping[str, Any]
Named = list[str]


def _ec2(given: Given, subject: Subject, place: _Place) -> Named:
    if "SnapshotId" in given:
        own = f"snapshot/{given['SnapshotId']}"
        return [f"arn:{place.partition}:ec2:{place.region}::{own}"]
    return [place.arn("ec2", f"security-group/{given['GroupId']}")]


def _apigateway(given: Given, subject: Subject, place: _Place) -> Named:
    own = f"/restapis/{given['restApiId']}"
    if "stageName" in given:
        own += f"/stages/{given['stageName']}"
    elif "resourceId" in given:
        own += f"/resources/{given['resourceId']}/methods/{given['httpMethod']}"
        own += "/integration"
    return [f"arn:{place.partition}:apigateway:{place.region}::{own}"]


def _cloudtrail(given: Given, subject: Subject, place: _Place) -> Named:
    return [str(given["Name"])]


def _iam(given: Given, subject: Subject, place: _Place) -> Named:
    name = given["UserName"]
    return [subject.arn or f"arn:{place.partition}:iam::{place.account}:user/{name}"]


def _ecs(given: Given, subject: Subject, place: _Place) -> Named:
    cluster, name = service_of(subject)
    return [place.arn("ecs", f"service/{cluster}/{name}")]


def _autoscaling(given: Given, subject: Subject, place: _Place) -> Named:
    # The ARN has an id that nobody knows beforehand.
    own = f"autoScalingGroup:*:autoScalingGroupName/{given['AutoScalingGroupName']}"
    return [place.arn("autoscaling", own)]


def _ssm(given: Given, subject: Subject, place: _Place) -> Named:
    """AWS's own runbooks belong to no account of ours."""
    name = given["DocumentName"]
    owner = "*" if name.startswith("AWS") else place.account
    head = f"arn:{place.partition}:ssm:{place.region}"
    return [
        f"{head}:{owner}:automation-definition/{name}:*",
        f"{head}:{owner}:document/{name}",
        f"{head}:{place.account}:automation-execution/*",
    ]


_RESOURCES: Mapping[str, Callable[[Given, Subject, _Place], Named]] = {
    "apigateway": _apigateway,
    "autoscaling": _autoscaling,
    "cloudtrail": _cloudtrail,
    "ec2": _ec2,
    "ecs": _ecs,
    "elbv2": lambda given, subject, place: [given["ListenerArn"]],
    "iam": _iam,
    "lambda": lambda given, subject, place: [
        given["FunctionName"]
        if given["FunctionName"].startswith("arn:")
        else place.arn("lambda", f"function:{given['FunctionName']}")
    ],
    "logs": lambda given, subject, place: [
        place.arn("logs", f"log-group:{given['logGroupName']}:*")
    ],
    "rds": lambda given, subject, place: [
        place.arn("rds", f"db:{given['DBInstanceIdentifier']}")
    ],
    "route53": lambda given, subject, place: [
        place.bare("route53", f"hostedzone/{given['HostedZoneId'].rpartition('/')[2]}")
    ],
    "s3": lambda given, subject, place: [place.bare("s3", given["Bucket"])],
    "ssm": _ssm,
    "stepfunctions": lambda given, subject, place: [given["stateMachineArn"]],
}
