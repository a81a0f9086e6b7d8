"""Where AWS is offered, at which price, and to whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.discovery.models import Account
from apps.discovery.roles import Role
from apps.monitoring.models import LogCoverage, LogGroup, LogQueryDay, LogQueryRun
from sandbox.kernel.cloud import SHOP
from tests.conftest import signed_in
from tests.monitoring.languages.passing.asking import FOREIGN, URL, Asking
from tests.streams import text_of

pytestmark = pytest.mark.django_db


def page(client: Client, **given: str) -> str:
    return str(client.get("/logs/query/", given).content.decode())


def test_price_is_told_before(asking: Asking) -> None:
    offer = asking.offer(since="now-5d")
    assert offer["bytes"] == 20 * 10**9
    assert offer["dollars"] == pytest.approx(0.10)
    assert (offer["most_bytes"], offer["most_dollars"]) == (40 * 10**9, 0.2)
    assert (offer["spent_today_dollars"], offer["budget_dollars"]) == (0, 1)
    assert offer["refusal"] is None


def test_price_follows_the_setting(asking: Asking, settings: Any) -> None:
    settings.LOG_QUERY_PRICE_PER_GB = 0.01
    assert asking.offer()["most_dollars"] == 0.4


def test_filter_pattern_is_free(asking: Asking) -> None:
    assert asking.offer("ERROR", language="pattern")["most_dollars"] == 0


def test_trailmap_query_is_not_passed(asking: Asking) -> None:
    given = asking.question("ERROR", language="trailmap")
    assert asking.client.get(URL, given).json()["items"] == []


def test_retention_bounds_the_age(asking: Asking) -> None:
    LogGroup.objects.update(retention_days=5)
    assert asking.offer(since="now-1d")["bytes"] == 8 * 10**9


def test_infrequent_access_is_for_insights_only(asking: Asking) -> None:
    LogGroup.objects.update(group_class="INFREQUENT_ACCESS")
    assert asking.offer()["groups"] == ["/shop"]
    given = asking.question("ERROR", language="pattern")
    assert asking.client.get(URL, given).json()["items"] == []


def test_page_offers_what_only_cloudwatch_reads(asking: Asking) -> None:
    text = page(asking.client, **asking.question(FOREIGN))
    assert "The command filterIndex" in text
    assert "Ask CloudWatch for at most $0.20" in text
    assert "Estimate" in text


def test_page_asks_for_groups_first(asking: Asking) -> None:
    text = page(asking.client, query=FOREIGN)
    assert "Choose the log groups" in text
    assert "Ask CloudWatch for" not in text


def test_mistake_is_no_offer(asking: Asking) -> None:
    assert "Ask CloudWatch" not in page(asking.client, **asking.question("filter ="))


@pytest.mark.django_db(transaction=True)
def test_answer_says_what_is_not_stored(asking: Asking) -> None:
    given = asking.question("stats count(*)")
    text = text_of(asking.client.get("/logs/query/stream", given))
    assert "Lines may be lacking" in text
    assert "Ask CloudWatch for at most" in text


@pytest.mark.django_db(transaction=True)
def test_answer_is_silent_where_all_was_read(asking: Asking) -> None:
    now = asking.world.now()
    LogCoverage.objects.create(
        group=LogGroup.objects.get(), since=now - timedelta(hours=2), until=now
    )
    given = asking.question("stats count(*)")
    text = text_of(asking.client.get("/logs/query/stream", given))
    assert "Lines may be lacking" not in text


def test_viewer_is_told_which_role_it_needs(asking: Asking) -> None:
    client = signed_in("vera", Role.VIEWER)
    (offer,) = client.get(URL, asking.question()).json()["items"]
    assert "role operator in account" in offer["refusal"]
    asking.client = client
    assert asking.post().status_code == 403
    assert not LogQueryRun.objects.exists()


def test_operator_elsewhere_sees_no_offer(asking: Asking) -> None:
    Account.objects.create(number="999900001111")
    client = signed_in("eve", Role.ADMIN, "999900001111")
    assert client.get(URL, asking.question()).json()["items"] == []


def test_price_must_be_agreed_to(asking: Asking) -> None:
    answer = asking.post(dollars=0.19)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "price"
    assert not LogQueryRun.objects.exists()


@pytest.mark.parametrize("said", ["", "x", "nan"])
def test_price_that_is_none_agrees_to_nothing(asking: Asking, said: str) -> None:
    body = asking.question() | {"at_account": SHOP, "at_region": "eu-west-1"}
    answer = asking.client.post(URL, body | {"most_dollars": said}, "application/json")
    assert answer.status_code in (400, 409)
    assert not LogQueryRun.objects.exists()


def test_cap_of_the_day_stops(asking: Asking, settings: Any) -> None:
    settings.LOG_QUERY_BUDGET_DOLLARS = 0.5
    for _ in range(2):
        asking.start()
    answer = asking.post()
    assert answer.status_code == 409
    assert "$0.40 are used" in answer.json()["error"]["message"]
    assert asking.day().dollars == pytest.approx(0.4)
    assert "today (UTC)" in str(asking.offer()["refusal"])


def test_cap_is_that_of_one_day(asking: Asking, settings: Any) -> None:
    settings.LOG_QUERY_BUDGET_DOLLARS = 0.2
    asking.start()
    asking.world.pass_time(24 * 3_600)
    asking.start()
    assert LogQueryDay.objects.count() == 2


def test_account_that_is_not_connected_is_said(asking: Asking) -> None:
    Account.objects.update(is_connected=False)
    assert "not connected" in str(asking.offer()["refusal"])
    assert asking.post().status_code == 409


def test_page_starts_by_a_button_with_its_price(asking: Asking) -> None:
    given = asking.question(FOREIGN)
    asked = "?" + "&".join(f"{name}={value}" for name, value in given.items())
    place = {"place": f"{SHOP} {asking.offer()['region']} 0.2"}
    answer = asking.client.post("/logs/query/aws", {"asked": asked} | place)
    run = LogQueryRun.objects.get()
    assert answer["Location"].endswith(f"&run={run.pk}")
    text = str(asking.client.get(answer["Location"]).content.decode())
    assert "Waiting for its turn" in text
    assert "problem" not in text.split("<main")[1].split("log-query-run")[0]


def test_page_says_why_it_did_not_start(asking: Asking) -> None:
    asked = {"asked": "?query=fields+a&groups=/shop", "place": "x"}
    answer = asking.client.post("/logs/query/aws", asked, follow=True)
    assert "None of the chosen log groups" in answer.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "SOURCE logGroups() | fields @message",
        "filter a in (source '/secret' | fields a)",
        "fields a | # hidden\n SOURCE logGroups()",
    ],
)
def test_query_that_names_groups_itself_is_not_passed(
    asking: Asking, query: str
) -> None:
    assert "SOURCE chooses log groups" in str(asking.offer(query)["refusal"])
    assert asking.post(query).status_code == 409


def test_field_of_that_name_is_no_command(asking: Asking) -> None:
    assert (
        asking.offer("filter source = 1 | stats count() by source")["refusal"] is None
    )
