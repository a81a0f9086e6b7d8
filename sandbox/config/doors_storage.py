"""Buckets, tables, databases and keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.config.door import Door, Raw, seconds, tags_of, without
from sandbox.config.items import REGIONAL, Found, Relationship, text
from sandbox.config.reading import Reader

# Source: Amazon S3 User Guide, ACL overview: Amazon S3's predefined groups.
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


def _buckets(reader: Reader) -> Mapping[str, Raw]:
    """A bucket is recorded in its own region only, though every region lists it."""
    buckets = reader.every("s3", "list_buckets", "buckets")
    return {
        bucket["name"]: bucket
        for bucket in buckets
        if _region_of(reader, bucket["name"]) == reader.region
    }


def _region_of(reader: Reader, bucket: str) -> str:
    told = reader.ask_or_none("s3", "get_bucket_location", Bucket=bucket)
    return "" if told is None else told.get("locationConstraint") or "us-east-1"


def _bucket(reader: Reader, raw: Raw) -> Found | None:
    name = raw["name"]
    acl = reader.ask_or_none("s3", "get_bucket_acl", Bucket=name)
    if acl is None:
        return None
    tagging = reader.ask_or_none("s3", "get_bucket_tagging", Bucket=name)
    owner = {"displayName": None, "id": acl["owner"]["iD"]}
    return Found(
        "AWS::S3::Bucket",
        name,
        {
            "name": name,
            "owner": owner,
            "creationDate": raw["creationDate"],
            "region": reader.region,
        },
        name,
        f"arn:aws:s3:::{name}",
        tags_of(tagging["tagSet"]) if tagging else {},
        # Config has the list of grants as text within text.
        {"AccessControlList": text(_grants(acl, owner)), **_settings(reader, name)},
        zone=REGIONAL,
        created=seconds(raw["creationDate"]),
    )


def _grants(acl: Raw, owner: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "grantSet": None,
        "grantList": [
            {
                "grantee": _grantee(grant["grantee"]),
                "permission": _PERMISSIONS[grant["permission"]],
            }
            for grant in acl["grants"]
        ],
        "owner": owner,
        "isRequesterCharged": False,
    }


def _grantee(grantee: Raw) -> Any:
    if "uRI" in grantee:
        return _GROUPS.get(grantee["uRI"], grantee["uRI"])
    return {"id": grantee.get("iD"), "displayName": None}


def _settings(reader: Reader, bucket: str) -> dict[str, Any]:
    def told(operation: str) -> Any:
        return reader.ask_or_none("s3", operation, Bucket=bucket)

    versioning, policy = told("get_bucket_versioning"), told("get_bucket_policy")
    block, encryption = told("get_public_access_block"), told("get_bucket_encryption")
    logging = (told("get_bucket_logging") or {}).get("loggingEnabled", {})
    mfa = (versioning or {}).get("mFADelete")
    settings: dict[str, Any] = {
        "BucketVersioningConfiguration": {
            "status": (versioning or {}).get("status", "Off"),
            "isMfaDeleteEnabled": None if mfa is None else mfa == "Enabled",
        },
        "BucketPolicy": {"policyText": policy["policy"] if policy else None},
        "BucketLoggingConfiguration": {
            "destinationBucketName": logging.get("targetBucket"),
            "logFilePrefix": logging.get("targetPrefix"),
        },
    }
    if block:
        name = "PublicAccessBlockConfiguration"
        settings[name] = block["publicAccessBlockConfiguration"]
    if encryption:
        name = "ServerSideEncryptionConfiguration"
        settings[name] = encryption["serverSideEncryptionConfiguration"]
    return settings


def _tables(reader: Reader) -> Mapping[str, Raw]:
    return {
        name: name for name in reader.every("dynamodb", "list_tables", "tableNames")
    }


def _table(reader: Reader, name: str) -> Found | None:
    told = reader.ask_or_none("dynamodb", "describe_table", TableName=name)
    if told is None:
        return None
    table = told["table"]
    arn = table["tableArn"]
    backups = reader.ask("dynamodb", "describe_continuous_backups", TableName=name)
    tags = reader.every("dynamodb", "list_tags_of_resource", "tags", ResourceArn=arn)
    return Found(
        "AWS::DynamoDB::Table",
        name,
        without(table, "itemCount", "tableSizeBytes"),
        name,
        arn,
        tags_of(tags),
        {"ContinuousBackups": backups["continuousBackupsDescription"]},
        zone=REGIONAL,
        created=seconds(table.get("creationDateTime")),
    )


def _databases(reader: Reader) -> Mapping[str, Raw]:
    found = reader.every("rds", "describe_db_instances", "dBInstances")
    return {one["dbiResourceId"]: one for one in found}


def _database(reader: Reader, raw: Raw) -> Found:
    groups = [one["vpcSecurityGroupId"] for one in raw.get("vpcSecurityGroups", ())]
    name = "Is associated with SecurityGroup"
    return Found(
        "AWS::RDS::DBInstance",
        raw["dbiResourceId"],
        without(raw, "latestRestorableTime"),
        raw["dBInstanceIdentifier"],
        raw["dBInstanceArn"],
        tags_of(raw.get("tagList", ())),
        relationships=tuple(
            Relationship(name, "AWS::EC2::SecurityGroup", group) for group in groups
        ),
        zone=raw.get("availabilityZone") or REGIONAL,
        created=seconds(raw.get("instanceCreateTime")),
    )


def _keys(reader: Reader) -> Mapping[str, Raw]:
    found = reader.every("kms", "list_keys", "keys")
    return {one["keyId"]: one["keyId"] for one in found}


def _key(reader: Reader, key_id: str) -> Found | None:
    told = reader.ask_or_none("kms", "describe_key", KeyId=key_id)
    if told is None:
        return None
    key = told["keyMetadata"]
    tags = reader.every("kms", "list_resource_tags", "tags", KeyId=key_id)
    policy = reader.ask("kms", "get_key_policy", KeyId=key_id, PolicyName="default")
    rotation = reader.ask_or_none("kms", "get_key_rotation_status", KeyId=key_id)
    turns = bool(rotation and rotation.get("keyRotationEnabled"))
    return Found(
        "AWS::KMS::Key",
        key_id,
        key,
        key_id,
        key["arn"],
        tags_of(tags),
        {"Policy": policy["policy"], "KeyRotationStatus": turns},
        zone=REGIONAL,
        created=seconds(key.get("creationDate")),
    )


DOORS = (
    Door(
        "AWS::S3::Bucket",
        "s3",
        _buckets,
        _bucket,
        ("Bucket", "PublicAccessBlock"),
        is_deep=True,
    ),
    Door(
        "AWS::DynamoDB::Table",
        "dynamodb",
        _tables,
        _table,
        ("Table", "ContinuousBackups", "TagResource", "TimeToLive"),
        is_deep=True,
    ),
    Door("AWS::RDS::DBInstance", "rds", _databases, _database, ("DB", "Tags")),
    Door(
        "AWS::KMS::Key", "kms", _keys, _key, ("Key", "agResource"), is_deep=True
    ),
)  # fmt: skip
