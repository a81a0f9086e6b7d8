"""Tasks decide nothing: each finds what is due in rows, claims it, calls one job."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from apps.audit.kinds import TRAIL
from apps.discovery import heartbeats
from apps.search import store
from apps.search.engines.base import DocumentEngine
from apps.search.models import ImportRun, QuarantinedRecord, Retention
from tests.conftest import Fill
from tests.factories import NOON, a_log, a_record, an_event
from workers import tasks
from workers.app import app
from workers.schedule import SCHEDULE

pytestmark = pytest.mark.django_db


def test_every_scheduled_task_exists_and_every_other_is_called_by_one() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in SCHEDULE.values()}
    ours = {name for name in app.tasks if name.startswith("workers.")}

    assert scheduled <= ours
    assert {name.removeprefix("workers.tasks.") for name in ours - scheduled} == {
        "act_on_plan",
        "act_on_run",
        "answer_log_query",
        "answer_request",
        "ask_aws_log_query",
        "collect_alarms_of",
        "collect_log_source",
        "collect_resources_of",
        "collect_source",
        "collect_traces_of",
        "hear_of_resources_of",
        "list_metrics_of",
        "poll_scope",
        "read_config_rules_of",
        "read_metrics_of",
        "receive_requests_of",
        "send_notices_of",
        "run_backtest",
        "take_stock_of_scope",
    }


def test_tasks_have_ten_lines_at_most() -> None:
    tree = ast.parse(Path(tasks.__file__).read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]

    assert functions
    assert all((one.end_lineno or 0) - one.lineno <= 10 for one in functions)


def test_a_heartbeat_that_was_sent_and_done_shows_that_the_worker_works() -> None:
    assert heartbeats.problem(heartbeats.WORKER, timezone.now())

    tasks.heartbeat()

    assert heartbeats.problem(heartbeats.WORKER, timezone.now()) is None


def test_waiting_imports_are_done_once(engine: DocumentEngine, tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    log.write_bytes(a_log([a_record()]))
    run = ImportRun.objects.create(paths=[str(log)])

    tasks.run_imports()
    tasks.run_imports()

    run.refresh_from_db()
    assert (run.state, run.new, run.already_there) == ("done", 1, 0)


def test_an_import_whose_process_died_is_taken_up(
    engine: DocumentEngine, tmp_path: Path
) -> None:
    log = tmp_path / "log.json"
    log.write_bytes(a_log([a_record()]))
    now = timezone.now()
    dead, alive = (
        ImportRun.objects.create(paths=[str(log)], state="running", beaten_at=at)
        for at in (now - timedelta(minutes=5), now)
    )

    tasks.run_imports()

    dead.refresh_from_db()
    alive.refresh_from_db()
    assert (dead.state, alive.state) == ("done", "running")


def test_quarantined_files_are_read_again(
    engine: DocumentEngine, tmp_path: Path
) -> None:
    log = tmp_path / "log.json"
    log.write_bytes(a_log([a_record()]))
    row = QuarantinedRecord.objects.create(
        origin=str(log), offset=0, reason="x", state="retry",
        first_seen_at=NOON, last_seen_at=NOON,
    )  # fmt: skip

    tasks.retry_quarantined()

    row.refresh_from_db()
    assert row.state == QuarantinedRecord.State.SETTLED


def test_old_days_are_dropped(fill: Fill) -> None:
    fill(an_event(eventTime="2020-01-01T00:00:00Z"))
    Retention.objects.create(kind="trail", keep_days=30)

    tasks.apply_retention()

    assert store.reader().days(TRAIL) == []
