"""Trailmap beside a sandbox in the same process, both by the same clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import pytest

from apps.discovery.aws import forget_sessions
from apps.discovery.buckets import PERMISSIONS as S3_PERMISSIONS
from apps.discovery.inventory import collecting, hearing
from apps.discovery.inventory.config import PERMISSIONS
from apps.discovery.inventory.scanners.registry import PERMISSIONS as READING
from apps.discovery.models import Account, ConfigSource
from apps.search.engines.base import DocumentEngine
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from tests.sandbox.config.conftest import config, group, inbox, record
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

__all__ = [
    "client", "clock", "cloud", "config", "group", "inbox", "pass_time", "record",
    "sandbox", "url", "user",
]  # fmt: skip

Now = Callable[[], datetime]
Run = Callable[[], ConfigSource]


@pytest.fixture
def now(cloud: Cloud) -> Now:
    return lambda: datetime.fromtimestamp(cloud.clock.now(), UTC)


@pytest.fixture
def shop_aws(
    url: str, user: Callable[..., Mapping[str, str]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The sandbox in the place of AWS, with what our policy allows and no more."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr("apps.discovery.buckets._LONG_POLL_SECONDS", 0)
    allowed = [*PERMISSIONS, *READING, *S3_PERMISSIONS["bucket"]]
    key = user("trailmap", allowing([*allowed, *S3_PERMISSIONS["queue"]]))
    act_as(key, url, monkeypatch)
    yield
    forget_sessions()


@pytest.fixture
def source(shop_aws: None, db: None) -> ConfigSource:
    """The shop's account and region, of which nothing was read yet."""
    account = Account.objects.create(
        number=SHOP, home_region=HOME_REGION, is_connected=True
    )
    return ConfigSource.objects.create(account=account, region=HOME_REGION)


@pytest.fixture
def collect(source: ConfigSource, engine: DocumentEngine, now: Now) -> Run:
    """One run over everything but the queue, as if it were all due."""

    def run() -> ConfigSource:
        ConfigSource.objects.filter(pk=source.pk).update(
            reconciled_at=None, swept_at=None, scanned_at=None
        )
        collecting.collect(source.pk, engine, now)
        source.refresh_from_db()
        return source

    return run


@pytest.fixture
def hear(source: ConfigSource, engine: DocumentEngine, now: Now) -> Run:
    """Listens to the queue until it is empty."""

    def run() -> ConfigSource:
        hearing.hear(source.pk, engine, now)
        source.refresh_from_db()
        return source

    return run
