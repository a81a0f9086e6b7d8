"""The command line: search, doctor, signin-link, import without a site."""

import io
import json
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.audit.models import TrailSource
from tests.conftest import Fill
from tests.factories import ACCOUNT, a_log, a_record, a_user, an_account, an_event
from tests.fakes import FakeAws, Fault

pytestmark = pytest.mark.django_db
SINCE = "--since=2026-07-01"


def output(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_a_search_prints_a_line_an_event(fill: Fill) -> None:
    fill(an_event(userAgent="x"), an_event(eventName="PutObject", errorCode="Denied"))

    lines = output("search", "trail", "errorCode:*", SINCE).splitlines()

    (line,) = lines
    assert line.startswith("2026-07-01T12:00:00Z  PutObject  Denied  arn:aws:iam")


def test_a_search_prints_records_or_only_their_number(fill: Fill) -> None:
    fill(*[an_event() for _ in range(3)])

    records = output("search", "trail", SINCE, "--json", "--size=2").splitlines()

    assert [json.loads(line)["eventName"] for line in records] == ["GetObject"] * 2
    counted = output("search", "trail", SINCE, "--count", "eventName:GetObject")
    assert counted.startswith("3 events from 2026-07-01T00:00:00Z to ")


def test_a_query_may_begin_with_a_minus_sign(fill: Fill) -> None:
    fill(an_event(), an_event(errorCode="Denied"))

    counted = output("search", "trail", SINCE, "--count", "--", "-errorCode:*")

    assert counted.startswith("1 event from")


def test_what_moves_the_cursor_is_written_out(fill: Fill) -> None:
    fill(an_event(eventName="\x1b[2Jgone"))

    assert "\\u001b[2Jgone" in output("search", "trail", SINCE)


def test_a_broken_query_is_an_error_with_its_place() -> None:
    with pytest.raises(CommandError, match="never closed at character 1"):
        output("search", "trail", "(a")


def test_an_import_says_what_it_found(tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    log.write_bytes(a_log([a_record(), a_record(eventTime=None)]))
    (tmp_path / "notes.json").write_text("hello")

    said = output("import", "cloudtrail", str(log), str(tmp_path / "notes.json"))

    assert "1 new, 0 already there, 1 quarantined" in said
    assert "/quarantine/" in said
    assert f"{tmp_path}/notes.json: it is not JSON" in said


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is nothing at"):
        output("import", "cloudtrail", str(tmp_path / "lost"))


def test_a_sign_in_link_lets_its_person_in_once(client: Client) -> None:
    a_user("ann")
    path = output("signin-link", "ann").strip().removeprefix("http://127.0.0.1:8000")

    assert client.post(path).status_code == 302
    assert Client().post(path).status_code == 410


def test_only_the_newest_link_works(client: Client) -> None:
    a_user("ann")
    older, newer = (output("signin-link", "ann").strip()[21:] for _ in range(2))

    assert client.post(older).status_code == 410
    assert client.post(newer).status_code == 302


def test_a_link_for_nobody_names_who_there_is() -> None:
    a_user("ann")

    with pytest.raises(CommandError, match="there is ann"):
        output("signin-link", "bob")


def doctor() -> str:
    out = io.StringIO()
    with pytest.raises(CommandError):  # no worker runs in this process
        call_command("doctor", stdout=out)
    return out.getvalue()


def test_the_doctor_lists_what_works_and_what_does_not(fill: Fill) -> None:
    fill(an_event())

    said = doctor()

    assert re.search(r"database\.\w+ \.+ ok", said)
    assert re.search(r"index\.trail \.+ ok: 1 events in 1 days", said)
    assert re.search(r"process\.worker \.+ PROBLEM: The worker has not", said)
    assert "Start script/up" in said


def test_the_doctor_tries_what_each_source_needs(aws: FakeAws) -> None:
    TrailSource.objects.create(kind="lookup", name="look", account=an_account())
    assert re.search(r"source\.\d+\.lookup \.+ ok", doctor())

    aws.faults = [Fault("AccessDeniedException", "no")] * 9
    said = doctor()

    assert "PROBLEM: cloudtrail.lookup_events: AccessDeniedException" in said
    assert "The role needs cloudtrail:LookupEvents" in said


def test_the_doctor_asks_accounts_who_we_are(aws: FakeAws) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    an_account(role_arn=role, checked_at="2026-07-01T12:00:00Z")

    assert re.search(rf"account\.{ACCOUNT} \.+ PROBLEM: sts.assume_role", doctor())
