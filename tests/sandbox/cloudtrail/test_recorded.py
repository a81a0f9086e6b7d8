"""Answers recorded of AWS: ours have the same members and keep the same settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.conftest import cases_folder
from tests.sandbox.conftest import Client

pytestmark = pytest.mark.cases

# What the sandbox's trails cannot be, and says so.
_ABSENT = ("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "KmsKeyId")
_KEPT = (
    "IncludeGlobalServiceEvents",
    "IsMultiRegionTrail",
    "LogFileValidationEnabled",
)


def recorded(operation: str) -> list[Mapping[str, Any]]:
    file = cases_folder() / "aws-responses" / "cloudtrail" / f"{operation}.jsonl"
    lines = file.read_text().splitlines() if file.exists() else ()
    answers = [json.loads(line) for line in lines]
    return [answer["data"] for answer in answers if answer["status"] == 200]


def trails() -> list[Any]:
    return [
        pytest.param(trail, id=f"{at}-{trail['Name']}")
        for at, answer in enumerate(recorded("DescribeTrails"))
        for trail in answer["trailList"]
        if not trail.get("IsOrganizationTrail")
    ]


@pytest.mark.parametrize("trail", trails())
def test_trails(client: Client, bucket: str, trail: Mapping[str, Any]) -> None:
    cloudtrail = client("cloudtrail", region=trail["HomeRegion"])
    cloudtrail.create_trail(
        Name=trail["Name"],
        S3BucketName=bucket,
        IncludeGlobalServiceEvents=trail["IncludeGlobalServiceEvents"],
        IsMultiRegionTrail=trail["IsMultiRegionTrail"],
        EnableLogFileValidation=trail.get("LogFileValidationEnabled", False),
    )

    (ours,) = cloudtrail.describe_trails()["trailList"]

    assert ours.keys() >= trail.keys() - {*_ABSENT, "S3KeyPrefix", "SnsTopicARN"} - {
        "SnsTopicName"
    }
    for member in _KEPT:
        assert ours[member] == trail.get(member, False)


@pytest.mark.parametrize("answer", recorded("GetTrailStatus"))
def test_status(trail: Any, client: Client, answer: Mapping[str, Any]) -> None:
    ours = trail.get_trail_status(Name="shop")

    always = {name for name, value in answer.items() if isinstance(value, str | bool)}
    assert ours.keys() >= always - {"LatestDeliveryError"}
    for name in always & ours.keys():
        assert type(ours[name]) is type(answer[name])


@pytest.mark.parametrize("answer", recorded("PutEventSelectors"))
def test_selectors(trail: Any, answer: Mapping[str, Any]) -> None:
    wanted = answer.get("EventSelectors")
    if not wanted:
        pytest.skip("advanced selectors are absent, and refused")
    trail.put_event_selectors(TrailName="shop", EventSelectors=wanted)

    ours = trail.get_event_selectors(TrailName="shop")

    assert ours["EventSelectors"] == wanted
    assert ours.keys() >= answer.keys()
