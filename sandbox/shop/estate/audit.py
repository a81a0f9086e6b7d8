"""CloudTrail and Config of an account, as they should be set up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.kernel.cloud import HOME_REGION
from sandbox.shop.estate.sites import Site, policy

TRAIL = "shop"
QUEUE = "trailmap-trail"
CONFIG_QUEUE = "trailmap-config"
CONFIG_TOPIC = "config"

RULES: Mapping[str, str] = {
    "restricted-ssh": "INCOMING_SSH_DISABLED",
    "authorized-ports": "VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS",
    "s3-public-read": "S3_BUCKET_PUBLIC_READ_PROHIBITED",
    "s3-public-write": "S3_BUCKET_PUBLIC_WRITE_PROHIBITED",
    "s3-encryption": "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
    "s3-versioning": "S3_BUCKET_VERSIONING_ENABLED",
    "cloudtrail-enabled": "CLOUD_TRAIL_ENABLED",
    "cloudtrail-validation": "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED",
    "rds-encrypted": "RDS_STORAGE_ENCRYPTED",
    "rds-not-public": "RDS_INSTANCE_PUBLIC_ACCESS_CHECK",
    "dynamodb-backups": "DYNAMODB_PITR_ENABLED",
    "iam-user-no-policies": "IAM_USER_NO_POLICIES_CHECK",
}
"""Managed rules by the name they have here."""


def trail_bucket(account: str) -> str:
    return f"shop-trail-{account}"


def config_bucket(account: str) -> str:
    return f"shop-config-{account}"


def queue_url(site: Site, name: str = QUEUE) -> str:
    url: str = site.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    return url


def set_up_trail(site: Site) -> None:
    """A bucket that tells a queue of each file, and a trail that fills it."""
    s3, bucket = site.client("s3"), trail_bucket(site.account)
    make_bucket(site, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=_bucket_policy(bucket, site.account))
    sqs = site.client("sqs")
    url = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    arn = f"arn:aws:sqs:{HOME_REGION}:{site.account}:{QUEUE}"
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": _queue_policy(arn, bucket)}
    )
    notify: dict[str, Any] = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [notify]}
    )
    cloudtrail = site.client("cloudtrail")
    cloudtrail.create_trail(
        Name=TRAIL,
        S3BucketName=bucket,
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
    )
    cloudtrail.start_logging(Name=TRAIL)


def make_bucket(site: Site, bucket: str) -> None:
    """A bucket nobody outside reads, encrypted and with versions."""
    s3 = site.client("s3")
    where = {"LocationConstraint": HOME_REGION}
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    by_default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [by_default]}
    )


def _bucket_policy(bucket: str, account: str) -> str:
    """Source: AWS CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail"."""
    cloudtrail = {"Service": "cloudtrail.amazonaws.com"}
    return policy(
        {
            "Effect": "Allow",
            "Principal": cloudtrail,
            "Action": "s3:GetBucketAcl",
            "Resource": f"arn:aws:s3:::{bucket}",
        },
        {
            "Effect": "Allow",
            "Principal": cloudtrail,
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/{account}/*",
            "Condition": {
                "StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}
            },
        },
    )


def _queue_policy(arn: str, bucket: str) -> str:
    return policy(
        {
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}},
        }
    )


def set_up_config(site: Site) -> None:
    """A recorder of everything that tells a queue, and a dozen managed rules."""
    config, bucket = site.client("config"), config_bucket(site.account)
    make_bucket(site, bucket)
    role = f"arn:aws:iam::{site.account}:role/config-recorder"
    config.put_configuration_recorder(
        ConfigurationRecorder={
            "name": "default",
            "roleARN": role,
            "recordingGroup": {
                "allSupported": True,
                "includeGlobalResourceTypes": True,
            },
        }
    )
    channel = {
        "name": "default",
        "s3BucketName": bucket,
        "snsTopicARN": _told_topic(site),
    }
    config.put_delivery_channel(DeliveryChannel=channel)
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    for name, identifier in RULES.items():
        source = {"Owner": "AWS", "SourceIdentifier": identifier}
        config.put_config_rule(ConfigRule={"ConfigRuleName": name, "Source": source})


def _told_topic(site: Site) -> str:
    """The topic Config tells of changes, with the queue that hears of it."""
    sns, sqs = site.client("sns"), site.client("sqs")
    topic: str = sns.create_topic(Name=CONFIG_TOPIC)["TopicArn"]
    url = sqs.create_queue(QueueName=CONFIG_QUEUE)["QueueUrl"]
    arn = f"arn:aws:sqs:{HOME_REGION}:{site.account}:{CONFIG_QUEUE}"
    may_send = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(may_send)})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic
