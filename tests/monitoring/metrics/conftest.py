"""Trailmap beside a sandbox in the same process, both by the same clock."""

from __future__ import annotations

import json
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
    allowed = [{"Effect": "Allow", "Action": list(PERMISSIONS), "Resource": "*"}]
    keys = user("trailmap", json.dumps({"Version": "2012-10-17", "Statement": allowed}))
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    forget_sessions()
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
