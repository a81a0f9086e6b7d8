"""A sandbox with a log group that nobody collects, and people who may ask for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from apps.discovery.roles import Role
from apps.monitoring.models import LogGroup
from apps.search.engines.base import DocumentEngine
from sandbox.kernel.cloud import SHOP
from tests.conftest import signed_in
from tests.monitoring.languages.passing.asking import Asking
from tests.monitoring.logs.conftest import aws_here, world
from tests.monitoring.logs.world import World
from tests.sandbox.conftest import client, clock, cloud, sandbox, url, user

__all__ = ["aws_here", "client", "clock", "cloud", "sandbox", "url", "user", "world"]


@pytest.fixture
def operator(db: None) -> Client:
    return signed_in("olga", Role.OPERATOR, SHOP)


@pytest.fixture
def asking(
    world: World,
    operator: Client,
    engine: DocumentEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> Asking:
    """The group /shop with five lines, known and not collected."""
    world.say("ERROR one", "INFO two", "ERROR three", "INFO four", "INFO five", ago=60)
    monkeypatch.setattr("django.utils.timezone.now", world.now)
    LogGroup.objects.create(
        account=SHOP,
        region=world.scope.region,
        name="/shop",
        created_at=world.now() - timedelta(days=10),
        stored_bytes=40 * 10**9,
        found_at=world.now(),
        listed_at=world.now(),
    )
    return Asking(world, operator)
