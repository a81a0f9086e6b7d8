"""Answers that are only headers."""

from __future__ import annotations

from sandbox.kernel.cloud import HOME_REGION
from tests.sandbox.conftest import Client


def test_the_head_of_an_object_says_how_long_it_is(client: Client) -> None:
    s3 = client("s3")
    place = {"LocationConstraint": HOME_REGION}
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration=place)
    s3.put_object(Bucket="bucket", Key="key", Body=b"12345")

    assert s3.head_object(Bucket="bucket", Key="key")["ContentLength"] == 5
