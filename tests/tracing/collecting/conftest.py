"""Trailmap beside a sandbox in the same process, both by the same clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from apps.discovery.aws import forget_sessions
from apps.discovery.models import Account
from apps.tracing.collecting.scopes import note_scopes, switch_on
from apps.tracing.collecting.xray import PERMISSIONS
from apps.tracing.models import TraceScope
from sandbox.assembly import Sandbox
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.sandbox.conftest import (
    act_as,
    allowing,
    client,
    clock,
    cloud,
    sandbox,
    url,
    user,
)
from tests.tracing.collecting.world import World

__all__ = ["client", "clock", "cloud", "sandbox", "url", "user"]


@pytest.fixture
def shop_aws(
    url: str, user: Callable[..., Mapping[str, str]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The sandbox in the place of AWS, with what our policy allows and no more."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr("apps.discovery.aws.time.sleep", lambda seconds: None)
    act_as(user("trailmap", allowing(PERMISSIONS)), url, monkeypatch)
    yield url
    forget_sessions()


@pytest.fixture
def world(db: None, sandbox: Sandbox, shop_aws: str) -> World:
    """The shop's account, connected, with X-Ray switched on."""
    Account.objects.create(number=SHOP, home_region=HOME_REGION, is_connected=True)
    note_scopes()
    made = World(sandbox)
    switch_on(TraceScope.objects.get(), made.now())
    return made
