"""The page of sources: adding, changing, pausing; imports and quarantine by hand."""

from typing import Any

import pytest
from django.test import Client

from apps.audit.models import LogObject, TrailSource
from apps.search.models import ImportRun, QuarantinedRecord
from tests.factories import ACCOUNT, NOON, an_account

pytestmark = pytest.mark.django_db
State = QuarantinedRecord.State


@pytest.fixture
def form() -> dict[str, Any]:
    an_account()
    return {"name": "shop", "account": ACCOUNT, "region": "eu-west-1", "bucket": "logs"}


def add(client: Client, form: dict[str, Any]) -> str:
    return client.post("/sources/new/bucket", form).content.decode()


def test_a_bucket_is_added(admin_client: Client, form: dict[str, Any]) -> None:
    add(admin_client, {**form, "prefix": "/shop", "first_day": "2026-07-01"})

    source = TrailSource.objects.get()
    assert (source.kind, source.prefix) == ("bucket", "shop/")
    assert "not run yet" in admin_client.get("/sources/").content.decode()


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("bucket", "Not A Bucket", "not the name of a bucket"),
        ("region", "europe", "not a region such as"),
        ("queue_url", "trail", "not the URL of a queue"),
    ],
)
def test_what_cannot_be_right_is_said_beside_its_field(
    admin_client: Client, form: dict[str, Any], field: str, value: str, text: str
) -> None:
    assert text in add(admin_client, {**form, field: value})
    assert not TrailSource.objects.exists()


def test_a_source_reads_one_bucket_all_its_life(
    admin_client: Client, form: dict[str, Any]
) -> None:
    add(admin_client, form)
    source = TrailSource.objects.get()
    TrailSource.objects.update(swept_at=NOON, deep_swept_at=NOON)

    changed = {**form, "bucket": "other", "name": "renamed"}
    admin_client.post(f"/sources/{source.pk}/", changed)

    source.refresh_from_db()
    assert (source.name, source.bucket) == ("renamed", "logs")
    assert source.deep_swept_at is None


def test_looking_up_takes_regions(admin_client: Client) -> None:
    an_account()
    form = {"name": "look", "account": ACCOUNT, "regions": "us-east-1, eu-west-1"}

    admin_client.post("/sources/new/lookup", form)

    assert TrailSource.objects.get().regions == ["us-east-1", "eu-west-1"]


def test_there_are_two_kinds_of_source(admin_client: Client) -> None:
    assert admin_client.get("/sources/new/ftp").status_code == 404


def test_a_source_is_paused_read_again_and_forgotten(
    admin_client: Client, form: dict[str, Any]
) -> None:
    add(admin_client, form)
    source = TrailSource.objects.get()
    failed = LogObject.objects.create(
        source=source, key="k", state="failed", attempts=5
    )

    admin_client.post(f"/sources/{source.pk}/switch")
    admin_client.post(f"/sources/{source.pk}/read")

    source.refresh_from_db()
    failed.refresh_from_db()
    assert not source.is_enabled
    assert (failed.state, failed.attempts) == ("found", 0)
    admin_client.post(f"/sources/{source.pk}/delete")
    assert not TrailSource.objects.exists()


def test_a_waiting_import_is_cancelled_at_once(admin_client: Client) -> None:
    waiting = ImportRun.objects.create(paths=["a"])
    running = ImportRun.objects.create(paths=["b"], state=ImportRun.State.RUNNING)

    for run in (waiting, running):
        admin_client.post(f"/sources/imports/{run.pk}/cancel")
        run.refresh_from_db()

    assert waiting.state == ImportRun.State.CANCELLED
    assert (running.state, running.is_cancel_requested) == ("running", True)


def quarantined(offset: int, **fields: Any) -> QuarantinedRecord:
    return QuarantinedRecord.objects.create(
        origin="file", offset=offset, reason="broken <b>", excerpt="{\u202e",
        first_seen_at=NOON, last_seen_at=NOON, **fields,
    )  # fmt: skip


def test_quarantine_shows_what_where_and_why(admin_client: Client) -> None:
    quarantined(1_234)

    shown = admin_client.get("/quarantine/").content.decode()

    assert "broken &lt;b&gt;" in shown
    assert "1,234" in shown
    assert "{\\u202e" in shown


def test_a_file_is_asked_to_be_read_again_whole(admin_client: Client) -> None:
    chosen, beside = quarantined(1), quarantined(2)

    admin_client.post("/quarantine/settle", {"record": chosen.pk, "what": "retry"})

    for row in (chosen, beside):
        row.refresh_from_db()
        assert row.state == State.RETRY


def test_a_record_is_dismissed_alone(admin_client: Client) -> None:
    chosen, beside = quarantined(1), quarantined(2)

    admin_client.post("/quarantine/settle", {"record": chosen.pk, "what": "dismiss"})

    beside.refresh_from_db()
    assert beside.state == State.OPEN
    assert "broken" in admin_client.get("/quarantine/?state=dismissed").content.decode()


@pytest.mark.parametrize("record", ["x", "9" * 30, "-1", ""])
def test_nothing_chosen_changes_nothing(admin_client: Client, record: str) -> None:
    row = quarantined(1)

    answer = admin_client.post("/quarantine/settle", {"record": record})

    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.state == State.OPEN


def test_an_import_that_waits_for_the_store_says_why(admin_client: Client) -> None:
    ImportRun.objects.create(
        paths=["/logs"], state="stalled", problem="OpenSearch does not take documents"
    )

    page = admin_client.get("/sources/").content.decode()

    assert "Waiting for the store" in page
    assert "OpenSearch does not take documents" in page
