"""Who may call the sandbox, and how it refuses the others."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.kernel.clock import SetClock
from sandbox.kernel.cloud import HOME_REGION, PAYMENTS, SHOP, TOOLS
from tests.sandbox.conftest import Client

Users = Callable[..., Mapping[str, str]]


def policy(*actions: str, effect: str = "Allow") -> str:
    statement = {"Effect": effect, "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


EVERYTHING = policy("*")


def refused(call: Callable[..., Any], **parameters: Any) -> tuple[str, int]:
    """Code and HTTP status of the refusal."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    said = caught.value.response
    return said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"]


def a_role(client: Client, trust: Mapping[str, Any], account: str = SHOP) -> str:
    iam = client("iam", account)
    iam.create_role(
        RoleName="reader",
        AssumeRolePolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [trust]}
        ),
    )
    iam.put_role_policy(
        RoleName="reader", PolicyName="reads", PolicyDocument=policy("sqs:*")
    )
    return f"arn:aws:iam::{account}:role/reader"


def trusting(external_id: str) -> Mapping[str, Any]:
    return {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": f"arn:aws:iam::{TOOLS}:root"},
        "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
    }


def test_a_user_is_who_the_key_belongs_to(signed: Client, user: Users) -> None:
    sts = signed("sts", user("trailmap", EVERYTHING, TOOLS))

    who = sts.get_caller_identity()

    assert who["Arn"] == f"arn:aws:iam::{TOOLS}:user/trailmap"
    assert who["Account"] == TOOLS


@pytest.mark.parametrize(
    ("service", "operation", "refusal"),
    [
        ("sts", "get_caller_identity", ("SignatureDoesNotMatch", 403)),
        ("sqs", "list_queues", ("InvalidSignatureException", 400)),
        ("s3", "list_buckets", ("SignatureDoesNotMatch", 403)),
        ("ec2", "describe_vpcs", ("SignatureDoesNotMatch", 403)),
    ],
)
def test_a_wrong_secret_is_refused(
    signed: Client, user: Users, service: str, operation: str, refusal: tuple[str, int]
) -> None:
    keys = {**user("trailmap", EVERYTHING), "SecretAccessKey": "wrong"}

    assert refused(getattr(signed(service, keys), operation)) == refusal


@pytest.mark.parametrize("service", ["sts", "s3", "sqs", "ec2", "route53", "xray"])
def test_signatures_of_every_protocol_are_understood(
    signed: Client, user: Users, service: str
) -> None:
    reads = {
        "sts": "get_caller_identity",
        "s3": "list_buckets",
        "sqs": "list_queues",
        "ec2": "describe_vpcs",
        "route53": "list_hosted_zones",
        "xray": "get_sampling_rules",
    }
    caller = signed(service, user("trailmap", EVERYTHING))
    try:
        getattr(caller, reads[service])()
    except ClientError as error:
        assert error.response["Error"]["Code"] == "NotImplementedBySandbox"


def test_an_object_with_an_awkward_name_keeps_its_signature(
    signed: Client, user: Users
) -> None:
    s3 = signed("s3", user("trailmap", EVERYTHING))
    s3.create_bucket(
        Bucket="bucket",
        CreateBucketConfiguration={"LocationConstraint": HOME_REGION},
    )

    s3.put_object(Bucket="bucket", Key="a b/ü+%2F/c", Body=b"\x00\xff")

    body = s3.get_object(Bucket="bucket", Key="a b/ü+%2F/c")["Body"].read()
    assert body == b"\x00\xff"


def test_an_unknown_key_is_refused(signed: Client) -> None:
    keys = {"AccessKeyId": "AKIANOBODY", "SecretAccessKey": "none"}

    code = refused(signed("sts", keys).get_caller_identity)

    assert code == ("InvalidClientTokenId", 403)


def test_what_no_policy_allows_is_refused_with_who_and_what(
    signed: Client, user: Users
) -> None:
    sqs = signed("sqs", user("reader", policy("s3:*")))

    with pytest.raises(ClientError) as caught:
        sqs.list_queues()

    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "user/reader is not authorized to perform: sqs:ListQueues" in str(
        caught.value
    )


def test_a_denial_outweighs_a_grant(
    signed: Client, user: Users, client: Client
) -> None:
    keys = user("reader", EVERYTHING)
    client("iam").put_user_policy(
        UserName="reader",
        PolicyName="no",
        PolicyDocument=policy("sqs:List*", effect="Deny"),
    )

    assert refused(signed("sqs", keys).list_queues)[0] == "AccessDeniedException"


def test_a_role_is_assumed_across_accounts_and_sees_its_own(
    signed: Client, user: Users, client: Client
) -> None:
    role = a_role(client, trusting("right"), PAYMENTS)
    client("sqs", PAYMENTS).create_queue(QueueName="theirs")
    sts = signed("sts", user("trailmap", EVERYTHING, TOOLS))

    granted = sts.assume_role(
        RoleArn=role, RoleSessionName="trailmap", ExternalId="right"
    )

    sqs = signed("sqs", granted["Credentials"])
    assert [url.split("/")[-1] for url in sqs.list_queues()["QueueUrls"]] == ["theirs"]


@pytest.mark.parametrize("given", [{}, {"ExternalId": "wrong"}])
def test_a_role_is_refused_without_its_external_id(
    signed: Client, user: Users, client: Client, given: Mapping[str, str]
) -> None:
    role = a_role(client, trusting("right"))
    sts = signed("sts", user("trailmap", EVERYTHING, TOOLS))

    code = refused(sts.assume_role, RoleArn=role, RoleSessionName="trailmap", **given)

    assert code == ("AccessDenied", 403)


def test_a_session_ends(
    signed: Client, user: Users, client: Client, clock: SetClock
) -> None:
    role = a_role(client, trusting("right"))
    sts = signed("sts", user("trailmap", EVERYTHING, TOOLS))
    granted = sts.assume_role(
        RoleArn=role,
        RoleSessionName="trailmap",
        ExternalId="right",
        DurationSeconds=900,
    )["Credentials"]
    sqs, own = signed("sqs", granted), signed("sts", granted)
    sqs.list_queues()

    clock.advance(901)

    assert refused(sqs.list_queues) == ("ExpiredTokenException", 400)
    assert refused(own.get_caller_identity) == ("ExpiredToken", 403)


def test_a_session_lasts_no_longer_than_its_role_allows(
    signed: Client, user: Users, client: Client
) -> None:
    role = a_role(client, trusting("right"))
    sts = signed("sts", user("trailmap", EVERYTHING, TOOLS))

    code, _ = refused(
        sts.assume_role,
        RoleArn=role,
        RoleSessionName="trailmap",
        ExternalId="right",
        DurationSeconds=7_200,
    )

    assert code == "ValidationError"


def test_a_session_policy_narrows_the_role(
    signed: Client, user: Users, client: Client
) -> None:
    role = a_role(client, trusting("right"))
    sts = signed("sts", user("trailmap", EVERYTHING, TOOLS))
    granted = sts.assume_role(
        RoleArn=role,
        RoleSessionName="trailmap",
        ExternalId="right",
        Policy=policy("sqs:GetQueueUrl"),
    )["Credentials"]

    assert refused(signed("sqs", granted).list_queues)[0] == "AccessDeniedException"
