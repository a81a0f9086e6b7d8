"""The page of a log group: what is stored of it, who delivers it, what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client
from django.utils import timezone

from apps.discovery.roles import Role
from apps.monitoring.models import LogCoverage, LogGroup, LogOutage, LogPoll, LogStream
from tests.conftest import signed_in
from tests.factories import ACCOUNT, OTHER_ACCOUNT
from tests.monitoring.logs.inventoried import (
    REGION,
    a_group,
    a_poll,
    a_scope,
    a_source,
    covered,
    text,
)

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def page_of(client: Client, group: LogGroup, query: str = "") -> str:
    return text(client, f"/logs/groups/{group.pk}/{query}")


def a_stream(group: LogGroup, name: str, **fields: Any) -> LogStream:
    return LogStream.objects.create(
        group=group, name=name, listed_at=timezone.now(), **fields
    )


def test_a_group_of_another_account_is_not_there() -> None:
    group = a_group(account=OTHER_ACCOUNT)

    answer = signed_in("ann", Role.VIEWER, ACCOUNT).get(f"/logs/groups/{group.pk}/")

    assert answer.status_code == 404


def test_looking_has_it_polled_at_once(viewer_client: Client) -> None:
    later = timezone.now() + HOUR
    poll = a_poll(a_group(), next_at=later)

    page_of(viewer_client, poll.group)

    poll.refresh_from_db()
    assert poll.next_at < later
    assert poll.looked_at is not None


def test_what_was_read_is_drawn_and_gaps_are_dated(viewer_client: Client) -> None:
    group = a_poll(a_group()).group
    covered(group, 20 * HOUR, 10 * HOUR)
    ended = LogCoverage.objects.get().until
    covered(group, 9 * HOUR, 3 * MINUTE)

    page = page_of(viewer_client, group)

    assert page.count('class="cover-read"') == 2
    gap = ended.strftime("%Y-%m-%d %H:%M")
    assert gap in page.split("Not read by polling in this time")[1].split("</ul>")[0]


def test_all_of_a_time_that_was_read_is_said_so(viewer_client: Client) -> None:
    group = a_poll(a_group()).group
    covered(group, 40 * HOUR, 3 * MINUTE)

    page = page_of(viewer_client, group, "?since=now-5h&until=now-1h")

    assert "Polling has read all of this time" in page


def test_an_outage_goes_on_being_told(viewer_client: Client) -> None:
    group = a_poll(a_group()).group
    covered(group, 40 * HOUR, 3 * MINUTE)
    now = timezone.now()
    LogOutage.objects.create(
        group=group, since=now - 3 * HOUR, until=now - 2 * HOUR, problem="No network."
    )

    page = page_of(viewer_client, group)

    assert 'class="cover-outage"' in page
    assert "No network." in page


def test_late_finds_overlap_and_window_are_told(viewer_client: Client) -> None:
    now = timezone.now()
    group = a_group()
    a_poll(
        group,
        late_finds=7,
        overlap_seconds=1_200,
        window="hourly",
        window_since=now - 6 * HOUR,
        window_until=now,
        window_at=now,
    )

    page = page_of(viewer_client, group)

    assert "<dd>7</dd>" in page
    assert "20 min" in page
    assert "the last 6 hours again" in page


def test_streams_are_found_by_how_they_begin(viewer_client: Client) -> None:
    group = a_group()
    for name in ("web/1", "web/2", "worker/1"):
        a_stream(group, name, last_event_at=timezone.now())

    page = page_of(viewer_client, group, "?stream=web")

    assert "web/1" in page
    assert "web/2" in page
    assert "worker/1" not in page


def test_streams_come_in_pages_the_newest_first(viewer_client: Client) -> None:
    group, now = a_group(), timezone.now()
    for at in range(60):
        a_stream(group, f"stream-{at:02}", last_event_at=now - at * MINUTE)

    first, second = (
        page_of(viewer_client, group),
        page_of(viewer_client, group, "?page=2"),
    )

    assert "stream-00" in first
    assert "stream-55" not in first
    assert "stream-55" in second


def test_who_delivers_it_is_named(admin_client: Client) -> None:
    source = a_source("firehose", name="all logs")
    arn = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/logs"
    other = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:elsewhere"
    group = a_group(
        subscriptions=[
            {"name": "ours", "destination": arn, "pattern": ""},
            {"name": "theirs", "destination": other, "pattern": "ERROR"},
        ]
    )

    page = page_of(admin_client, group)

    assert f'<a href="/logs/sources/{source.pk}/">all logs</a>' in page
    assert '<a href="/logs/sources/new/lambda">add it</a>' in page
    assert "every line" in page


def test_it_leads_to_its_lines_patterns_and_queries(viewer_client: Client) -> None:
    page = unquote(page_of(viewer_client, a_group("/ecs/shop"), "?since=now-2h"))

    place = f"account={ACCOUNT}&amp;region={REGION}&amp;since=now-2h"
    clause = 'f=@logGroup:"/ecs/shop"&amp;'.replace('"', "&quot;")
    assert f"/explore/logs/?{clause}{place}" in page.replace(
        '"/ecs/shop"', "&quot;/ecs/shop&quot;"
    )
    assert "/logs/query/?groups=/ecs/shop&amp;query=" in page
    assert "/logs/patterns/?f=@logGroup" in page


def test_a_problem_comes_with_the_next_step(viewer_client: Client) -> None:
    a_scope()
    group = a_poll(
        a_group(),
        problem="logs.filter_log_events: AccessDeniedException: no",
        problem_since=timezone.now(),
    ).group

    page = page_of(viewer_client, group)

    assert "AccessDeniedException" in page
    assert "Allow logs:FilterLogEvents" in page


def test_an_operator_switches_it_from_its_page() -> None:
    group = a_group()
    olga = signed_in("olga", Role.OPERATOR)

    body = {"group": group.pk, "what": "collect", "from": "group"}
    answer = olga.post("/logs/groups/collect", body)

    assert answer["Location"] == f"/logs/groups/{group.pk}/"
    assert LogPoll.objects.get().is_enabled
    assert "Stop polling" in page_of(olga, group)


def test_a_class_that_cannot_be_read_says_so(admin_client: Client) -> None:
    page = page_of(admin_client, a_group(group_class="INFREQUENT_ACCESS"))

    assert "Infrequent Access" in page
    assert "> Collect</button>" not in page


def test_a_range_that_cannot_be_read_is_told(viewer_client: Client) -> None:
    page = page_of(viewer_client, a_group(), "?since=whenever")

    assert "whenever" in page
    assert "Streams" in page
