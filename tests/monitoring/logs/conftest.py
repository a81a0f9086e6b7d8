"""Log groups in the sandbox, which runs in this process on a clock that tests move."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace

import pytest

from apps.discovery.aws import forget_sessions
from apps.discovery.models import Account
from apps.monitoring.models import LogScope
from sandbox.assembly import Sandbox
from sandbox.kernel.clock import SetClock
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from sandbox.logs.service import Logs
from tests.monitoring.logs.world import World
from tests.sandbox.conftest import act_as, client, clock, cloud, sandbox, url, user
from tests.sandbox.test_identity import EVERYTHING

__all__ = ["client", "clock", "cloud", "sandbox", "url", "user"]


@pytest.fixture
def aws_here(
    url: str,
    clock: SetClock,
    cloud: Cloud,
    user: Callable[..., Mapping[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    """This process has a key of the shop's account; waiting moves the clock."""

    def wait(seconds: float) -> None:
        clock.advance(seconds)
        cloud.timers.run_due()

    virtual = SimpleNamespace(sleep=wait, time_ns=lambda: round(clock.now() * 1e9))
    monkeypatch.setattr("apps.discovery.aws.time", virtual)
    monkeypatch.setattr("botocore.endpoint.time", virtual)
    monkeypatch.setattr("apps.discovery.buckets._LONG_POLL_SECONDS", 0)
    act_as(user("trailmap", EVERYTHING), url, monkeypatch)
    yield
    forget_sessions()


@pytest.fixture
def world(sandbox: Sandbox, clock: SetClock, aws_here: None, db: None) -> World:
    account = Account.objects.create(
        number=SHOP, home_region=HOME_REGION, is_connected=True
    )
    scope = LogScope.objects.create(
        account=account, region=HOME_REGION, collects_new=True
    )
    return World(sandbox.cloud, clock, sandbox.one(Logs), scope)
