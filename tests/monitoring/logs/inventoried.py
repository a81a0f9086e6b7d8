"""Log groups and sources as tests of pages make them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from apps.discovery.models import Account
from apps.monitoring.models import LogCoverage, LogGroup, LogPoll, LogScope, LogSource
from tests.factories import ACCOUNT

REGION = "eu-west-1"
GB = 1 << 30


def a_connected(number: str = ACCOUNT) -> Account:
    return Account.objects.get_or_create(
        number=number, defaults={"home_region": REGION, "is_connected": True}
    )[0]


def a_scope(number: str = ACCOUNT, **fields: Any) -> LogScope:
    account = a_connected(number)
    return LogScope.objects.create(account=account, region=REGION, **fields)


def a_group(name: str = "/shop", **fields: Any) -> LogGroup:
    now = timezone.now()
    values = {
        "account": ACCOUNT,
        "region": REGION,
        "found_at": now,
        "listed_at": now,
        "detailed_at": now,
        "retention_days": 30,
    }
    return LogGroup.objects.create(name=name, **(values | fields))


def a_poll(group: LogGroup, **fields: Any) -> LogPoll:
    """Polling that began two days ago and is up to date a minute ago."""
    now = timezone.now()
    values = {
        "collect_since": now - timedelta(days=2),
        "next_at": now,
        "fast_until": now - timedelta(seconds=70),
        "succeeded_at": now,
    }
    return LogPoll.objects.create(group=group, **(values | fields))


def covered(group: LogGroup, since: timedelta, until: timedelta) -> None:
    """What was read: from so long ago until so long ago."""
    now = timezone.now()
    LogCoverage.objects.create(group=group, since=now - since, until=now - until)


def a_source(kind: str, **fields: Any) -> LogSource:
    values = {
        "name": kind,
        "account": a_connected(),
        "region": REGION,
        "stream": "" if kind == "bucket" else "logs",
        "bucket": "logs" if kind == "bucket" else "",
    }
    return LogSource.objects.create(kind=kind, **(values | fields))


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()
