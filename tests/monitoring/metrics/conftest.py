"""Trailmap beside a sandbox in the same process, both by the same clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.discovery.aws import forget_sessions
from apps.discovery.models import Account
from apps.monitoring.metrics.claims import note_scopes
from apps.monitoring.metrics.cloudwatch import PERMISSIONS
from apps.monitoring.models import MetricScope
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from tests.sandbox.conftest import (
    act_as,
    allowing,
    clock,
    cloud,
    sandbox,
    url,
    user,
)

__all__ = ["clock", "cloud", "sandbox", "url", "user"]


@pytest.fixture
def shop_aws(
    url: str, user: Callable[..., Mapping[str, str]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The sandbox in the place of AWS, with what our policy allows and no more."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    act_as(user("trailmap", allowing(PERMISSIONS)), url, monkeypatch)
    yield url
    forget_sessions()


@pytest.fixture
def scope(db: None) -> MetricScope:
    """The shop's account and region, connected."""
    Account.objects.create(number=SHOP, home_region=HOME_REGION, is_connected=True)
    note_scopes()
    return MetricScope.objects.get()


@pytest.fixture
def now(cloud: Cloud) -> Callable[[], datetime]:
    """The clock of a job: that of the sandbox."""
    return lambda: datetime.fromtimestamp(cloud.clock.now(), UTC)


@pytest.fixture
def publish(cloud: Cloud) -> Callable[..., None]:
    """Put metrics as a program would."""

    def put(
        namespace: str, *data: Mapping[str, Any], region: str = HOME_REGION
    ) -> None:
        client = cloud.client("cloudwatch", SHOP, region, "tests.amazonaws.com")
        for at in range(0, len(data), 500):
            client.put_metric_data(
                Namespace=namespace, MetricData=list(data[at : at + 500])
            )

    return put
