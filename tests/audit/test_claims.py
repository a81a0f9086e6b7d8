"""Claims by conditional update: of many who want a thing, one gets it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from apps.audit import collector, imports
from apps.audit.kinds import TRAIL
from apps.audit.models import ImportRun, TrailSource
from apps.audit.sourceruns import ClaimLost, renew_claim
from apps.search.engines.base import DocumentEngine, EngineUnavailable
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
