"""What was posted and acknowledged is stored, whenever the process that stores it is
killed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from apps.search import store
from apps.search.engines.base import SearchRequest
from apps.tracing.collecting import inbox
from apps.tracing.kinds import SPANS
from apps.tracing.maps import reading
from apps.tracing.models import SpanDelivery, Trace
from tests.killable import Worker
from tests.tracing.collecting.test_files import zipkin

pytestmark = pytest.mark.django_db(transaction=True)
_KILLS, _SPANS = 2, 300
_BEGAN_S, _STALE_S = 1_727_000_000, 61


@pytest.fixture
def worker(settings: Any) -> Iterator[Worker]:
    made = Worker("tests.tracing.collecting.storing", settings)
    yield made
    made.end()


def post(first: int) -> None:
    """As many spans, each a trace of its own and a call to one database."""
    spans = [
        {**zipkin(number), "kind": "CLIENT", "remoteEndpoint": {"serviceName": "db"}}
        for number in range(first, first + _SPANS)
    ]
    body = json.dumps(spans).encode()
    inbox.put(SpanDelivery.Format.ZIPKIN, body, ("", ""), [], timezone.now())


def test_kill_9_at_any_moment_loses_nothing_and_doubles_nothing(worker: Worker) -> None:
    chance = random.Random(7)  # noqa: S311 - decides when, no secret
    now, posted, kills = timezone.now().timestamp(), 0, 0
    while kills < _KILLS:
        post(posted + 1)
        posted += _SPANS
        kills += worker.dies_while_working(now, chance.uniform(0, 0.4))
        now += _STALE_S
    while SpanDelivery.objects.exists():
        worker.works(now)
        now += _STALE_S
    worker.end()

    (edge,) = reading.read(_BEGAN_S - 60, _BEGAN_S + 120).edges
    assert edge.figures.calls == posted
    assert Trace.objects.aggregate(Sum("spans"))["spans__sum"] == posted
    assert store.reader().count(SearchRequest(SPANS, timezone.now())).value == posted
