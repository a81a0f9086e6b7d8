"""Home, retention, readiness, and what is said when something goes wrong."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.audit.models import TrailSource
from apps.discovery import heartbeats
from apps.discovery.models import User
from apps.search import store
from apps.search.models import ImportRun, Retention
from tests.conftest import Fill, signed_in
from tests.factories import NOON, an_account, an_event

pytestmark = pytest.mark.django_db


def test_home_says_how_much_there_is_and_since_when(
    fill: Fill, viewer_client: Client
) -> None:
    fill(an_event(), an_event(eventTime="2026-07-03T12:00:00Z"))
    ImportRun.objects.create(paths=["/logs"], state="done", new=2)

    shown = viewer_client.get("/").content.decode()

    assert '<p class="big">2 <span>events</span>' in shown
    assert "2026-07-01 12:00:00" in shown
    assert "2026-07-03 12:00:00" in shown
    assert "/logs" in shown


def test_home_without_events_says_how_to_bring_them_in(viewer_client: Client) -> None:
    assert "Bring in CloudTrail events" in viewer_client.get("/").content.decode()


def test_home_of_somebody_without_a_role_says_who_can_give_one() -> None:
    shown = signed_in("new", None).get("/").content.decode()

    assert "You see no account yet" in shown


def test_home_tells_of_a_source_that_fails(viewer_client: Client) -> None:
    TrailSource.objects.create(
        kind="bucket",
        name="shop",
        account=an_account(),
        problem="x",
        problem_since=NOON,
    )

    assert "shop cannot be read since" in viewer_client.get("/").content.decode()


def test_retention_is_set_and_shows_what_is_stored(
    fill: Fill, admin_client: Client
) -> None:
    fill(an_event())

    admin_client.post("/settings/retention/", {"keep_days": "30"})

    rule = Retention.objects.get()
    assert (rule.keep_days, rule.drop_imported) == (30, False)
    assert "2026-07-01" in admin_client.get("/settings/retention/").content.decode()


@pytest.mark.parametrize("days", ["0", "-1", "x", "99999999999"])
def test_a_retention_that_makes_no_sense_is_refused(
    admin_client: Client, days: str
) -> None:
    answer = admin_client.post("/settings/retention/", {"keep_days": days})

    assert answer.status_code == 200
    assert not Retention.objects.exists()


def readiness(client: Client) -> Any:
    return json.loads(client.get("/readyz").content)


def test_a_part_that_is_silent_makes_the_site_not_ready(client: Client) -> None:
    now = timezone.now()
    for name in (heartbeats.WORKER, heartbeats.BEAT):
        heartbeats.beat(name, now)
    assert client.get("/readyz").status_code == 200

    heartbeats.beat(heartbeats.WORKER, now - timedelta(minutes=5))

    assert client.get("/readyz").status_code == 503
    assert "last heard of 300 s ago" in readiness(client)["worker"]
    assert readiness(client)["beat"] == "ok"


@pytest.mark.one_process
def test_an_index_that_cannot_be_used_is_said_so(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "search").write_text("a file where a folder should be")

    assert "cannot be used" in readiness(client)["engine"]


def test_little_room_is_said_in_time(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.discovery.diagnosis._LEAST_FREE_BYTES", 1 << 60)

    assert "MiB are free" in readiness(client)["disk"]


@pytest.mark.one_process
@pytest.mark.parametrize(
    "path", ["/", "/explore/trail/?since=2026-07-01", "/actors/?since=2026-07-01"]
)
@pytest.mark.parametrize("part", ["meta.json", "*.store", "*.term"])
def test_a_damaged_index_is_named_on_every_page(
    viewer_client: Client, fill: Fill, tmp_path: Path, path: str, part: str
) -> None:
    fill(an_event())
    store.engine().close()
    store.engine.cache_clear()
    for file in (tmp_path / "search").rglob(part):
        file.unlink()
        file.write_bytes(b"damaged")

    answer = viewer_client.get(path)

    assert answer.status_code in (200, 503)
    assert "The search index of 2026-07-01 cannot be opened" in answer.content.decode()


def test_what_is_not_there_is_a_page_with_a_way_out(viewer_client: Client) -> None:
    answer = viewer_client.get("/nowhere/")

    assert answer.status_code == 404
    assert "The address leads nowhere" in answer.content.decode()


def test_what_one_may_not_do_says_which_role_it_takes(viewer_client: Client) -> None:
    answer = viewer_client.get("/settings/people/")

    assert answer.status_code == 403
    assert "role admin in all accounts" in answer.content.decode()


def test_a_fault_says_where_to_look_and_nothing_else(
    viewer_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("dashboard.views.quarantine.open_count", broken)
    viewer_client.raise_request_exception = False
    shown = viewer_client.get("/").content.decode()

    assert "Something went wrong here" in shown
    assert "secret" not in shown


@pytest.mark.parametrize("path", ["/", "/metrics/draw", "/explore/trail/"])
def test_an_address_of_thousands_of_parts_is_refused(
    viewer_client: Client, path: str
) -> None:
    answer = viewer_client.get(f"{path}?{'&'.join(['series=1'] * 3_000)}")

    assert answer.status_code == 400
    assert "cannot be answered" in answer.content.decode()


def test_a_page_needs_someone_signed_in(client: Client) -> None:
    answer = client.get("/explore/trail/?q=x")

    assert answer["Location"] == "/sign-in/?next=/explore/trail/%3Fq%3Dx"


def test_a_deactivated_person_is_signed_out(viewer_client: Client) -> None:
    assert viewer_client.get("/").status_code == 200
    User.objects.get(username="vera").lock_out()

    assert viewer_client.get("/").status_code == 302
