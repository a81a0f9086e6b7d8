"""Buckets that let CloudTrail write, and what was delivered into them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.sandbox.conftest import Client

BUCKET = "shop-trail"


def bucket_policy(bucket: str, account: str = SHOP) -> str:
    """The policy AWS's documentation gives for a trail's bucket."""
    cloudtrail = {"Service": "cloudtrail.amazonaws.com"}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
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
            ],
        }
    )


@pytest.fixture
def bucket(client: Client) -> str:
    s3 = client("s3")
    s3.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": HOME_REGION}
    )
    s3.put_bucket_policy(Bucket=BUCKET, Policy=bucket_policy(BUCKET))
    return BUCKET


@pytest.fixture
def trail(client: Client, bucket: str) -> Any:
    """CloudTrail's client, with a trail of every region that logs."""
    cloudtrail = client("cloudtrail")
    cloudtrail.create_trail(
        Name="shop",
        S3BucketName=bucket,
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
    )
    cloudtrail.start_logging(Name="shop")
    return cloudtrail


Delivered = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def delivered(client: Client) -> Delivered:
    """All records in the files of the bucket, by name of the event if one is given."""

    def read(name: str = "", bucket: str = BUCKET) -> list[dict[str, Any]]:
        s3 = client("s3")
        found = []
        for item in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            if "/CloudTrail/" in item["Key"]:
                body = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
                found.extend(json.loads(gzip.decompress(body))["Records"])
        return [record for record in found if name in ("", record["eventName"])]

    return read
