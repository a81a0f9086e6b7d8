"""The inventory of log groups: found while typing, priced, switched on and off."""

from __future__ import annotations

import csv
import io
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.discovery.models import Account
from apps.discovery.roles import Role
from apps.monitoring.models import LogGroup, LogPoll, LogScope
from tests.conftest import signed_in
from tests.factories import ACCOUNT, OTHER_ACCOUNT
from tests.monitoring.logs.inventoried import (
    GB,
    REGION,
    a_connected,
    a_group,
    a_poll,
    a_scope,
    a_source,
    covered,
    text,
)

pytestmark = pytest.mark.django_db
PAGE = "/logs/groups/"


@pytest.fixture
def operator() -> Client:
    return signed_in("olga", Role.OPERATOR)


def names(page: str) -> list[str]:
    """The names of the groups on a page, in their order."""
    rows = page.split('class="name"><a href=')[1:]
    return [row.split(">", 1)[1].split("<")[0] for row in rows]


def test_each_word_must_stand_in_the_name(viewer_client: Client) -> None:
    for name in ("/aws/lambda/Checkout", "/aws/lambda/cart", "/ecs/checkout"):
        a_group(name)

    page = text(viewer_client, f"{PAGE}?q=lambda+checkout")

    assert names(page) == ["/aws/lambda/Checkout"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("", ["/a", "/b", "/c"]),
        ("-name", ["/c", "/b", "/a"]),
        ("-size", ["/b", "/c", "/a"]),
        ("-last", ["/c", "/a", "/b"]),
        ("-daily", ["/a", "/b", "/c"]),
        ("nonsense", ["/a", "/b", "/c"]),
    ],
)
def test_groups_are_sorted_and_what_is_not_known_is_last(
    viewer_client: Client, order: str, expected: list[str]
) -> None:
    now = timezone.now()
    a_group("/a", stored_bytes=1, last_event_at=now - timedelta(days=1), daily_bytes=1)
    a_group("/b", stored_bytes=3)
    a_group("/c", stored_bytes=2, last_event_at=now)

    assert names(text(viewer_client, f"{PAGE}?order={order}")) == expected


def test_account_and_region_narrow(viewer_client: Client) -> None:
    a_group("/here")
    a_group("/there", account=OTHER_ACCOUNT)
    a_group("/far", region="us-east-1")

    assert names(text(viewer_client, f"{PAGE}?account={OTHER_ACCOUNT}")) == ["/there"]
    assert names(text(viewer_client, f"{PAGE}?region=us-east-1")) == ["/far"]


def test_only_groups_of_visible_accounts_are_listed_and_counted() -> None:
    a_group("/here", stored_bytes=GB)
    a_group("/there", account=OTHER_ACCOUNT, stored_bytes=1_000 * GB)

    page = text(signed_in("ann", Role.VIEWER, ACCOUNT), PAGE)

    assert names(page) == ["/here"]
    assert "1.0 GiB" in page
    assert "1,00" not in page


def test_storage_and_ingestion_are_priced(viewer_client: Client) -> None:
    a_group("/standard", stored_bytes=100 * GB, daily_bytes=2 * GB)
    a_group("/cheap", group_class="INFREQUENT_ACCESS", daily_bytes=2 * GB)

    page = text(viewer_client, PAGE)

    # 100 GiB at $0.03; 2 GiB a day for 30 days at $0.50, and at half of that.
    assert "$3.00 a month" in page
    assert "$30.00 a month" in page
    assert "$15.00 a month" in page
    assert "<dd>$45.00</dd>" in page
    assert "June 2026" in page


def test_the_settings_have_the_last_word_on_prices(
    viewer_client: Client, settings: object
) -> None:
    settings.LOG_PRICE_STORED_GB = 0.06  # type: ignore[attr-defined]
    a_group(stored_bytes=100 * GB)

    page = text(viewer_client, PAGE)

    assert "$6.00 a month" in page
    assert "as the settings say" in page


def test_what_is_not_known_is_not_said_to_be_nothing(viewer_client: Client) -> None:
    a_group(daily_bytes=None)

    assert text(viewer_client, PAGE).count("not known") == 3


def test_a_group_that_never_expires_is_a_risk(viewer_client: Client) -> None:
    a_group("/ever", retention_days=None)
    a_group("/month", retention_days=30)

    assert "never expires</span>" in text(viewer_client, PAGE)
    assert names(text(viewer_client, f"{PAGE}?state=never-expires")) == ["/ever"]


