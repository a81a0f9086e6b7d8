"""Ingest: each event once, quarantine with a place, retry, dismissal."""

from pathlib import Path

import pytest

from apps.audit.kinds import TRAIL
from apps.discovery.models import Account
from apps.search import imports, quarantine, retries, store
from apps.search.engines.base import DocumentEngine, Scope, SearchRequest
from apps.search.jsontree import exact
from apps.search.models import ImportedDay, ImportRun, QuarantinedRecord
from tests.factories import (
    ACCOUNT,
    NOON,
    OTHER_ACCOUNT,
    a_log,
    a_record,
    a_user,
    gzipped,
)

pytestmark = pytest.mark.django_db
State = QuarantinedRecord.State


def do_import(*paths: Path) -> ImportRun:
    run = imports.request(imports.Wanted([str(path) for path in paths]))
    assert imports.claim(run.pk, NOON)
    return imports.execute(run.pk, store.engine())


def stored() -> int:
    return store.reader().count(SearchRequest(TRAIL, NOON)).value


@pytest.fixture
def folder(engine: DocumentEngine, tmp_path: Path) -> Path:
    made = tmp_path / "logs"
    made.mkdir()
    return made


def test_a_folder_is_read_once_however_often_it_is_imported(folder: Path) -> None:
    records = [a_record() for _ in range(5)]
    (folder / "a.json.gz").write_bytes(gzipped(a_log(records)))
    (folder / "b.json").write_bytes(a_log([*records[:2], a_record()]))

    first, second = do_import(folder), do_import(folder)

    assert (first.new, first.already_there, first.files_done) == (6, 2, 2)
    assert (second.new, second.already_there) == (0, 8)
    assert stored() == 6


def test_what_is_no_log_is_skipped_and_counted(folder: Path) -> None:
    (folder / "notes.json").write_text('{"a": 1}')
    (folder / "empty.json").write_text("")
    (folder / "photo.png").write_bytes(b"\x89PNG")

    run = do_import(folder)

    assert (run.state, run.files_total, run.files_skipped) == ("done", 2, 2)
    assert run.quarantined == 0


def test_what_is_broken_goes_to_quarantine_with_its_place(folder: Path) -> None:
    content = (
        a_log([a_record()])[:-2] + b',{"eventID":"x",},' + a_log([a_record()])[12:]
    )
    (folder / "a.json").write_bytes(content)

    run = do_import(folder)

    assert (run.new, run.quarantined) == (2, 1)
    row = QuarantinedRecord.objects.get()
    assert (row.origin, row.offset) == (
        str(folder / "a.json"),
        content.index(b'{"eventID":"x"'),
    )
    assert "not valid JSON" in row.reason
    assert row.excerpt.startswith('{"eventID":"x",')


def test_a_record_without_a_time_is_quarantined(folder: Path) -> None:
    (folder / "a.json").write_bytes(a_log([a_record(eventTime=None), a_record()]))

    assert do_import(folder).new == 1
    assert QuarantinedRecord.objects.get().reason == "eventTime is missing"


def test_a_mended_file_settles_its_quarantine(folder: Path) -> None:
    file = folder / "a.json"
    file.write_bytes(a_log([a_record(eventTime=None)]))
    do_import(folder)
    file.write_bytes(a_log([a_record()]))
    QuarantinedRecord.objects.update(state=State.RETRY)

    retries.retry_all(store.engine())

    assert QuarantinedRecord.objects.get().state == State.SETTLED
    assert stored() == 1


def test_a_file_that_is_still_broken_comes_back_open(folder: Path) -> None:
    (folder / "a.json").write_bytes(a_log([a_record(eventTime=None)]))
    do_import(folder)
    QuarantinedRecord.objects.update(state=State.RETRY)

    retries.retry_all(store.engine())

    assert QuarantinedRecord.objects.get().state == State.OPEN


def test_a_file_that_is_gone_says_so(folder: Path) -> None:
    file = folder / "a.json"
    file.write_bytes(a_log([a_record(eventTime=None)]))
    do_import(folder)
    file.unlink()
    QuarantinedRecord.objects.update(state=State.RETRY)

    retries.retry_all(store.engine())

    row = QuarantinedRecord.objects.get()
    assert row.state == State.OPEN
    assert "could not be read again" in row.reason


def test_what_was_dismissed_stays_so(folder: Path) -> None:
    (folder / "a.json").write_bytes(a_log([a_record(eventTime=None)]))
    do_import(folder)
    QuarantinedRecord.objects.update(state=State.DISMISSED)

    do_import(folder)

    assert QuarantinedRecord.objects.get().state == State.DISMISSED


