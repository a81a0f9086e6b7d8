"""Who is let in at all, and what is said of requests for nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from sandbox.assembly import Sandbox
from sandbox.kernel.cloud import Cloud
from tests.sandbox.conftest import Client
from tests.sandbox.test_identity import EVERYTHING, policy, refused

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
        logs.create_log_group()  # type: ignore[call-arg]

    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_fault_of_ours_is_an_internal_failure(
    sandbox: Sandbox, signed: Client, user: Users
) -> None:
    def fail(operation: Any, answer: Any) -> None:
        raise ZeroDivisionError

    sts = signed("sts", user("anna", EVERYTHING))
    sandbox.application.inspect = fail

    assert refused(sts.get_caller_identity) == ("InternalFailure", 500)


def raw(url: str, keys: Mapping[str, str], target: str, body: bytes) -> Any:
    """A signed request of the json protocol with a body no SDK would send."""
    service = target.split("_")[0].lower()
    request = AWSRequest(
        "POST",
        f"{url}/",
        data=body,
        headers={
            "X-Amz-Target": target,
            "Content-Type": "application/x-amz-json-1.1",
        },
    )
    credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"])
    SigV4Auth(credentials, service, "eu-west-1").add_auth(request)
    return requests.post(url, data=body, headers=dict(request.headers), timeout=10)


@pytest.mark.parametrize(
    "body",
    [
        b'{"logGroupName": 5}',
        b'{"logGroupName": "g", "logStreamNames": 5}',
        b'{"logGroupName": "g", "startTime": "now"}',
        b'{"logGroupName": "g", "startTime": true}',
        b"[]",
        b"{",
        b"\xff\xfe",
    ],
)
def test_json_of_another_kind_is_refused(url: str, user: Users, body: bytes) -> None:
    keys = user("anna", EVERYTHING)

    answer = raw(url, keys, "Logs_20140328.FilterLogEvents", body)

    assert answer.status_code == 400
    assert answer.json()["__type"] == "SerializationException"


def test_an_old_request_is_refused(
    url: str, user: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = user("anna", EVERYTHING)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 1_000)

    answer = raw(url, keys, "Logs_20140328.DescribeLogGroups", b"{}")

    assert answer.json()["__type"] == "InvalidSignatureException"
    assert "15 minutes" in answer.json()["message"]


@pytest.mark.parametrize("path", ["moto-api/reset", "moto-api/data.json", "latest/x"])
def test_moto_has_no_interface_of_its_own_here(
    url: str, user: Users, cloud: Cloud, path: str
) -> None:
    s3 = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id=(keys := user("anna", policy("s3:*")))["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
    )
    bucket, key = path.split("/")

    assert (
        refused(s3.get_object, Bucket=bucket, Key=key)[0] == "NotImplementedBySandbox"
    )


@pytest.mark.parametrize(
    "wanted",
    [
        {"kind": "throttle", "where": 5},
        {"kind": "latency", "seconds": "x"},
        {"kind": "latency", "seconds": 1e9},
        {"kind": "throttle", "for_seconds": "x"},
        {"kind": "throttle", "probability": True},
    ],
)
def test_a_fault_is_checked_before_it_is_in_force(
    url: str, wanted: dict[str, Any]
) -> None:
    answer = requests.post(f"{url}/_sandbox/faults", json=wanted, timeout=10)

    assert answer.status_code == 400
    assert "`" in answer.json()["error"]


def test_a_token_in_another_script_is_no_token(signed: Client, user: Users) -> None:
    ecs = signed("ecs", user("anna", EVERYTHING))

    assert refused(ecs.list_clusters, nextToken="at-²")[1] == 400
