"""What a call becomes in CloudTrail's records."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.cloudtrail import records
from sandbox.kernel.calls import Call, Finished
from sandbox.kernel.cloud import HOME_REGION, PAYMENTS, SHOP
from sandbox.kernel.errors import ApiError
from sandbox.kernel.principals import Principal, PrincipalKind, service_principal
from tests.sandbox.conftest import NOW

ANNA = Principal(PrincipalKind.USER, SHOP, "anna", "AIDAANNA", "AKIAANNA")
DEPLOYER = Principal(
    PrincipalKind.ROLE, SHOP, "deployer", "AROADEPLOY", "ASIADEPLOY",
    session_name="release-42", issued_at=NOW - 60,
)  # fmt: skip


def a_call(
    asked: str, operation: str, who: Principal = ANNA, **parameters: Any
) -> Call:
    return Call(
        asked, operation, parameters, SHOP, HOME_REGION, who, NOW, "request-1",
        source_ip="198.51.100.7", user_agent="aws-cli/2",
    )  # fmt: skip


def the_record(finished: Finished) -> dict[str, Any]:
    (record,) = records.of(finished)
    return record


def test_a_call_says_who_did_what_from_where_and_when() -> None:
    call = a_call("sqs", "CreateQueue", QueueName="orders")

    record = the_record(Finished(call, {"QueueUrl": "http://q/orders"}))

    assert record["eventTime"] == "2026-09-21T14:13:20Z"
    assert record["eventSource"] == "sqs.amazonaws.com"
    assert record["eventName"] == "CreateQueue"
    assert record["sourceIPAddress"] == "198.51.100.7"
    assert record["userIdentity"]["userName"] == "anna"
    assert record["requestParameters"] == {"queueName": "orders"}
    assert record["responseElements"] == {"queueUrl": "http://q/orders"}
    assert record["readOnly"] is False


def test_a_session_names_the_role_that_was_assumed() -> None:
    call = a_call("ecs", "UpdateService", DEPLOYER, service="checkout")

    who = the_record(Finished(call, {}))["userIdentity"]

    assert who["type"] == "AssumedRole"
    assert who["principalId"] == "AROADEPLOY:release-42"
    assert who["arn"] == f"arn:aws:sts::{SHOP}:assumed-role/deployer/release-42"
    assert who["sessionContext"]["sessionIssuer"]["userName"] == "deployer"
    assert who["sessionContext"]["attributes"]["creationDate"] == "2026-09-21T14:12:20Z"


def test_a_refusal_keeps_code_and_message_and_changes_nothing() -> None:
    refusal = ApiError("AccessDenied", "not you", 403)

    record = the_record(Finished(a_call("sqs", "CreateQueue"), {}, refusal))

    assert (record["errorCode"], record["errorMessage"]) == ("AccessDenied", "not you")
    assert record["responseElements"] is None


def test_reads_have_no_response() -> None:
    call = a_call("sqs", "ListQueues")

    record = the_record(Finished(call, {"QueueUrls": ["http://q/orders"]}))

    assert record["readOnly"] is True
    assert record["responseElements"] is None


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("sqs", "ReceiveMessage"),
        ("s3", "GetObject"),
        ("dynamodb", "PutItem"),
        ("logs", "FilterLogEvents"),
        ("cloudwatch", "GetMetricData"),
        ("xray", "PutTraceSegments"),
        ("lambda", "Invoke"),
    ],
)
def test_calls_on_data_are_not_recorded(service: str, operation: str) -> None:
    assert list(records.of(Finished(a_call(service, operation), {}))) == []


def test_what_services_look_at_for_themselves_is_not_recorded() -> None:
    config = service_principal("config.amazonaws.com", SHOP)

    looked = a_call("ec2", "DescribeSecurityGroups", config)
    changed = a_call("ec2", "RevokeSecurityGroupIngress", config)

    assert list(records.of(Finished(looked, {}))) == []
    assert the_record(Finished(changed, {}))["userIdentity"] == {
        "type": "AWSService",
        "invokedBy": "config.amazonaws.com",
    }


def test_lists_of_ec2_are_wrapped_as_ec2_records_them() -> None:
    call = a_call(
        "ec2",
        "AuthorizeSecurityGroupIngress",
        GroupId="sg-1",
        IpPermissions=[{"FromPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )

    record = the_record(Finished(call, {}))

    assert record["requestParameters"] == {
        "groupId": "sg-1",
        "ipPermissions": {
            "items": [
                {"fromPort": 22, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}
            ]
        },
    }
    assert record["responseElements"] == {"requestId": "request-1", "_return": True}


def test_a_bucket_policy_is_a_document_and_the_bucket_has_its_name() -> None:
    call = a_call("s3", "PutBucketPolicy", Bucket="shop", Policy='{"Statement": []}')

    record = the_record(Finished(call, {}))

    assert record["requestParameters"] == {
        "bucketName": "shop",
        "bucketPolicy": {"Statement": []},
    }


@pytest.mark.parametrize(
    ("service", "operation", "name"),
    [
        ("s3", "PutPublicAccessBlock", "PutBucketPublicAccessBlock"),
        ("lambda", "UpdateFunctionCode", "UpdateFunctionCode20150331v2"),
    ],
)
def test_some_events_have_names_of_their_own(
    service: str, operation: str, name: str
) -> None:
    assert the_record(Finished(a_call(service, operation), {}))["eventName"] == name


def test_secrets_are_hidden() -> None:
    call = a_call("rds", "CreateDBInstance", MasterUserPassword="hunter2")

    record = the_record(Finished(call, {"AccessKey": {"SecretAccessKey": "s"}}))

    hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"
    assert record["requestParameters"] == {"masterUserPassword": hidden}
    assert record["responseElements"] == {"accessKey": {"secretAccessKey": hidden}}


def test_iam_records_in_its_one_region() -> None:
    record = the_record(Finished(a_call("iam", "CreateUser", UserName="eve"), {}))

    assert record["awsRegion"] == "us-east-1"


def test_a_role_assumed_across_accounts_is_recorded_in_both() -> None:
    role = f"arn:aws:iam::{PAYMENTS}:role/reader"
    call = a_call("sts", "AssumeRole", RoleArn=role, RoleSessionName="visit")

    ours, theirs = records.of(Finished(call, {}))

    assert ours["recipientAccountId"] == SHOP
    assert theirs["recipientAccountId"] == PAYMENTS
    assert theirs["userIdentity"]["type"] == "AWSAccount"
    assert theirs["userIdentity"]["accountId"] == SHOP
    assert ours["sharedEventID"] == theirs["sharedEventID"]
    assert ours["eventID"] != theirs["eventID"]


def test_a_record_names_what_it_is_about() -> None:
    call = a_call("iam", "CreateAccessKey", UserName="eve")
    answer = {"AccessKeyId": "AKIAEVE"}

    about = records.resources_of(the_record(Finished(call, answer)))

    assert {"ResourceType": "AWS::IAM::User", "ResourceName": "eve"} in about
    assert {"ResourceType": "AWS::IAM::AccessKey", "ResourceName": "AKIAEVE"} in about
