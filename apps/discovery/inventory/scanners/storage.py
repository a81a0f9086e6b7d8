"""Buckets, tables, databases and keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from apps.discovery.arn import partition_of
from apps.discovery.inventory.parsing import tags_of
from apps.discovery.inventory.scanners.base import REGIONAL, Scanner, Seen, links
from apps.discovery.inventory.scanners.network import GROUP
from apps.discovery.inventory.scanners.reading import Raw, Reader, without

# Amazon S3 user guide, ACL overview: predefined groups.
_GROUPS: Mapping[str, str] = {
    "http://acs.amazonaws.com/groups/global/AllUsers": "AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "AuthenticatedUsers",
    "http://acs.amazonaws.com/groups/s3/LogDelivery": "LogDelivery",
}
_PERMISSIONS: Mapping[str, str] = {
    "FULL_CONTROL": "FullControl",
    "READ": "Read",
    "WRITE": "Write",
    "READ_ACP": "ReadAcp",
    "WRITE_ACP": "WriteAcp",
}
_OLDEST_REGION = "us-east-1"


def _buckets(reader: Reader, id_: str) -> Iterator[Raw]:
    """Every region lists all buckets: ours are those that are here. A bucket without
    a listing, because it is another account's, is not read."""
    for bucket in reader.every("s3", "list_buckets", "buckets"):
        if id_ and bucket["name"] != id_:
            continue
        told = reader.maybe("s3", "get_bucket_location", Bucket=bucket["name"])
        if told is None:
            continue
        if (told.get("locationConstraint") or _OLDEST_REGION) == reader.region:
            yield bucket


def _bucket(reader: Reader, raw: Raw) -> Seen | None:
    name = raw["name"]
    acl = reader.maybe("s3", "get_bucket_acl", Bucket=name)
    if acl is None:
        return None
    tagging = reader.maybe("s3", "get_bucket_tagging", Bucket=name) or {}
    owner = {"displayName": None, "id": acl.get("owner", {}).get("iD")}
    configuration = {
        "name": name,
        "owner": owner,
        "creationDate": raw.get("creationDate"),
        "region": reader.region,
    }
    return Seen(
        name,
        configuration,
        name,
        f"arn:{partition_of(reader.region)}:s3:::{name}",
        tags_of(tagging.get("tagSet")),
        {"AccessControlList": _grants(acl, owner), **_settings(reader, name)},
        created=raw.get("creationDate"),
    )


def _grants(acl: Raw, owner: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "grantSet": None,
        "grantList": [
            {
                "grantee": _grantee(grant["grantee"]),
                "permission": _PERMISSIONS.get(
                    grant["permission"], grant["permission"]
                ),
            }
            for grant in acl.get("grants", ())
        ],
        "owner": owner,
        "isRequesterCharged": False,
    }


def _grantee(grantee: Raw) -> Any:
    if "uRI" in grantee:
        return _GROUPS.get(grantee["uRI"], grantee["uRI"])
    return {"id": grantee.get("iD"), "displayName": None}


def _settings(reader: Reader, bucket: str) -> dict[str, Any]:
    def told(operation: str) -> dict[str, Any]:
        return reader.maybe("s3", operation, Bucket=bucket) or {}

    versioning, policy = told("get_bucket_versioning"), told("get_bucket_policy")
    logging = told("get_bucket_logging").get("loggingEnabled", {})
    mfa = versioning.get("mFADelete")
    settings: dict[str, Any] = {
        "BucketVersioningConfiguration": {
            "status": versioning.get("status", "Off"),
            "isMfaDeleteEnabled": None if mfa is None else mfa == "Enabled",
        },
        "BucketPolicy": {"policyText": policy.get("policy")},
        "BucketLoggingConfiguration": {
            "destinationBucketName": logging.get("targetBucket"),
            "logFilePrefix": logging.get("targetPrefix"),
        },
    }
    for operation, member, name in (
        (
            "get_public_access_block",
            "publicAccessBlockConfiguration",
            "PublicAccessBlockConfiguration",
        ),
        (
            "get_bucket_encryption",
            "serverSideEncryptionConfiguration",
            "ServerSideEncryptionConfiguration",
        ),
    ):
        found = told(operation)
        if found:
            settings[name] = found[member]
    return settings


