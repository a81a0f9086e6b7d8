"""Which operation a request is for, by what AWS's own endpoints go by: the signing
name, then the target, the version or the path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.core.model import OperationModel
from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import NotFound

from sandbox.kernel.errors import ApiError

# What requests are signed for, and the services it may stand for. Written out, as
# loading every model to look would take 70 MB; a test holds it against botocore.
SERVICES: Mapping[str, tuple[str, ...]] = {
    "account": ("account",),
    "acm": ("acm",),
    "apigateway": ("apigateway", "apigatewayv2"),
    "application-autoscaling": ("application-autoscaling",),
    "autoscaling": ("autoscaling",),
    "cloudformation": ("cloudformation",),
    "cloudtrail": ("cloudtrail",),
    "config": ("config",),
    "dynamodb": ("dynamodb", "dynamodbstreams"),
    "ec2": ("ec2",),
    "ecr": ("ecr",),
    "ecs": ("ecs",),
    "elasticache": ("elasticache",),
    "elasticloadbalancing": ("elbv2",),
    "events": ("events",),
    "firehose": ("firehose",),
    "iam": ("iam",),
    "kinesis": ("kinesis",),
    "kms": ("kms",),
    "lambda": ("lambda",),
    "logs": ("logs",),
    "monitoring": ("cloudwatch",),
    "organizations": ("organizations",),
    "rds": ("rds",),
    "route53": ("route53",),
    "s3": ("s3", "s3control"),
    "scheduler": ("scheduler",),
    "secretsmanager": ("secretsmanager",),
    "servicediscovery": ("servicediscovery",),
    "sns": ("sns",),
    "sqs": ("sqs",),
    "ssm": ("ssm",),
    "states": ("stepfunctions",),
    "sts": ("sts",),
    "tagging": ("resourcegroupstaggingapi",),
    "xray": ("xray",),
}


def operation_of(
    signed_for: str, request: Request
) -> tuple[OperationModel, Mapping[str, Any]]:
    """The operation and the labels of its path.

    Raises ApiError where the sandbox has no such service or operation.
    """
    for service in SERVICES.get(signed_for, ()):
        try:
            operation, labels = get_service_router(service).match(request)
        except (NotFound, NotImplementedError):
            continue
        return operation, labels
    if signed_for not in SERVICES:
        raise ApiError(
            "UnknownService", f"The sandbox has no service {signed_for!r}.", 501
        )
    wanted = request.headers.get("X-Amz-Target") or request.path
    raise ApiError("UnknownOperationException", f"{signed_for} has no {wanted!r}.")
