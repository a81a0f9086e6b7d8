"""Trailmap beside a sandbox in the same process, both by the same clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import pytest

from apps.discovery.aws import forget_sessions
from apps.discovery.models import Account
from apps.monitoring.alarms import collector
from apps.monitoring.alarms.cloudwatch import PERMISSIONS
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from tests.sandbox.conftest import (
    act_as,
    allowing,
    client,
    clock,
    cloud,
    pass_time,
    sandbox,
    url,
    user,
)

__all__ = ["client", "clock", "cloud", "pass_time", "sandbox", "url", "user"]

Collect = Callable[[], None]


@pytest.fixture
def shop_aws(
    url: str, user: Callable[..., Mapping[str, str]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The sandbox in the place of AWS, with what our policy allows and no more."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    act_as(user("trailmap", allowing(PERMISSIONS)), url, monkeypatch)
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
