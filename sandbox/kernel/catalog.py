"""Which operation a request is for, by what AWS's own endpoints go by: the signing
name, then the target, the version or the path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.core.model import OperationModel
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from sandbox.kernel.errors import ApiError

SERVICES = (
    "account", "acm", "apigateway", "apigatewayv2", "application-autoscaling",
    "autoscaling", "cloudformation", "cloudtrail", "cloudwatch", "config", "dynamodb",
    "dynamodbstreams", "ec2", "ecr", "ecs", "elasticache", "elbv2", "events",
    "firehose", "iam", "kinesis", "kms", "lambda", "logs", "organizations", "rds",
    "resourcegroupstaggingapi", "route53", "s3", "s3control", "scheduler",
    "secretsmanager", "servicediscovery", "sns", "sqs", "ssm", "stepfunctions", "sts",
    "xray",
)  # fmt: skip


def signing_name(service: str) -> str:
    model = get_service_model(service)
    return str(model.signing_name or model.endpoint_prefix)


def _by_signing_name() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for service in SERVICES:
        name = signing_name(service)
        found[name] = (*found.get(name, ()), service)
    return found


_BY_SIGNING_NAME = _by_signing_name()


def operation_of(
    signed_for: str, request: Request
) -> tuple[OperationModel, Mapping[str, Any]]:
    """The operation and the labels of its path.

    Raises ApiError where the sandbox has no such service or operation.
    """
    for service in _BY_SIGNING_NAME.get(signed_for, ()):
        try:
            operation, labels = get_service_router(service).match(request)
        except (NotFound, NotImplementedError):
            continue
        return operation, labels
    if signed_for not in _BY_SIGNING_NAME:
        raise ApiError(
            "UnknownService", f"The sandbox has no service {signed_for!r}.", 501
        )
    wanted = request.headers.get("X-Amz-Target") or request.path
    raise ApiError("UnknownOperationException", f"{signed_for} has no {wanted!r}.")
