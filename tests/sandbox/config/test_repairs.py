"""What a rule finds wrong is repaired by a real automation, and found right again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.kernel.cloud import SHOP
from sandbox.shop.estate.sites import policy, trust
from tests.sandbox.config.conftest import PassTime, a_bucket
from tests.sandbox.config.test_recording import BUCKET, GROUP, Group, Record, history
from tests.sandbox.config.test_rules import put_rule, verdicts
from tests.sandbox.conftest import Client

ROLE = f"arn:aws:iam::{SHOP}:role/repairs"
ONLY_BUCKETS = {"resourceTypes": [BUCKET]}
BY_ACL = "AWS-DisableS3BucketPublicReadWrite"
BY_BLOCK = "AWSConfigRemediation-ConfigureS3BucketPublicAccessBlock"


@pytest.fixture
def repairs(client: Client) -> None:
    """A role that Systems Manager may take, and that may do everything."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam = client("iam")
    iam.create_role(
        RoleName="repairs", AssumeRolePolicyDocument=trust(Service="ssm.amazonaws.com")
    )
    iam.put_role_policy(
        RoleName="repairs", PolicyName="all", PolicyDocument=policy(everything)
    )


def put_remediation(config: Any, document: str, target: str, **more: Any) -> None:
    """The document repairs the resource that its parameter `target` names."""
    config.put_remediation_configurations(
        RemediationConfigurations=[
            {
                "ConfigRuleName": "rule",
                "TargetType": "SSM_DOCUMENT",
                "TargetId": document,
                "Parameters": {
                    "AutomationAssumeRole": {"StaticValue": {"Values": [ROLE]}},
                    target: {"ResourceValue": {"Value": "RESOURCE_ID"}},
                },
                **more,
            }
        ]
    )


def state(config: Any) -> str:
    (told,) = config.describe_remediation_execution_status(ConfigRuleName="rule")[
        "RemediationExecutionStatuses"
    ]
    return str(told["State"])


def start(config: Any, kind: str, resource_id: str) -> None:
    key = {"resourceType": kind, "resourceId": resource_id}
    config.start_remediation_execution(ConfigRuleName="rule", ResourceKeys=[key])


@pytest.mark.usefixtures("repairs")
def test_an_open_security_group_is_closed(
    config: Any, record: Record, group: Group, pass_time: PassTime
) -> None:
    web = group("web", 22)
    record()
    put_rule(config)
    put_remediation(config, "AWS-DisablePublicAccessForSecurityGroup", "GroupId")
    pass_time(1)
    assert verdicts(config)[web] == "NON_COMPLIANT"

    start(config, GROUP, web)
    assert state(config) == "QUEUED"
    for _ in range(4):
        pass_time(5)

    assert state(config) == "SUCCEEDED"
    newest, before = history(config, web)
    assert json.loads(before["configuration"])["ipPermissions"] != []
    assert json.loads(newest["configuration"])["ipPermissions"] == []
    assert verdicts(config)[web] == "COMPLIANT"


@pytest.mark.usefixtures("repairs")
def test_a_security_group_is_closed_by_itself(
    config: Any, record: Record, group: Group, pass_time: PassTime
) -> None:
    record()
    put_rule(config)
    put_remediation(
        config, "AWS-DisablePublicAccessForSecurityGroup", "GroupId",
        Automatic=True, MaximumAutomaticAttempts=3, RetryAttemptSeconds=60,
    )  # fmt: skip
    web = group("web", 22)
    for _ in range(4):
        pass_time(5)

    assert state(config) == "SUCCEEDED"
    assert verdicts(config)[web] == "COMPLIANT"


def by_acl(client: Client) -> None:
    client("s3").delete_public_access_block(Bucket="assets")
    client("s3").put_bucket_acl(Bucket="assets", ACL="public-read")


def by_policy(client: Client) -> None:
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                "Resource": "arn:aws:s3:::assets/*"}  # fmt: skip
    client("s3").delete_public_access_block(Bucket="assets")
    client("s3").put_bucket_policy(Bucket="assets", Policy=policy(everyone))


@pytest.fixture
def public(request: Any, client: Client) -> None:
    """A bucket `assets` that everyone may read."""
    a_bucket(client, "assets")
    request.param(client)


@pytest.mark.usefixtures("repairs", "public")
@pytest.mark.parametrize("public", [by_acl, by_policy], indirect=True)
def test_a_public_bucket_is_blocked(
    config: Any, record: Record, pass_time: PassTime
) -> None:
    record(ONLY_BUCKETS)
    put_rule(config, "S3_BUCKET_PUBLIC_READ_PROHIBITED")
    put_remediation(config, BY_BLOCK, "BucketName")

    repair_the_bucket(config, pass_time)

    assert verdicts(config)["assets"] == "COMPLIANT"


@pytest.mark.usefixtures("repairs", "public")
@pytest.mark.parametrize("public", [by_acl], indirect=True)
def test_a_bucket_that_its_list_makes_public_gets_a_private_one(
    config: Any, record: Record, pass_time: PassTime
) -> None:
    record(ONLY_BUCKETS)
    put_rule(config, "S3_BUCKET_PUBLIC_READ_PROHIBITED")
    put_remediation(config, BY_ACL, "S3BucketName")

    repair_the_bucket(config, pass_time)

    assert verdicts(config)["assets"] == "COMPLIANT"


def repair_the_bucket(config: Any, pass_time: PassTime) -> None:
    pass_time(1)
    assert verdicts(config)["assets"] == "NON_COMPLIANT"
    start(config, BUCKET, "assets")
    for _ in range(4):
        pass_time(5)
    assert state(config) == "SUCCEEDED"
    assert len(history(config, "assets", BUCKET)) == 2
