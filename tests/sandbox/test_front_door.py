"""Who is let in at all, and what is said of requests for nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.assembly import Sandbox
from tests.sandbox.conftest import Client
from tests.sandbox.test_identity import EVERYTHING, refused

Users = Callable[..., Mapping[str, str]]


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}]
)
def test_web_pages_are_not_answered(url: str, headers: dict[str, str]) -> None:
    answer = requests.get(f"{url}/_sandbox/health", headers=headers, timeout=10)

    assert answer.status_code == 403


def test_the_machine_itself_is(url: str) -> None:
    answer = requests.get(f"{url}/_sandbox/health", timeout=10)

    assert answer.json() == {"status": "ok"}


def test_nothing_of_this_name(url: str) -> None:
    assert requests.get(f"{url}/_sandbox/weather", timeout=10).status_code == 404


def test_an_unsigned_request_is_refused(url: str) -> None:
    answer = requests.post(
        url, data={"Action": "GetCallerIdentity", "Version": "2011-06-15"}, timeout=10
    )

    assert answer.status_code == 403
    assert "MissingAuthenticationToken" in answer.text


def test_what_nobody_has_is_said_not_guessed(signed: Client, user: Users) -> None:
    keys = user("anna", EVERYTHING)

    code, status = refused(signed("xray", keys).get_insight_summaries,
                           StartTime=0, EndTime=1)  # fmt: skip

    assert (code, status) == ("NotImplementedBySandbox", 501)


def test_a_service_the_sandbox_has_not_is_named(signed: Client, user: Users) -> None:
    health: Any = signed("health", user("anna", EVERYTHING), "us-east-1")

    assert refused(health.describe_events)[0] == "UnknownService"


def test_a_missing_parameter_is_named_as_aws_names_it(url: str, user: Users) -> None:
    keys = user("anna", EVERYTHING)
    logs = boto3.client(
        "logs",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        config=Config(parameter_validation=False),
    )

    with pytest.raises(ClientError, match="'logGroupName' failed to satisfy") as caught:
        logs.create_log_group()

    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_fault_of_ours_is_an_internal_failure(
    sandbox: Sandbox, signed: Client, user: Users
) -> None:
    def fail(operation: Any, answer: Any) -> None:
        raise ZeroDivisionError

    sts = signed("sts", user("anna", EVERYTHING))
    sandbox.application.inspect = fail

    assert refused(sts.get_caller_identity) == ("InternalFailure", 500)
