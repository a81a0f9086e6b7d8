"""A sandbox of one's own: assembled in this process, with a clock that tests move."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.core.model import OperationModel
from moto.moto_api._internal.models import moto_api_backend

from apps.discovery.aws import forget_sessions
from sandbox.assembly import Sandbox, assemble
from sandbox.kernel import conformance
from sandbox.kernel.clock import SetClock
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from sandbox.kernel.principals import service_principal
from sandbox.kernel.server import Server

NOW = 1_790_000_000.0  # 2026-09-21T14:13:20Z
Client = Callable[..., Any]


def _must_be_aws_shape(operation: OperationModel, answer: Mapping[str, Any]) -> None:
    faults = conformance.faults_of(operation, answer)
    assert not faults, faults


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """Every answer of our handlers is held against botocore's model."""
    moto_api_backend.reset()
    home = tmp_path / "sandbox"
    home.mkdir()
    made = assemble(SetClock(NOW), home)
    made.application.inspect = _must_be_aws_shape
    yield made
    moto_api_backend.reset()


@pytest.fixture
def cloud(sandbox: Sandbox) -> Cloud:
    return sandbox.cloud


@pytest.fixture
def clock(cloud: Cloud) -> SetClock:
    assert isinstance(cloud.clock, SetClock)
    return cloud.clock


@pytest.fixture
def pass_time(cloud: Cloud, clock: SetClock) -> Callable[[float], None]:
    """Move the clock and let everything that became due happen."""

    def move(seconds: float) -> None:
        clock.advance(seconds)
        cloud.timers.run_due()

    return move


@pytest.fixture
def client(cloud: Cloud) -> Client:
    """A boto3 client of the shop's account that may do everything."""

    def make(service: str, account: str = SHOP, region: str = HOME_REGION) -> Any:
        return cloud.client(service, account, region, "tests.amazonaws.com")

    return make


@pytest.fixture
def url(sandbox: Sandbox) -> Iterator[str]:
    """The sandbox over HTTP."""
    server = Server(sandbox.application)
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def signed(url: str, cloud: Cloud) -> Client:
    """A boto3 client over HTTP with the keys of a user whose policy is `policy`."""

    def make(service: str, keys: Mapping[str, str], region: str = HOME_REGION) -> Any:
        session = boto3.Session(
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
            region_name=region,
        )
        config = Config(retries={"total_max_attempts": 1})
        make_client: Callable[..., Any] = session.client
        return make_client(service, endpoint_url=url, config=config)

    return make


def allowing(actions: Iterable[str]) -> str:
    """A policy that allows these and no more."""
    allowed = [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


def act_as(key: Mapping[str, str], url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process asks the sandbox in the place of AWS, with an access key."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    forget_sessions()


# A policy that refuses everything.
NOTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
    }
)


@pytest.fixture
def user(cloud: Cloud) -> Callable[..., Mapping[str, str]]:
    """Makes a user with a policy, and answers with the access key."""

    def make(name: str, policy: str, account: str = SHOP) -> Mapping[str, str]:
        who = service_principal("tests.amazonaws.com", account)
        iam = cloud.client("iam", account, HOME_REGION, who)
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy)
        key: Mapping[str, str] = iam.create_access_key(UserName=name)["AccessKey"]
        return key

    return make
