"""Every managed rule that is evaluated here."""

from __future__ import annotations

from collections.abc import Mapping

from apps.audit.compliance.managed import (
    balancers,
    buckets,
    databases,
    gateways,
    identities,
    machines,
    securitygroups,
    stores,
    tags,
    trails,
    workloads,
)
from apps.audit.compliance.managed.base import Managed

_ROOMS = (
    securitygroups, buckets, databases, machines, balancers, gateways, trails,
    identities, workloads, stores, tags,
)  # fmt: skip
RULES: tuple[Managed, ...] = tuple(rule for room in _ROOMS for rule in room.RULES)
BY_IDENTIFIER: Mapping[str, Managed] = {rule.identifier: rule for rule in RULES}
# What is only a matter of taste is there, but off until somebody wants it.
OFF_AT_FIRST = frozenset(
    (
        "ALB_HTTP_DROP_INVALID_HEADER_ENABLED", "API_GW_CACHE_ENABLED_AND_ENCRYPTED",
        "API_GW_ENDPOINT_TYPE_CHECK", "API_GW_SSL_ENABLED",
        "CLOUDWATCH_LOG_GROUP_ENCRYPTED",
        "DYNAMODB_TABLE_ENCRYPTED_KMS", "ECS_CONTAINERS_READONLY_ACCESS",
        "ELBV2_ACM_CERTIFICATE_REQUIRED", "LAMBDA_CONCURRENCY_CHECK",
        "LAMBDA_DLQ_CHECK", "REQUIRED_TAGS", "SNS_ENCRYPTED_KMS",
        "VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS", "IAM_NO_INLINE_POLICY_CHECK",
    )
)  # fmt: skip


def slug_of(identifier: str) -> str:
    return identifier.lower().replace("_", "-")
