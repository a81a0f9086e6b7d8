"""Functions to invoke."""

from __future__ import annotations

import io
import json
import textwrap
import zipfile
from typing import Any

from tests.sandbox.conftest import Client

TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"},
    },
}


def zipped(code: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("shop.py", textwrap.dedent(code))
    return made.getvalue()


def a_function(client: Client, code: str, **more: Any) -> str:
    """A function named `cart` whose handler is `handle` of the code."""
    iam = client("iam")
    iam.create_role(RoleName="runs", AssumeRolePolicyDocument=json.dumps(TRUST))
    role = iam.get_role(RoleName="runs")["Role"]["Arn"]
    made = client("lambda").create_function(
        FunctionName="cart",
        Runtime="python3.12",
        Handler="shop.handle",
        Role=role,
        Code={"ZipFile": zipped(code)},
        **{"Timeout": 10, **more},
    )
    return str(made["FunctionArn"])
