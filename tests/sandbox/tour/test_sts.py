"""STS, walked with the AWS CLI."""

from __future__ import annotations

import json

from sandbox.assembly import Sandbox
from sandbox.kernel.cloud import SHOP
from tests.sandbox.test_identity import policy
from tests.sandbox.tour.aws import Aws
from tests.sandbox.tour.conftest import all_of


def test_roles_and_sessions(aws: Aws, sandbox: Sandbox, walked: set[str]) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": f"arn:aws:iam::{SHOP}:root"},
        },
    }
    role = aws(
        "iam create-role --role-name reader --assume-role-policy-document",
        json.dumps(trust),
    )["Role"]["Arn"]
    aws(
        "iam put-role-policy --role-name reader --policy-name own --policy-document",
        policy("sqs:*"),
    )
    assert aws("sts get-session-token")["Credentials"]["AccessKeyId"]
    granted = aws(f"sts assume-role --role-arn {role} --role-session-name visit")

    aws.use(granted["Credentials"])

    who = aws("sts get-caller-identity")
    assert who["Arn"] == f"arn:aws:sts::{SHOP}:assumed-role/reader/visit"
    code, _, said = aws.run("s3api list-buckets")
    assert code != 0
    assert "AccessDenied" in said
    assert walked >= all_of(sandbox, "sts")
