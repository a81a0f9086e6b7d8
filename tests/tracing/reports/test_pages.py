"""The reports as people and programs read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from apps.discovery.roles import Role
from apps.monitoring.metrics.keys import MetricKey
from apps.search.timerange import TimeRange
from apps.tracing.reports.sampling import sample
from apps.tracing.spans.span import Http, Span
from apps.tracing.traces import keeping
from tests.conftest import signed_in
from tests.monitoring.charts import stored
from tests.tracing.shapes import ACCOUNT, OTHER, T0_US, call, segment, service, trace_id

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, tzinfo=UTC)
WINDOW = {"since": str(T0_US // 1_000), "until": str(T0_US // 1_000 + 3_600_000)}
CHATTINESS, CACHES = "/traces/chattiness/", "/traces/caches/"


def kept(number: int = 1, account: str = ACCOUNT) -> list[Span]:
    """A shop that asks its cart twelve times for the same, in turn."""
    shop = segment(
        "<shop>", trace_id=trace_id(number), start_us=T0_US + number * 1_000_000
    )
    shop.service = service("<shop>", account)
    shop.end_us = shop.start_us + 2_000_000
    asked = [
        call(
            shop,
            "cart",
            service=shop.service,
            start_us=shop.start_us + at * 100_000,
            operation="GET /prices",
            namespace="remote",
            http=Http("GET", "http://cart/prices", 200),
        )
        for at in range(12)
    ]
    keeping.keep({shop.trace_id: [shop, *asked]}, NOW)
    return [shop, *asked]


def test_a_finding_leads_to_the_first_of_its_calls(admin_client: Client) -> None:
    shop, first, *_ = kept()

    page = admin_client.get(CHATTINESS, WINDOW).content.decode()

    assert "&lt;shop&gt; asks cart 12 times a request for the same" in page
    assert "<shop>" not in page
    assert f"/traces/{shop.trace_id}/?span={first.id}" in page
    assert (
        "12 calls took 960 ms together, less 80 ms that remain: 880 ms of 2 s" in page
    )


def test_a_report_can_be_kept_to_a_service_and_a_habit(admin_client: Client) -> None:
    kept()

    there = admin_client.get(CHATTINESS, {**WINDOW, "source": "<shop>"})
    elsewhere = admin_client.get(CHATTINESS, {**WINDOW, "source": "billing"})
    other = admin_client.get(CHATTINESS, {**WINDOW, "habit": "empty"})

    assert "12 times" in there.content.decode()
    for page in (elsewhere, other):
        assert "Nothing talks more than it needs to" in page.content.decode()


def test_the_api_says_the_same(admin_client: Client) -> None:
    kept()

    found = admin_client.get("/api/v1/traces/chattiness", WINDOW).json()

    (finding,) = found["findings"]
    assert (finding["habit"], finding["saved_ms"]) == ("repeated", 880)
    assert found["edges"][0]["calls_each"] == 12
    assert found["traces"] == {"total": 1, "read": 1}
    wrong = admin_client.get("/api/v1/traces/chattiness", {"habit": "loud"})
    assert (wrong.status_code, wrong.json()["error"]["field"]) == (400, "habit")


@pytest.mark.parametrize("url", [CHATTINESS, CACHES])
def test_without_traces_a_report_says_what_to_do(
    admin_client: Client, url: str
) -> None:
    page = admin_client.get(url, WINDOW).content.decode()

    assert "No trace began in this time range" in page
    assert "/traces/sources/" in page


@pytest.mark.parametrize("url", [CHATTINESS, CACHES])
def test_a_time_that_is_none_is_told(admin_client: Client, url: str) -> None:
    page = admin_client.get(url, {"since": "yesterdayish"}).content.decode()

    assert "The time range cannot be read" in page


def test_spans_of_accounts_one_may_not_see_are_left_out() -> None:
    kept(1, OTHER)
    client = signed_in("nora", Role.VIEWER, ACCOUNT)

    assert "No trace began" in client.get(CHATTINESS, WINDOW).content.decode()
    found = client.get("/api/v1/traces/chattiness", WINDOW).json()
    assert not found["findings"]
    assert not client.get("/api/v1/traces/caches", WINDOW).json()["candidates"]


def test_reads_for_a_cache_and_caches_there_are(admin_client: Client) -> None:
    kept()
    since_s = T0_US // 1_000_000
    for name, each in (("CacheHits", 9.0), ("CacheMisses", 1.0)):
        key = MetricKey(
            ACCOUNT, "eu-west-1", "AWS/ElastiCache", name, (("CacheClusterId", "c1"),)
        )
        row = stored.a_series(key)
        stored.keep(row, since_s, [each] * 10)

    page = admin_client.get(CACHES, WINDOW).content.decode()
    found: dict[str, Any] = admin_client.get("/api/v1/traces/caches", WINDOW).json()

    assert "&lt;shop&gt; reads cart" in page
    assert "90 %" in page
    (cache,) = found["caches"]
    assert (cache["kind"], cache["name"], cache["hits"]) == ("ElastiCache", "c1", 90)
    assert cache["hit_rate"] == 0.9
    assert found["candidates"][0]["kept"][1] == {
        "seconds": 60, "hits": 11, "saved_ms": 880,
    }  # fmt: skip


def test_a_large_window_is_sampled_evenly() -> None:
    for number in range(100):
        kept(number)
    span = TimeRange(
        datetime.fromtimestamp(T0_US / 1e6, UTC),
        datetime.fromtimestamp(T0_US / 1e6 + 100, UTC),
    )

    some = sample(span, None, most_spans=650)

    begins = [spans[0].start_us for spans in some.traces()]
    assert (some.total, len(begins)) == (100, 50)
    assert {begin - T0_US for begin in begins} == set(range(0, 100_000_000, 2_000_000))
