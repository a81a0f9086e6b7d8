"""What AWS Config knows, held against what we know: whatever was not announced, or
whose announcement was lost, is found here."""

from __future__ import annotations

from apps.discovery.inventory.config import Config
from apps.discovery.inventory.items import ItemSource
from apps.discovery.inventory.looks import look_at
from apps.discovery.inventory.recorders import (
    GLOBAL_TYPES,
    gaps_of,
    note_gaps,
    recorded,
)
from apps.discovery.inventory.runs import Run
from apps.discovery.inventory.scanners.registry import SCANNED_TYPES
from apps.discovery.inventory.supplements import ADDED
from apps.discovery.models import Resource
from apps.search.shutdown import stopping

_PASTS_A_RUN = 200
_GONE_A_RUN = 200
# Items of a resource's past that are read; Config keeps up to seven years.
_MOST_PAST = 200


def reconcile(run: Run) -> None:
    """Raises AwsError, LeaseLost."""
    config = Config(run.here)
    _look_at_recorder(run, config)
    origin = f"config://{run.source.account_id}/{run.source.region}"
    for type_ in config.types():
        if stopping.is_set():
            return
        _reconcile_type(run, config, type_, origin)
    run.intake.commit()
    _complete(run)
    run.lease.write(reconciled_at=run.now)


def _look_at_recorder(run: Run, config: Config) -> None:
    recorder = config.recorder()
    is_home = run.source.region == run.source.account.home_region
    wanted = [one for one in SCANNED_TYPES if is_home or one not in GLOBAL_TYPES]
    note_gaps(run.source, gaps_of(recorder, wanted), run.now)
    is_on = recorder is not None and recorder.is_recording
    run.lease.write(
        recorder_at=run.now,
        is_recording=is_on,
        recorded_types=recorded(recorder, wanted) if recorder and is_on else [],
    )


def _reconcile_type(run: Run, config: Config, type_: str, origin: str) -> None:
    ids = list(config.discovered(type_, with_deleted=False))
    run.take(origin, config.items(type_, ids), run.place())
    known = run.rows.filter(type=type_, source=ItemSource.CONFIG, deleted_at=None)
    listed = set(ids)
    gone = [
        one for one in known.values_list("resource_id", flat=True) if one not in listed
    ]
    # That it is not listed says nothing; an item of its deletion does.
    for one in gone[:_GONE_A_RUN]:
        run.take(origin, config.past(type_, one, 1), run.place())


def _complete(run: Run) -> None:
    """Look ourselves at what Config tells only half of, where we never did."""
    rows = run.rows.filter(
        type__in=list(ADDED), source=ItemSource.CONFIG, deleted_at=None, seen_at=None
    )
    for row in rows:
        problem = look_at(run.source, row.key, run.intake, run.clock)
        if problem:
            run.problems.append(problem)
        run.keep_going()
    run.intake.commit()


def read_pasts(run: Run) -> None:
    """What resources were before we knew them, some each run."""
    config = Config(run.here)
    origin = f"config://{run.source.account_id}/{run.source.region}"
    unread = run.rows.filter(past_read_at=None)
    read = []
    for row in unread.filter(items__source=ItemSource.CONFIG).distinct()[:_PASTS_A_RUN]:
        if stopping.is_set():
            break
        run.take(
            origin, config.past(row.type, row.resource_id, _MOST_PAST), run.place()
        )
        read.append(row.pk)
    run.intake.commit()
    Resource.objects.filter(pk__in=read).update(past_read_at=run.now)
