"""A local AWS that the product reaches as it reaches AWS."""

from __future__ import annotations

from typing import Any

import pytest

from apps.discovery.aws import forget_sessions
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from tests.sandbox.conftest import act_as, sandbox, url, user
from tests.sandbox.conftest import cloud as cloud
from tests.sandbox.test_identity import EVERYTHING

__all__ = ["connected", "sandbox", "url", "user"]


@pytest.fixture
def connected(
    monkeypatch: pytest.MonkeyPatch, url: str, cloud: Cloud, user: Any
) -> Any:
    """A boto3 client of CloudWatch in the account that the product reads."""
    act_as(user("reader", EVERYTHING), url, monkeypatch)
    yield cloud.client("cloudwatch", SHOP, HOME_REGION, "tests.amazonaws.com")
    forget_sessions()