def _tables(reader: Reader, id_: str) -> Iterable[Raw]:
    if id_:
        return [id_]
    return reader.every("dynamodb", "list_tables", "tableNames")


def _table(reader: Reader, name: str) -> Seen | None:
    told = reader.maybe("dynamodb", "describe_table", TableName=name)
    if told is None:
        return None
    table = told["table"]
    backups = reader.maybe("dynamodb", "describe_continuous_backups", TableName=name)
    tags = reader.some(
        "dynamodb", "list_tags_of_resource", "tags", ResourceArn=table["tableArn"]
    )
    described = (backups or {}).get("continuousBackupsDescription", {})
    recovery = described.get("pointInTimeRecoveryDescription", {})
    moving = ("earliestRestorableDateTime", "latestRestorableDateTime")
    settled = {
        **described,
        "pointInTimeRecoveryDescription": without(recovery, *moving),
    }
    return Seen(
        name,
        without(table, "itemCount", "tableSizeBytes"),
        name,
        table["tableArn"],
        tags_of(tags),
        {"ContinuousBackups": settled},
        created=table.get("creationDateTime"),
    )


def _databases(reader: Reader, id_: str) -> Iterator[Raw]:
    named: dict[str, Any] = {}
    if id_:
        named = {"Filters": [{"Name": "dbi-resource-id", "Values": [id_]}]}
    for one in reader.some("rds", "describe_db_instances", "dBInstances", **named):
        if not id_ or one["dbiResourceId"] == id_:
            yield one


def _database(reader: Reader, raw: Raw) -> Seen:
    groups = [one["vpcSecurityGroupId"] for one in raw.get("vpcSecurityGroups", ())]
    return Seen(
        raw["dbiResourceId"],
        without(raw, "latestRestorableTime"),
        raw["dBInstanceIdentifier"],
        raw["dBInstanceArn"],
        tags_of(raw.get("tagList")),
        relationships=links("Is associated with SecurityGroup", GROUP, groups),
        zone=raw.get("availabilityZone") or REGIONAL,
        created=raw.get("instanceCreateTime"),
    )


def _keys(reader: Reader, id_: str) -> Iterable[Raw]:
    if id_:
        return [id_]
    return (one["keyId"] for one in reader.every("kms", "list_keys", "keys"))


def _key(reader: Reader, id_: str) -> Seen | None:
    told = reader.maybe("kms", "describe_key", KeyId=id_)
    if told is None:
        return None
    key = told["keyMetadata"]
    policy = reader.maybe("kms", "get_key_policy", KeyId=id_, PolicyName="default")
    tags = reader.some("kms", "list_resource_tags", "tags", KeyId=id_)
    return Seen(
        id_,
        key,
        id_,
        key["arn"],
        tags_of(tags),
        {"Policy": (policy or {}).get("policy"), **_rotation(reader, key)},
        created=key.get("creationDate"),
    )


def _rotation(reader: Reader, key: Raw) -> dict[str, bool]:
    """Keys of AWS, and those of other kinds, are not asked: they would not tell."""
    is_ours = key.get("keyManager") == "CUSTOMER"
    if not is_ours or key.get("keySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        return {}
    told = reader.maybe("kms", "get_key_rotation_status", KeyId=key["keyId"]) or {}
    return {"KeyRotationStatus": bool(told.get("keyRotationEnabled"))}


SCANNERS = (
    Scanner(
        "AWS::S3::Bucket",
        _buckets,
        _bucket,
        (
            "s3:GetBucketAcl",
            "s3:GetBucketLocation",
            "s3:GetBucketLogging",
            "s3:GetBucketPolicy",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketTagging",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
            "s3:ListAllMyBuckets",
        ),
    ),
    Scanner(
        "AWS::DynamoDB::Table",
        _tables,
        _table,
        (
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTable",
            "dynamodb:ListTables",
            "dynamodb:ListTagsOfResource",
        ),
    ),
    Scanner(
        "AWS::RDS::DBInstance",
        _databases,
        _database,
        ("rds:DescribeDBInstances", "rds:ListTagsForResource"),
    ),
    Scanner(
        "AWS::KMS::Key",
        _keys,
        _key,
        (
            "kms:DescribeKey",
            "kms:GetKeyPolicy",
            "kms:GetKeyRotationStatus",
            "kms:ListKeys",
            "kms:ListResourceTags",
        ),
    ),
)
