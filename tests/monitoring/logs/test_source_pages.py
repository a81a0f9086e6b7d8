"""Sources of logs: added, shown, changed, and what AWS needs for them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.discovery.roles import Role
from apps.monitoring.logs.keys import is_key_of, new_key
from apps.monitoring.models import LogArchive, LogShard, LogSource
from apps.search.models import QuarantinedRecord
from tests.conftest import signed_in
from tests.factories import ACCOUNT, OTHER_ACCOUNT
from tests.monitoring.logs.inventoried import REGION, a_connected, a_source, text

pytestmark = pytest.mark.django_db
PAGE = "/logs/sources/"


def filled(kind: str, **fields: str) -> dict[str, str]:
    """A form as a person fills it in."""
    a_connected()
    place = {"bucket": "logs"} if kind == "bucket" else {"stream": "all-logs"}
    return {"name": "main", "account": ACCOUNT, "region": REGION} | place | fields


def add(client: Client, kind: str, **fields: str) -> Any:
    return client.post(f"{PAGE}new/{kind}", filled(kind, **fields))


def key_in(page: str) -> str:
    found = re.search(r'id="new-key"[^>]*>([^<]+)<', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("kind", ["kinesis", "bucket"])
def test_what_is_read_is_added(admin_client: Client, kind: str) -> None:
    answer = add(admin_client, kind, owners=f"{OTHER_ACCOUNT}, 999900001111")

    source = LogSource.objects.get()
    assert answer["Location"] == f"{PAGE}{source.pk}/"
    assert (source.kind, source.account_id, source.region) == (kind, ACCOUNT, REGION)
    assert source.owners == [OTHER_ACCOUNT, "999900001111"]


@pytest.mark.parametrize("kind", ["firehose", "lambda"])
def test_what_calls_us_gets_a_key_that_is_shown_once(
    admin_client: Client, kind: str
) -> None:
    answer = add(admin_client, kind)

    source = LogSource.objects.get()
    key = key_in(answer.content.decode())
    assert is_key_of(source, key)
    assert answer["Cache-Control"] == "no-store"
    assert key not in text(admin_client, f"{PAGE}{source.pk}/")


@pytest.mark.parametrize(
    ("kind", "field", "value", "said"),
    [
        ("kinesis", "region", "europe", "is not a region"),
        ("kinesis", "stream", "two words", "not a name such as"),
        ("kinesis", "stream", "", "This field is required"),
        ("kinesis", "owners", "12345", "is not an account number of 12 digits"),
        ("firehose", "stream", "x" * 65, "not a name such as"),
        ("lambda", "stream", "dots.here", "not a name such as"),
        ("bucket", "bucket", "Not_A_Bucket", "not the name of a bucket"),
        ("bucket", "queue_url", "sqs", "not the URL of a queue"),
        ("bucket", "log_group", "with spaces", "letters, digits and"),
        ("bucket", "account", "999999999999", "valid choice"),
    ],
)
def test_what_is_filled_in_wrongly_is_told_at_its_field(
    admin_client: Client, kind: str, field: str, value: str, said: str
) -> None:
    page = add(admin_client, kind, **{field: value}).content.decode()

    assert said in page.split(f'id="id_{field}"')[1].split('class="field')[0]
    assert not LogSource.objects.exists()


def test_a_place_is_read_by_one_source(admin_client: Client) -> None:
    add(admin_client, "kinesis")

    page = add(admin_client, "kinesis", name="again").content.decode()

    assert "main is that place already" in page
    assert LogSource.objects.count() == 1


def test_a_kind_that_is_unknown_is_not_found(admin_client: Client) -> None:
    assert admin_client.get(f"{PAGE}new/pigeon").status_code == 404


def test_a_source_is_changed_where_it_is(admin_client: Client) -> None:
    source = a_source("kinesis", lines=5)

    admin_client.post(
        f"{PAGE}{source.pk}/",
        filled("kinesis", name="new name", stream="elsewhere", owners=OTHER_ACCOUNT),
    )

    source.refresh_from_db()
    assert (source.name, source.owners) == ("new name", [OTHER_ACCOUNT])
    assert source.stream == "logs"
    assert source.lines == 5


def test_a_bucket_that_was_changed_is_listed_again(admin_client: Client) -> None:
    source = a_source("bucket", swept_at=timezone.now())

    admin_client.post(f"{PAGE}{source.pk}/", filled("bucket", log_group="/shop"))

    source.refresh_from_db()
    assert (source.log_group, source.swept_at) == ("/shop", None)


def test_a_new_key_ends_the_one_before(admin_client: Client) -> None:
    source = a_source("firehose")
    before = new_key(source, timezone.now())

    answer = admin_client.post(f"{PAGE}{source.pk}/key")

    source.refresh_from_db()
    assert is_key_of(source, key_in(answer.content.decode()))
    assert not is_key_of(source, before)


def test_what_is_read_has_no_key(admin_client: Client) -> None:
    source = a_source("kinesis")

    assert admin_client.post(f"{PAGE}{source.pk}/key").status_code == 404


def test_an_operator_pauses_and_resumes() -> None:
    source, olga = a_source("kinesis"), signed_in("olga", Role.OPERATOR)

    olga.post(f"{PAGE}{source.pk}/switch")
    assert "paused" in text(olga, PAGE)

    olga.post(f"{PAGE}{source.pk}/switch")
    assert LogSource.objects.get().is_enabled


def test_failed_files_are_tried_again() -> None:
    source = a_source("bucket", ran_at=timezone.now())
    file = LogArchive.objects.create(
        source=source, key="a.gz", found_at=timezone.now(), state="failed", attempts=5
    )

    signed_in("olga", Role.OPERATOR).post(f"{PAGE}{source.pk}/read")

    file.refresh_from_db()
    source.refresh_from_db()
    assert (file.state, file.attempts, source.ran_at) == ("found", 0, None)


def test_deleting_asks_for_the_name(admin_client: Client) -> None:
    source = a_source("kinesis", name="main")
    url = f"{PAGE}{source.pk}/delete"

    admin_client.post(url, {"confirm": "other"})
    assert LogSource.objects.exists()

    admin_client.post(url, {"confirm": "main"})
    assert not LogSource.objects.exists()


def test_only_sources_of_visible_accounts_are_shown() -> None:
    a_source("kinesis", name="here", owners=[OTHER_ACCOUNT])
    a_source("firehose", name="elsewhere", account=a_connected(OTHER_ACCOUNT))

    page = text(signed_in("ann", Role.VIEWER, ACCOUNT), PAGE)

    assert "here" in page
    assert "elsewhere" not in page
    assert OTHER_ACCOUNT not in page


def test_further_accounts_are_told_to_who_sees_them(viewer_client: Client) -> None:
    a_source("kinesis", owners=[OTHER_ACCOUNT])

    assert f"and for {OTHER_ACCOUNT}" in text(viewer_client, PAGE)


def test_the_slowest_shard_says_how_far_behind_a_stream_is(
    viewer_client: Client,
) -> None:
    source = a_source("kinesis", succeeded_at=timezone.now())
    for name, behind, is_finished in (
        ("1", 90_000, False),
        ("2", 0, False),
        ("3", 9_000_000, True),
    ):
        LogShard.objects.create(
            source=source, shard=name, behind_ms=behind, is_finished=is_finished
        )

    page = text(viewer_client, PAGE)

    assert "1 min 30 s" in page
    assert "<dt>Shards</dt><dd>2</dd>" in page


def test_files_are_counted_by_their_state(viewer_client: Client) -> None:
    source = a_source("bucket")
    for at, state in enumerate(("found", "found", "done", "failed")):
        LogArchive.objects.create(
            source=source, key=str(at), found_at=timezone.now(), state=state
        )

    page = text(viewer_client, PAGE)

    assert "<dt>Waiting</dt><dd>2</dd>" in page
    assert "1 file could not be read" in page


def test_quarantine_shows_the_records_of_one_source(admin_client: Client) -> None:
    source, now = a_source("kinesis", quarantined=1), timezone.now()
    for pk, reason in ((source.pk, "mine"), (source.pk + 1, "another's")):
        QuarantinedRecord.objects.create(
            kind="logs", source=pk, origin=reason, offset=0, reason=reason,
            first_seen_at=now, last_seen_at=now,
        )  # fmt: skip

    link = re.search(r'href="(/quarantine/[^"]+)"', text(admin_client, PAGE))

    assert link is not None
    page = text(admin_client, link[1])
    assert "mine" in page
    assert "another" not in page


def test_a_problem_is_told_with_its_cure(viewer_client: Client) -> None:
    a_source("kinesis", problem="AccessDeniedException", problem_since=timezone.now())

    page = text(viewer_client, PAGE)

    assert "Allow kinesis:GetRecords" in page


def test_a_key_that_nobody_uses_is_told(viewer_client: Client) -> None:
    source = a_source("firehose")
    new_key(source, timezone.now() - timedelta(hours=2))

    assert "Nobody has delivered with the key" in text(viewer_client, PAGE)


def test_a_source_that_is_silent_is_told(viewer_client: Client) -> None:
    long_ago = timezone.now() - timedelta(days=3)
    a_source("kinesis", newest_at=long_ago, succeeded_at=timezone.now())
    LogSource.objects.update(created_at=long_ago)

    page = text(viewer_client, PAGE)

    assert "Nothing has come from it since" in page
    assert ">silent<" in page


def test_a_new_source_is_not_silent(viewer_client: Client) -> None:
    a_source("kinesis", succeeded_at=timezone.now())

    assert ">works<" in text(viewer_client, PAGE)


def test_without_sources_it_says_when_one_is_better(viewer_client: Client) -> None:
    page = text(viewer_client, PAGE)

    assert "Nothing delivers logs yet" in page
    assert "An admin can add" in page or "Connect an account" in page


def test_times_in_which_it_was_not_read_are_told(admin_client: Client) -> None:
    source, now = a_source("kinesis"), timezone.now()
    source.outages.create(
        since=now - timedelta(hours=2), until=now, problem="kinesis.get_records: no"
    )

    page = text(admin_client, f"{PAGE}{source.pk}/")
    said = admin_client.get(f"/api/v1/logs/sources/{source.pk}").json()

    assert "Not read in time" in page
    assert "kinesis.get_records: no" in page
    assert [one["problem"] for one in said["outages"]] == ["kinesis.get_records: no"]
    assert said["outages"][0]["until"] is not None
