"""What policies allow, as IAM evaluates them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sandbox.kernel import conditions
from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.kernel.policies import Effect, Request, decide
from tests.sandbox.conftest import Client
from tests.sandbox.test_identity import EVERYTHING, a_role, policy, refused, trusting

Users = Callable[..., Mapping[str, str]]
GROUP = f"arn:aws:logs:{HOME_REGION}:{SHOP}:log-group:secret:*"


def one(**statement: Any) -> dict[str, Any]:
    return {
        "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", **statement}
    }


@pytest.mark.parametrize(
    ("statement", "effect"),
    [
        ({"Action": "logs:Get*"}, Effect.ALLOW),
        ({"Action": "LOGS:GETLOGEVENTS"}, Effect.ALLOW),
        ({"Action": ["s3:*", "logs:?etLogEvents"]}, Effect.ALLOW),
        ({"Action": "logs:Put*"}, Effect.NONE),
        ({"NotAction": "s3:*"}, Effect.ALLOW),
        ({"Resource": f"{GROUP[:-8]}sec*"}, Effect.ALLOW),
        ({"Resource": "arn:aws:logs:*:*:log-group:other:*"}, Effect.NONE),
        ({"NotResource": "arn:aws:logs:*:*:log-group:secret*"}, Effect.NONE),
        ({"Effect": "Deny"}, Effect.DENY),
        ({"Principal": {"AWS": "arn:aws:iam::1:user/x"}}, Effect.NONE),
        ({"NotPrincipal": {"AWS": "arn:aws:iam::1:user/x"}}, Effect.ALLOW),
    ],
)
def test_a_statement(statement: dict[str, Any], effect: Effect) -> None:
    request = Request("logs:GetLogEvents", GROUP, ("arn:aws:iam::1:user/anna",))

    assert decide([one(**statement)], request) is effect


CONTEXT = {"aws:requestedregion": "eu-west-1", "aws:sourceip": "10.1.2.3", "n": "5"}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}}, True),
        ({"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}, False),
        ({"StringNotEquals": {"aws:Absent": "x"}}, True),
        ({"StringLike": {"aws:RequestedRegion": "eu-*"}}, True),
        ({"StringLike": {"aws:RequestedRegion": "[e]u-west-1"}}, False),
        ({"StringEquals": {"aws:Absent": "x"}}, False),
        ({"StringEqualsIfExists": {"aws:Absent": "x"}}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ({"NumericLessThan": {"n": "7"}}, True),
        ({"Null": {"aws:Absent": "true"}}, True),
        ({"Null": {"n": "true"}}, False),
        ({"BinaryEquals": {"n": "NQ=="}}, None),
        ({"BinaryEquals": {"n": "NQ=="}, "NumericEquals": {"n": "6"}}, False),
    ],
)
def test_conditions(condition: dict[str, Any], *, holds: bool | None) -> None:
    assert conditions.hold(condition, CONTEXT) is holds


@pytest.mark.parametrize(
    ("effect", "decision"), [("Allow", Effect.NONE), ("Deny", Effect.DENY)]
)
def test_an_unknown_condition_fails_closed(effect: str, decision: Effect) -> None:
    unknown = {"BinaryEquals": {"n": "NQ=="}}
    statement = one(Effect=effect, Condition=unknown)

    assert decide([statement], Request("sqs:X", context=CONTEXT)) is decision


def test_a_region_may_be_the_only_one(signed: Client, user: Users) -> None:
    only = {"StringNotEquals": {"aws:RequestedRegion": HOME_REGION}}
    elsewhere = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": only}
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    keys = user(
        "anna", json.dumps({"Version": "2012-10-17", "Statement": [allow, elsewhere]})
    )

    signed("sqs", keys).list_queues()

    there = signed("sqs", keys, "us-east-1")
    assert refused(there.list_queues)[0] == "AccessDeniedException"


def test_a_group_grants_to_its_members(
    signed: Client, user: Users, client: Client
) -> None:
    keys = user("anna", policy("s3:*"))
    iam = client("iam")
    iam.create_group(GroupName="ops")
    iam.put_group_policy(
        GroupName="ops", PolicyName="p", PolicyDocument=policy("sqs:*")
    )
    iam.add_user_to_group(GroupName="ops", UserName="anna")

    assert signed("sqs", keys).list_queues()["ResponseMetadata"]


def test_managed_session_policies_narrow(
    signed: Client, user: Users, client: Client
) -> None:
    role = a_role(client, trusting("right"))
    narrow = client("iam").create_policy(
        PolicyName="narrow", PolicyDocument=policy("sqs:GetQueueUrl")
    )["Policy"]["Arn"]
    sts = signed("sts", user("trailmap", EVERYTHING, "123456789012"))

    granted = sts.assume_role(
        RoleArn=role,
        RoleSessionName="visit",
        ExternalId="right",
        PolicyArns=[{"arn": narrow}],
    )["Credentials"]

    assert refused(signed("sqs", granted).list_queues)[0] == "AccessDeniedException"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Policy": "no policy"}, "MalformedPolicyDocument"),
        ({"RoleArn": f"arn:aws:iam::{SHOP}:role/other/reader"}, "AccessDenied"),
    ],
)
def test_a_session_is_refused(
    signed: Client, user: Users, client: Client, change: dict[str, str], code: str
) -> None:
    role = a_role(client, trusting("right"))
    sts = signed("sts", user("trailmap", EVERYTHING, "123456789012"))
    asked = {"RoleArn": role, "RoleSessionName": "visit", "ExternalId": "right"}

    assert refused(sts.assume_role, **{**asked, **change})[0] == code


def test_a_session_gets_no_session_token(
    signed: Client, user: Users, client: Client
) -> None:
    role = a_role(client, trusting("right"))
    sts = signed("sts", user("trailmap", EVERYTHING, "123456789012"))
    granted = sts.assume_role(
        RoleArn=role, RoleSessionName="visit", ExternalId="right"
    )["Credentials"]

    assert refused(signed("sts", granted).get_session_token)[0] == "AccessDenied"


def test_whom_a_trust_policy_names_needs_no_policy_of_its_own(
    signed: Client, user: Users, client: Client
) -> None:
    keys = user("anna", policy("s3:*"))
    named = {"AWS": f"arn:aws:iam::{SHOP}:user/anna"}
    role = a_role(
        client, {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": named}
    )

    granted = signed("sts", keys).assume_role(RoleArn=role, RoleSessionName="visit")

    assert granted["AssumedRoleUser"]["Arn"].endswith("/reader/visit")