def test_how_a_group_is_collected_is_told(viewer_client: Client) -> None:
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/logs"
    told = [{"name": "all", "destination": arn, "pattern": ""}]
    a_source("kinesis", name="main stream")
    a_source("bucket", name="the past", log_group="/old")
    covered(a_poll(a_group("/polled")).group, timedelta(days=2), timedelta(minutes=3))
    a_group("/told", subscriptions=told)
    a_group("/old")

    page = text(viewer_client, PAGE)

    assert "polled<br>" in page
    assert "1 min 10 s behind" in page
    assert "delivered by main stream" in page
    assert "from the bucket of the past" in page


def test_collected_and_not_are_told_apart(viewer_client: Client) -> None:
    a_poll(a_group("/polled"))
    a_poll(a_group("/stopped"), is_enabled=False)
    a_group("/delivered", delivered_at=timezone.now())
    a_group("/never")
    a_group("/gone", gone_at=timezone.now())

    assert names(text(viewer_client, f"{PAGE}?state=collected")) == [
        "/delivered",
        "/polled",
    ]
    rest = text(viewer_client, f"{PAGE}?state=not-collected")
    assert names(rest) == ["/never", "/stopped"]
    assert 'Not collected <span class="count">2</span>' in rest
    assert names(text(viewer_client, f"{PAGE}?state=gone")) == ["/gone"]


def test_a_group_that_cannot_be_read_says_why(viewer_client: Client) -> None:
    a_scope()
    a_poll(
        a_group("/bad"),
        problem="AccessDeniedException: no",
        problem_since="2026-01-01T00:00Z",
    )
    a_poll(a_group("/good"))

    page = text(viewer_client, f"{PAGE}?state=problem")

    assert names(page) == ["/bad"]
    assert "AccessDeniedException: no" in page


def test_groups_that_are_behind_have_a_problem(viewer_client: Client) -> None:
    a_scope()
    long_ago = timezone.now() - timedelta(hours=3)
    late = a_poll(a_group("/late"), fast_until=long_ago).group
    covered(late, timedelta(days=3), timedelta(hours=3))
    told = a_poll(a_group("/told"), fast_until=None).group
    covered(told, timedelta(days=3), timedelta(minutes=10))
    a_poll(a_group("/fast"))
    a_poll(a_group("/new"), fast_until=None, collect_since=timezone.now())

    page = text(viewer_client, f"{PAGE}?state=problem")

    assert names(page) == ["/late"]
    assert "Nothing since" in page


def test_groups_of_an_account_that_is_gone_have_a_problem(
    viewer_client: Client,
) -> None:
    a_scope()
    a_poll(a_group("/here"))
    Account.objects.update(is_connected=False, problem="The role is gone.")

    page = text(viewer_client, f"{PAGE}?state=problem")

    assert names(page) == ["/here"]
    assert "The role is gone." in page


def test_a_region_that_cannot_be_listed_says_what_to_do(viewer_client: Client) -> None:
    a_scope(problem="AccessDeniedException: no", problem_since=timezone.now())
    a_group()

    page = text(viewer_client, PAGE)

    assert "cannot be listed since" in page
    assert "Allow logs:DescribeLogGroups" in page


def test_chosen_groups_are_collected(operator: Client) -> None:
    chosen, other = a_group("/chosen"), a_group("/other")

    answer = operator.post(
        "/logs/groups/collect",
        {"group": [chosen.pk], "what": "collect", "query": "q=x"},
    )

    assert answer["Location"] == f"{PAGE}?q=x"
    assert LogPoll.objects.get().group == chosen
    assert not LogPoll.objects.filter(group=other).exists()


def test_chosen_groups_are_no_longer_collected(operator: Client) -> None:
    groups = [a_poll(a_group(name)).group.pk for name in ("/one", "/two", "/three")]

    operator.post("/logs/groups/collect", {"group": groups[:2], "what": "stop"})

    assert LogPoll.objects.filter(is_enabled=True).get().group.name == "/three"


def test_a_class_that_nobody_can_read_is_refused(operator: Client) -> None:
    group = a_group(group_class="DELIVERY")

    answer = operator.post(
        "/logs/groups/collect", {"group": group.pk, "what": "collect"}, follow=True
    )

    assert "lets nobody read line by line" in answer.content.decode()
    assert not LogPoll.objects.exists()


