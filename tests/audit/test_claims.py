"""Claims by conditional update: of many who want a thing, one gets it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from apps.audit import collector
from apps.audit.kinds import TRAIL
from apps.audit.models import TrailSource
from apps.audit.sourceruns import ClaimLost, renew_claim
from apps.search import imports
from apps.search.documents import Document
from apps.search.engines.base import (
    DocumentEngine,
    DocumentWriter,
    EngineUnavailable,
    WriteCounts,
)
from apps.search.kinds import Kind
from apps.search.models import ImportRun
from tests.factories import a_log, a_record, an_account

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 8
ROUNDS = 10


def won_by(claim: Callable[[], bool]) -> int:
    """How many of eight workers that claim at the same moment are told it is theirs."""
    barrier = threading.Barrier(WORKERS)
    answers: list[bool] = []

    def work() -> None:
        try:
            barrier.wait()
            answers.append(claim())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == WORKERS
    return sum(answers)


def a_source() -> TrailSource:
    account = an_account("111122223333")
    return TrailSource.objects.create(
        kind="bucket", name="trail", account=account, bucket="logs"
    )


def test_one_of_eight_workers_gets_a_source() -> None:
    source = a_source()
    for _ in range(ROUNDS):
        TrailSource.objects.update(claimed_until=None)

        assert won_by(lambda: collector.claim(source.pk, timezone.now())) == 1


def test_one_of_eight_workers_gets_an_import() -> None:
    for _ in range(ROUNDS):
        run = ImportRun.objects.create(paths=[])

        assert won_by(lambda pk=run.pk: imports.claim(pk, timezone.now())) == 1  # type: ignore[misc]


def test_a_source_is_followed_once_its_claim_has_run_out() -> None:
    source = a_source()
    now = timezone.now()

    assert collector.claim(source.pk, now)
    assert not collector.claim(source.pk, now + timedelta(seconds=80))
    assert collector.claim(source.pk, now + timedelta(seconds=100))


def test_who_lost_its_claim_does_not_renew_it() -> None:
    source = a_source()
    now = timezone.now()
    collector.claim(source.pk, now - timedelta(hours=1))
    late = TrailSource.objects.get()
    collector.claim(source.pk, now)

    with pytest.raises(ClaimLost):
        renew_claim(late, now)


def test_an_import_taken_over_meanwhile_stops_and_leaves_the_row_alone(
    engine: DocumentEngine, tmp_path: Path
) -> None:
    log = tmp_path / "log.json"
    log.write_bytes(a_log([a_record()]))
    run = ImportRun.objects.create(paths=[str(log)])
    imports.claim(run.pk, timezone.now())
    later = timezone.now() + timedelta(minutes=5)
    original = engine.writer

    class Slow:
        """The store answers so late that another process took the run over."""

        reader = engine.reader

        def writer(self, kind):  # type: ignore[no-untyped-def]
            assert imports.claim(run.pk, later)
            return original(kind)

    done = imports.execute(run.pk, Slow())  # type: ignore[arg-type]

    run.refresh_from_db()
    assert (run.state, run.beaten_at, run.new) == ("running", later, 0)
    assert done.state == "running"


def test_an_import_the_store_does_not_take_waits_and_then_goes_on(
    engine: DocumentEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log.json"
    log.write_bytes(a_log([a_record(), a_record()]))
    run = ImportRun.objects.create(paths=[str(log)])
    now = timezone.now()
    imports.claim(run.pk, now)
    with monkeypatch.context() as broken:
        broken.setattr(type(engine.writer(TRAIL)), "commit", _refuse)
        stalled = imports.execute(run.pk, engine)

    assert (stalled.state, stalled.problem) == ("stalled", "the cluster is red")
    assert imports.waiting_runs(now) == []
    later = timezone.now() + timedelta(seconds=40)
    assert imports.waiting_runs(later) == [run.pk]
    assert imports.claim(run.pk, later)
    done = imports.execute(run.pk, engine)
    assert (done.state, done.problem, done.new + done.already_there) == ("done", "", 2)


def _refuse(writer: object) -> None:
    raise EngineUnavailable("the cluster is red")


def test_imports_of_files_on_another_machine_are_left_to_it(tmp_path: Path) -> None:
    ImportRun.objects.create(paths=[str(tmp_path / "elsewhere.json")])
    here = ImportRun.objects.create(paths=[str(tmp_path)])

    assert imports.waiting_runs(timezone.now()) == [here.pk]


def test_a_database_that_goes_away_leaves_the_import_to_be_taken_up(
    engine: DocumentEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log.json"
    log.write_bytes(a_log([a_record()]))
    run = ImportRun.objects.create(paths=[str(log)])
    now = timezone.now()
    imports.claim(run.pk, now)
    with monkeypatch.context() as broken:
        broken.setattr("apps.audit.ingest.note_batch", _gone)
        with pytest.raises(OperationalError):
            imports.execute(run.pk, engine)

    run.refresh_from_db()
    assert run.state == "running"
    assert imports.waiting_runs(now + timedelta(minutes=2)) == [run.pk]


def _gone(accounts: object) -> None:
    raise OperationalError("server closed the connection unexpectedly")


def test_listing_many_files_keeps_the_claim(
    engine: DocumentEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log.json").write_bytes(a_log([a_record()]))
    run = ImportRun.objects.create(paths=[str(tmp_path)])
    claimed_at = timezone.now() - timedelta(seconds=50)
    imports.claim(run.pk, claimed_at)
    monkeypatch.setattr("apps.search.imports.CHECKPOINT_SECONDS", 0.0)
    seen = []

    class Looking:
        """The store is asked for a writer before any file is listed."""

        reader = engine.reader

        def writer(self, kind: Kind) -> DocumentWriter:
            return Noticing(engine.writer(kind))

    class Noticing:
        def __init__(self, writer: DocumentWriter) -> None:
            self._writer = writer

        def add(self, documents: Sequence[Document]) -> WriteCounts:
            seen.append(ImportRun.objects.get(pk=run.pk).beaten_at)
            return self._writer.add(documents)

        def replace(self, documents: Sequence[Document]) -> WriteCounts:
            return self._writer.replace(documents)

        def commit(self) -> None:
            self._writer.commit()

    imports.execute(run.pk, Looking())  # type: ignore[arg-type]

    assert seen[0] is not None
    assert seen[0] > claimed_at + timedelta(seconds=45)


def test_an_import_of_another_machine_is_not_taken_up_here(tmp_path: Path) -> None:
    now = timezone.now()
    ImportRun.objects.create(
        paths=[str(tmp_path)], host="elsewhere", state="running",
        beaten_at=now - timedelta(hours=1),
    )  # fmt: skip
    ours = imports.request_here(imports.Wanted([str(tmp_path)]), now)

    assert imports.waiting_runs(now) == []
    assert imports.waiting_runs(now + timedelta(minutes=2)) == [ours.pk]


@pytest.mark.parametrize("state", ["requested", "stalled", "running"])
def test_an_import_that_nobody_reads_is_cancelled_at_once(
    tmp_path: Path, state: str
) -> None:
    now = timezone.now()
    run = ImportRun.objects.create(
        paths=[str(tmp_path)], state=state, beaten_at=now - timedelta(hours=1)
    )

    imports.cancel(run.pk, now)

    run.refresh_from_db()
    assert run.state == "cancelled"