def test_a_file_full_of_rubbish_fills_no_table(folder: Path) -> None:
    (folder / "a.json").write_bytes(a_log([a_record(eventTime=None)] * 3_000))

    assert do_import(folder).quarantined == 3_000
    assert QuarantinedRecord.objects.count() == quarantine.MAX_PER_FILE


def test_accounts_and_days_met_are_known_afterwards(folder: Path) -> None:
    (folder / "a.json").write_bytes(
        a_log([a_record(), a_record(recipientAccountId=OTHER_ACCOUNT)])
    )

    do_import(folder)

    assert set(Account.objects.values_list("number", flat=True)) == {
        ACCOUNT,
        OTHER_ACCOUNT,
    }
    assert [str(day.day) for day in ImportedDay.objects.all()] == ["2026-07-01"]


def test_an_import_can_be_cancelled_and_keeps_what_it_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.search.intake.CHECKPOINT_SECONDS", 0)
    for name in ("a.json", "b.json"):
        (folder / name).write_bytes(a_log([a_record()]))
    run = imports.request(imports.Wanted([str(folder)]))
    imports.claim(run.pk, NOON)
    ImportRun.objects.update(is_cancel_requested=True)

    done = imports.execute(run.pk, store.engine())

    assert done.state == ImportRun.State.CANCELLED
    assert done.new == stored() == 1


def test_a_run_is_done_by_one_process(folder: Path) -> None:
    run = imports.request(imports.Wanted([str(folder)]))

    assert [imports.claim(run.pk, NOON) for _ in range(2)] == [True, False]


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing at"):
        imports.request(imports.Wanted([str(tmp_path / "lost")]))


def test_only_who_may_see_all_sees_quarantine_without_an_account(
    folder: Path,
) -> None:
    (folder / "a.json").write_bytes(a_log([a_record(eventTime=None)]))
    do_import(folder)

    assert quarantine.open_count(a_user("everywhere")) == 1
    assert quarantine.open_count(a_user("here", account=ACCOUNT)) == 0


def test_the_record_comes_back_as_it_was(folder: Path) -> None:
    record = a_record(
        userAgent="<script>\u2028\U0001f600",
        requestParameters={"n": 1.5, "big": 2**80, "none": None, "deep": [[[{}]]]},
        futureField={"kept": ["verbatim"]},
    )
    (folder / "a.json").write_bytes(a_log([record]))
    do_import(folder)

    hit = store.reader().get(TRAIL, f"{record['eventID']}.{ACCOUNT}", Scope())

    assert hit and exact(hit.raw) == record


def test_a_file_that_cannot_be_opened_is_told_and_the_rest_is_read(
    folder: Path,
) -> None:
    (folder / "a.json").write_bytes(a_log([a_record()]))
    (folder / "b.json").symlink_to(folder / "nowhere")
    (folder / "c.json").write_bytes(a_log([a_record()]))

    run = do_import(folder)

    assert (run.state, run.new, run.quarantined) == ("done", 2, 1)
    assert "cannot be read" in QuarantinedRecord.objects.get().reason


def test_a_run_taken_up_again_reads_what_is_left_although_files_went(
    folder: Path,
) -> None:
    for name in "abcd":
        (folder / f"{name}.json").write_bytes(a_log([a_record()]))
    run = imports.request(imports.Wanted([str(folder)]))
    ImportRun.objects.update(read_up_to=str(folder / "b.json"), files_done=2)
    (folder / "a.json").unlink()
    (folder / "b.json").unlink()

    imports.claim(run.pk, NOON)

    assert imports.execute(run.pk, store.engine()).new == 2


def test_an_import_goes_on_where_the_process_was_stopped(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.json").write_bytes(a_log([a_record()]))
    run = imports.request(imports.Wanted([str(folder)]))
    imports.claim(run.pk, NOON)
    monkeypatch.setattr("apps.search.shutdown.stopping.is_set", lambda: True)

    imports.execute(run.pk, store.engine())
    monkeypatch.undo()

    assert imports.waiting_runs(NOON) == [run.pk]
    assert imports.claim(run.pk, NOON)
    assert imports.execute(run.pk, store.engine()).new == 1


def test_the_day_of_an_event_is_its_day_in_utc(folder: Path) -> None:
    (folder / "a.json").write_bytes(
        a_log([a_record(eventTime="2026-03-01T23:30:00-05:00")])
    )
    do_import(folder)

    assert [str(day.day) for day in ImportedDay.objects.all()] == ["2026-03-02"]
