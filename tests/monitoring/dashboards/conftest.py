"""A local AWS that the product reaches as it reaches AWS."""

from __future__ import annotations

from typing import Any

import pytest

from apps.discovery.aws import forget_sessions
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from tests.sandbox.conftest import cloud as cloud
from tests.sandbox.conftest import sandbox, url, user

__all__ = ["connected", "sandbox", "url", "user"]

_ALL = (
    '{"Version":"2012-10-17",'
    '"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
)


@pytest.fixture
def connected(
    monkeypatch: pytest.MonkeyPatch, url: str, cloud: Cloud, user: Any
) -> Any:
    """A boto3 client of CloudWatch in the account that the product reads."""
    keys = user("reader", _ALL)
    for name, value in {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
    }.items():
        monkeypatch.setenv(name, value)
    forget_sessions()
    yield cloud.client("cloudwatch", SHOP, HOME_REGION, "tests.amazonaws.com")
    forget_sessions()
