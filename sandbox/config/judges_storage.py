"""Managed rules over buckets, tables and databases."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.config.items import Found
from sandbox.config.policytexts import grants_everyone, statements
from sandbox.config.verdicts import (
    FINE,
    NON_COMPLIANT,
    Parameters,
    Verdict,
    unless,
    words,
)

_EVERYONE = frozenset({"AllUsers", "AuthenticatedUsers"})
_READING = frozenset({"Read", "FullControl"})
_WRITING = frozenset({"Write", "FullControl"})
_READS = ("s3:Get*", "s3:GetObject", "s3:List*", "s3:ListBucket")
_WRITES = ("s3:Put*", "s3:PutObject", "s3:Delete*", "s3:DeleteObject")
_BLOCKS = (
    "blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets",
)  # fmt: skip


def _public_grants(bucket: Found) -> set[str]:
    told = bucket.supplementary.get("AccessControlList")
    if told is None:
        return set()
    grants: list[dict[str, Any]] = json.loads(told)["grantList"]
    return {
        grant["permission"]
        for grant in grants
        if isinstance(grant["grantee"], str) and grant["grantee"] in _EVERYONE
    }


def _policy(bucket: Found) -> str | None:
    text: str | None = bucket.supplementary.get("BucketPolicy", {}).get("policyText")
    return text


def _block(bucket: Found) -> Mapping[str, bool]:
    block: Mapping[str, bool] = bucket.supplementary.get(
        "PublicAccessBlockConfiguration", {}
    )
    return block


def _is_public(
    bucket: Found, permissions: frozenset[str], actions: tuple[str, ...]
) -> bool:
    block = _block(bucket)
    by_acl = _public_grants(bucket) & permissions and not block.get("ignorePublicAcls")
    by_policy = grants_everyone(_policy(bucket), actions)
    return bool(by_acl) or (by_policy and not block.get("restrictPublicBuckets"))


def public_read_prohibited(bucket: Found, parameters: Parameters) -> Verdict:
    said = "The S3 bucket allows public read access."
    is_public = _is_public(bucket, _READING, _READS)
    return unless(is_public, said if is_public else "")


def public_write_prohibited(bucket: Found, parameters: Parameters) -> Verdict:
    said = "The S3 bucket allows public write access."
    is_public = _is_public(bucket, _WRITING, _WRITES)
    return unless(is_public, said if is_public else "")


def level_public_access_prohibited(bucket: Found, parameters: Parameters) -> Verdict:
    if bucket.resource_id in words(parameters, "excludedPublicBuckets"):
        return FINE
    block = _block(bucket)
    return unless(not all(block.get(name) for name in _BLOCKS))


def encryption_enabled(bucket: Found, parameters: Parameters) -> Verdict:
    if bucket.supplementary.get("ServerSideEncryptionConfiguration"):
        return FINE
    return unless(not _denies(bucket, "s3:x-amz-server-side-encryption"))


def ssl_requests_only(bucket: Found, parameters: Parameters) -> Verdict:
    return unless(not _denies(bucket, "aws:securetransport"))


def _denies(bucket: Found, condition: str) -> bool:
    """Whether the policy denies everyone what goes without the condition."""
    return any(
        statement.get("Effect") == "Deny" and condition in _condition_keys(statement)
        for statement in statements(_policy(bucket))
    )


def _condition_keys(statement: Mapping[str, Any]) -> Iterator[str]:
    for operator, keys in (statement.get("Condition") or {}).items():
        for key, value in keys.items():
            is_false = str(value).lower() in {"false", "['false']"}
            if key.lower() != "aws:securetransport" or (
                operator == "Bool" and is_false
            ):
                yield key.lower()


def versioning_enabled(bucket: Found, parameters: Parameters) -> Verdict:
    told = bucket.supplementary.get("BucketVersioningConfiguration", {})
    if told.get("status") != "Enabled":
        return Verdict(NON_COMPLIANT)
    wants_mfa = parameters.get("isMfaDeleteEnabled") == "true"
    return unless(wants_mfa and not told.get("isMfaDeleteEnabled"))


def storage_encrypted(database: Found, parameters: Parameters) -> Verdict:
    if not database.configuration.get("storageEncrypted"):
        return Verdict(NON_COMPLIANT)
    wanted = parameters.get("kmsKeyId")
    return unless(wanted and database.configuration.get("kmsKeyId") != wanted)


def database_not_public(database: Found, parameters: Parameters) -> Verdict:
    return unless(database.configuration.get("publiclyAccessible"))


def recovers_to_a_point_in_time(table: Found, parameters: Parameters) -> Verdict:
    backups = table.supplementary.get("ContinuousBackups", {})
    recovery = backups.get("pointInTimeRecoveryDescription", {})
    return unless(recovery.get("pointInTimeRecoveryStatus") != "ENABLED")