def test_a_group_that_is_gone_is_not_collected(operator: Client) -> None:
    group = a_group(gone_at=timezone.now())

    operator.post("/logs/groups/collect", {"group": group.pk, "what": "collect"})

    assert not LogPoll.objects.exists()


def test_all_groups_of_a_region_are_collected_and_stopped(operator: Client) -> None:
    scope = a_scope()
    a_group("/one"), a_group("/two"), a_group("/far", region="us-east-1")
    url = f"/logs/regions/{scope.pk}/switch"

    operator.post(url, {"what": "collect"})
    assert LogPoll.objects.filter(is_enabled=True).count() == 2

    operator.post(url, {"what": "stop"})
    assert not LogPoll.objects.filter(is_enabled=True).exists()


def test_new_groups_of_a_region_are_collected_from_then_on(operator: Client) -> None:
    scope = a_scope(ran_at=timezone.now())
    url = f"/logs/regions/{scope.pk}/switch"

    operator.post(url, {"what": "new"})
    assert LogScope.objects.get().collects_new

    operator.post(url, {"what": "no-new"})
    operator.post(url, {"what": "list"})
    scope.refresh_from_db()
    assert (scope.collects_new, scope.ran_at) == (False, None)


def test_a_viewer_sees_no_switches(viewer_client: Client) -> None:
    a_scope()
    a_group()

    page = text(viewer_client, PAGE)

    assert "Collect all" not in page
    assert 'name="what"' not in page


def test_without_an_account_it_leads_to_one(viewer_client: Client) -> None:
    assert "Connect an account" in text(viewer_client, PAGE)


def test_before_the_first_listing_it_says_so(viewer_client: Client) -> None:
    a_connected()

    assert "No log groups are known yet" in text(viewer_client, PAGE)


def test_nothing_found_leads_back(viewer_client: Client) -> None:
    a_group()

    assert "Show all log groups" in text(viewer_client, f"{PAGE}?q=nothing")


def test_a_name_is_text(viewer_client: Client) -> None:
    a_group("/<script>alert(1)</script>")

    assert "<script>alert" not in text(viewer_client, PAGE)


def test_the_table_is_csv_too(viewer_client: Client) -> None:
    a_poll(a_group("=cmd()", stored_bytes=GB, daily_bytes=GB))
    a_group("/other")

    table = text(viewer_client, "/logs/groups.csv?order=-size")
    rows = list(csv.DictReader(io.StringIO(table)))

    assert [row["group"] for row in rows] == ["'=cmd()", "/other"]
    assert rows[0]["storage_dollars_a_month"] == "0.03"
    assert rows[0]["ingestion_dollars_a_month"] == "15.0"
    assert [row["collected"] for row in rows] == ["polled", "no"]


def many_groups(count: int) -> None:
    now = timezone.now()
    groups = LogGroup.objects.bulk_create(
        LogGroup(
            account=(ACCOUNT, OTHER_ACCOUNT)[at % 2],
            region=REGION,
            name=f"/aws/lambda/function-{at:05}",
            stored_bytes=at,
            daily_bytes=at,
            found_at=now,
            subscriptions=[],
        )
        for at in range(count)
    )
    LogPoll.objects.bulk_create(
        LogPoll(group=group, collect_since=now, next_at=now) for group in groups[::2]
    )


def queries_of(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as found:
        client.get(url)
    return len(found)


def test_it_asks_as_little_for_many_groups_as_for_one(viewer_client: Client) -> None:
    a_scope(), a_source("kinesis")
    many_groups(2)
    queries_of(viewer_client, PAGE)
    few = queries_of(viewer_client, PAGE)
    LogGroup.objects.all().delete()
    many_groups(500)

    assert queries_of(viewer_client, PAGE) == few


def test_20_000_groups_are_shown_at_once(viewer_client: Client) -> None:
    a_scope()
    many_groups(20_000)
    text(viewer_client, PAGE)

    took = []
    for url in (PAGE, f"{PAGE}?q=lambda+19&order=-size", f"{PAGE}?page=199") * 3:
        began = time.process_time()
        text(viewer_client, url)
        took.append(time.process_time() - began)

    assert sorted(took)[len(took) // 2] < 0.3


def test_pages_follow_each_other(viewer_client: Client) -> None:
    many_groups(150)

    assert len(names(text(viewer_client, PAGE))) == 100
    assert len(names(text(viewer_client, f"{PAGE}?page=1"))) == 50
    assert "101 to 150" in text(viewer_client, f"{PAGE}?page=1")
