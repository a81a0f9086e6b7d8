"""AWS's managed rules: which there are, and those that are really evaluated."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.config.models import MANAGED_RULES_CONSTRAINTS

from sandbox.config import gathering, judges_account, judges_network, judges_storage
from sandbox.config.items import Found
from sandbox.config.reading import Reader
from sandbox.config.verdicts import Judge
from sandbox.kernel.errors import ApiError

Gather = Callable[[Reader, float], Iterable[Found]]


@dataclass(frozen=True, slots=True)
class Managed:
    """A rule that is evaluated over items of `types` as they change, or, with
    `gather`, over what that reads from AWS now and then."""

    judge: Judge
    types: tuple[str, ...] = ()
    gather: Gather | None = None


_GROUP = ("AWS::EC2::SecurityGroup",)
_BUCKET = ("AWS::S3::Bucket",)
_DATABASE = ("AWS::RDS::DBInstance",)
_STAGE = ("AWS::ApiGateway::Stage",)
# The types both this rule and the recorder know. Source: the rule's page.
_TAGGED = (
    "AWS::DynamoDB::Table",
    "AWS::EC2::Instance",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
)

EVALUATED: Mapping[str, Managed] = {
    "INCOMING_SSH_DISABLED": Managed(judges_network.incoming_ssh_disabled, _GROUP),
    "RESTRICTED_INCOMING_TRAFFIC": Managed(
        judges_network.restricted_incoming_traffic, _GROUP
    ),
    "VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS": Managed(
        judges_network.open_only_to_authorized_ports, _GROUP
    ),
    "ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK": Managed(
        judges_network.redirects_http_to_https, gather=gathering.listeners
    ),
    "API_GW_SSL_ENABLED": Managed(judges_network.stage_has_certificate, _STAGE),
    "API_GW_EXECUTION_LOGGING_ENABLED": Managed(judges_network.stage_logs, _STAGE),
    "S3_BUCKET_PUBLIC_READ_PROHIBITED": Managed(
        judges_storage.public_read_prohibited, _BUCKET
    ),
    "S3_BUCKET_PUBLIC_WRITE_PROHIBITED": Managed(
        judges_storage.public_write_prohibited, _BUCKET
    ),
    "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED": Managed(
        judges_storage.level_public_access_prohibited, _BUCKET
    ),
    "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED": Managed(
        judges_storage.encryption_enabled, _BUCKET
    ),
    "S3_BUCKET_SSL_REQUESTS_ONLY": Managed(judges_storage.ssl_requests_only, _BUCKET),
    "S3_BUCKET_VERSIONING_ENABLED": Managed(judges_storage.versioning_enabled, _BUCKET),
    "RDS_STORAGE_ENCRYPTED": Managed(judges_storage.storage_encrypted, _DATABASE),
    "RDS_INSTANCE_PUBLIC_ACCESS_CHECK": Managed(
        judges_storage.database_not_public, _DATABASE
    ),
    "DYNAMODB_PITR_ENABLED": Managed(
        judges_storage.recovers_to_a_point_in_time, ("AWS::DynamoDB::Table",)
    ),
    "CLOUD_TRAIL_ENABLED": Managed(
        judges_account.trail_enabled, gather=gathering.account_trails
    ),
    "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED": Managed(
        judges_account.trail_validates_files, gather=gathering.trails
    ),
    "IAM_USER_NO_POLICIES_CHECK": Managed(
        judges_account.user_has_no_policies, ("AWS::IAM::User",)
    ),
    "ACCESS_KEYS_ROTATED": Managed(
        judges_account.access_keys_rotated, gather=gathering.access_keys
    ),
    "IAM_PASSWORD_POLICY": Managed(
        judges_account.password_policy, gather=gathering.password_policy
    ),
    "LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED": Managed(
        judges_account.function_not_public, ("AWS::Lambda::Function",)
    ),
    "REQUIRED_TAGS": Managed(judges_account.required_tags, _TAGGED),
}


def is_managed(identifier: str) -> bool:
    return identifier in MANAGED_RULES_CONSTRAINTS


def parameters(identifier: str, given: str) -> dict[str, str]:
    """The parameters of a rule with their defaults. Raises for what it has not.

    Source of names and defaults: the rules' pages, as moto lists them.
    """
    known: list[dict[str, Any]] = MANAGED_RULES_CONSTRAINTS[identifier]["Parameters"]
    wanted = read(given)
    if not wanted.keys() <= {one["Name"] for one in known}:
        raise _invalid(f"Unknown parameters provided in the inputParameters: {given}")
    missing = [
        one["Name"]
        for one in known
        if not one["Optional"] and one["Name"] not in wanted
    ]
    if missing:
        raise _invalid(
            f"The required parameter [{', '.join(sorted(missing))}] is not present in "
            "the inputParameters"
        )
    defaults = {one["Name"]: str(one["Default"]) for one in known if "Default" in one}
    return defaults | {name: _said(value) for name, value in wanted.items()}


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read(given: str) -> dict[str, Any]:
    """InputParameters as they were given. Raises for what is no JSON object."""
    try:
        said = json.loads(given or "{}")
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise _invalid(f"Invalid json {given} passed in the InputParameters field")
    return said


def _invalid(message: str) -> ApiError:
    return ApiError("InvalidParameterValueException", message)
