"""Trailmap beside a sandbox in the same process, both by the same clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import pytest

from apps.discovery.aws import forget_sessions
from apps.discovery.models import Account
from apps.monitoring.alarms import collector
from apps.monitoring.alarms.cloudwatch import PERMISSIONS
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from tests.sandbox.conftest import client, clock, cloud, pass_time, sandbox, url, user

__all__ = ["client", "clock", "cloud", "pass_time", "sandbox", "url", "user"]

Collect = Callable[[], None]


@pytest.fixture
def shop_aws(
    url: str, user: Callable[..., Mapping[str, str]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The sandbox in the place of AWS, with what our policy allows and no more."""
    allowed = [{"Effect": "Allow", "Action": list(PERMISSIONS), "Resource": "*"}]
    keys = user("trailmap", json.dumps({"Version": "2012-10-17", "Statement": allowed}))
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    forget_sessions()
    yield
    forget_sessions()


@pytest.fixture
def collect(shop_aws: None, cloud: Cloud, db: None) -> Collect:
    """One run over the shop's account and region."""
    Account.objects.create(number=SHOP, home_region=HOME_REGION, is_connected=True)

    def now() -> datetime:
        return datetime.fromtimestamp(cloud.clock.now(), UTC)

    def run() -> None:
        for scope_id in collector.due_scopes(now()):
            assert collector.claim(scope_id, now())
            collector.collect(scope_id, now)

    return run
