"""CloudTrail, walked with the AWS CLI, whose validator nobody here wrote."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.assembly import Sandbox
from sandbox.kernel.clock import SetClock
from tests.sandbox.cloudtrail.conftest import BUCKET, bucket
from tests.sandbox.conftest import Client
from tests.sandbox.tour.aws import Aws
from tests.sandbox.tour.conftest import all_of

__all__ = ["bucket"]
SINCE = "2026-09-21T13:00:00Z"
PassTime = Callable[[float], None]


@pytest.fixture
def arn(aws: Aws, bucket: str) -> str:
    made = aws(
        f"cloudtrail create-trail --name shop --s3-bucket-name {bucket} "
        "--is-multi-region-trail --enable-log-file-validation"
    )
    aws("cloudtrail start-logging --name shop")
    return str(made["TrailARN"])


def validated(aws: Aws, arn: str) -> tuple[int, str]:
    code, output, said = aws.run(
        f"cloudtrail validate-logs --trail-arn {arn} --start-time {SINCE} --verbose"
    )
    return code, output + said


@pytest.fixture
def signed_hours(aws: Aws, arn: str, pass_time: PassTime) -> str:
    """Three hours with calls in each."""
    for hour in range(3):
        aws(f"sns create-topic --name t{hour}")
        pass_time(5)
        pass_time(3_600)
    return arn


def test_the_delivered_trail_is_valid(aws: Aws, signed_hours: str) -> None:
    code, said = validated(aws, signed_hours)

    assert code == 0, said
    assert "digest files valid" in said
    assert "log files valid" in said
    assert "INVALID" not in said


@pytest.mark.parametrize("folder", ["/CloudTrail/", "/CloudTrail-Digest/"])
def test_one_changed_byte_makes_it_invalid(
    aws: Aws, signed_hours: str, client: Client, folder: str
) -> None:
    s3 = client("s3")
    listed = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    key = next(item["Key"] for item in listed if folder in item["Key"])
    found = s3.get_object(Bucket=BUCKET, Key=key)
    plain = bytearray(gzip.decompress(found["Body"].read()))
    plain[plain.index(b"2026")] ^= 1
    body = gzip.compress(bytes(plain))
    s3.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=found["Metadata"])

    code, said = validated(aws, signed_hours)

    assert code != 0
    assert "INVALID" in said


def test_every_operation(
    aws: Aws, walked: set[str], arn: str, sandbox: Sandbox, clock: SetClock
) -> None:
    cli: Any = lambda rest: aws(f"cloudtrail {rest}")  # noqa: E731 - the command's head
    assert [t["Name"] for t in cli("list-trails")["Trails"]] == ["shop"]
    assert cli("describe-trails")["trailList"][0]["IsMultiRegionTrail"] is True
    assert cli("get-trail --name shop")["Trail"]["LogFileValidationEnabled"] is True
    assert cli("get-trail-status --name shop")["IsLogging"] is True
    cli(
        "put-event-selectors --trail-name shop --event-selectors "
        "ReadWriteType=WriteOnly,IncludeManagementEvents=true"
    )
    chosen = cli("get-event-selectors --trail-name shop")["EventSelectors"]
    assert chosen[0]["ReadWriteType"] == "WriteOnly"
    cli(f"add-tags --resource-id {arn} --tags-list Key=team,Value=shop")
    tags = cli(f"list-tags --resource-id-list {arn}")["ResourceTagList"][0]["TagsList"]
    assert tags == [{"Key": "team", "Value": "shop"}]
    cli(f"remove-tags --resource-id {arn} --tags-list Key=team")
    assert len(cli("list-public-keys")["PublicKeyList"]) == 1
    clock.advance(2)
    names = [
        event["EventName"] for event in cli("lookup-events --max-items 3")["Events"]
    ]
    assert "RemoveTags" in names
    assert cli("update-trail --name shop --no-is-multi-region-trail")["Name"] == "shop"
    cli("stop-logging --name shop")
    cli("delete-trail --name shop")
    assert cli("list-trails")["Trails"] == []
    assert walked >= all_of(sandbox, "cloudtrail")
