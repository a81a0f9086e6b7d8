"""Imports of files: asked for with a row, done by whoever holds the home.

Progress is in the row, so any process can follow it; a run whose process died is
taken up again where its last checkpoint was.
"""

import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from django.db import DatabaseError, models
from django.utils import timezone

from apps.search import quarantine
from apps.search.engines.base import DocumentEngine, EngineUnavailable
from apps.search.faults import fault_of
from apps.search.importers import Importer, Options, importers
from apps.search.intake import CHECKPOINT_SECONDS, Batch
from apps.search.models import ImportedDay, ImportRun
from apps.search.quarantine import Reading
from apps.search.shutdown import stopping

log = logging.getLogger(__name__)

_CHUNK_BYTES = 1 << 20
_STALE_AFTER = timedelta(seconds=60)
_STALLED_FOR = timedelta(seconds=30)
_MOST_SKIPPED = 50
# Whoever asks a run to stop writes its row too: progress leaves that field alone.
_PROGRESS = [
    "state", "started_at", "beaten_at", "finished_at", "files_total", "files_done",
    "files_skipped", "bytes_total", "bytes_done", "new", "already_there",
    "quarantined", "first_event_at", "last_event_at", "problem", "read_up_to",
    "skipped", "remarks",
]  # fmt: skip


class ImportCancelled(Exception):
    """Somebody asked for the import to stop."""


class ProcessStopping(Exception):
    """The process is to end; the import goes on after the next start."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be imported: `kind` names an importer, which knows the options.
    Raises FileNotFoundError where there is nothing at one of the paths."""

    paths: Sequence[str]
    kind: str = "cloudtrail"
    options: Options = field(default_factory=dict)

    def row(self) -> ImportRun:
        """A run for this, not saved yet."""
        return ImportRun(
            kind=self.kind, paths=_absolute(self.paths), options=dict(self.options)
        )


def request(wanted: Wanted, user_id: int | None = None) -> ImportRun:
    """A new run for these files and folders. Raises FileNotFoundError."""
    run = wanted.row()
    run.requested_by_id = user_id
    run.save()
    return run


def request_here(wanted: Wanted, now: datetime) -> ImportRun:
    """A new run that is claimed already: the files are this machine's, and another
    could have others at the same place. Raises FileNotFoundError."""
    run = wanted.row()
    run.host = socket.gethostname()
    run.state, run.beaten_at = ImportRun.State.RUNNING, now
    run.save()
    return run


def _absolute(paths: Sequence[str]) -> list[str]:
    absolute = [str(Path(path).resolve()) for path in paths]
    for path in absolute:
        if not Path(path).exists():
            raise FileNotFoundError(f"There is nothing at {path}.")
    return absolute


def cancel(run_id: int, now: datetime) -> None:
    """Ask whoever reads to stop; where nobody does, the run is over at once."""
    ImportRun.objects.filter(pk=run_id).update(is_cancel_requested=True)
    state = ImportRun.State
    waits = models.Q(state__in=(state.REQUESTED, state.STALLED))
    died = models.Q(state=state.RUNNING, beaten_at__lt=now - _STALE_AFTER)
    ImportRun.objects.filter(waits | died, pk=run_id).update(
        state=state.CANCELLED, finished_at=now
    )


class ClaimLost(Exception):
    """The run was silent for so long that another process took it up."""


def claim(run_id: int, now: datetime) -> bool:
    """Whether the run is now ours: it waited, or its process died."""
    ours = _to_take_up(now).filter(pk=run_id)
    return bool(ours.update(state=ImportRun.State.RUNNING, beaten_at=now))


def waiting_runs(now: datetime) -> list[int]:
    """Runs that somebody should take up, oldest first, as far as their files can be
    reached from here: another machine may have asked."""
    runs = _to_take_up(now).order_by("requested_at")
    return [
        run_id
        for run_id, paths in runs.values_list("pk", "paths")
        if all(Path(path).exists() for path in paths)
    ]


def _to_take_up(now: datetime) -> models.QuerySet[ImportRun]:
    """Runs that wait, those whose process died, those the store did not take."""
    state = ImportRun.State
    waiting = models.Q(state=state.REQUESTED)
    died = models.Q(state=state.RUNNING, beaten_at__lt=now - _STALE_AFTER)
    stalled = models.Q(state=state.STALLED, beaten_at__lt=now - _STALLED_FOR)
    ours = models.Q(host__in=("", socket.gethostname()))
    return ImportRun.objects.filter(waiting | died | stalled).filter(ours)


def execute(
    run_id: int,
    engine: DocumentEngine,
    watch: Callable[[ImportRun], None] = lambda run: None,
) -> ImportRun:
    """Do a claimed run to its end; `watch` sees the row at every checkpoint.

    Whatever goes wrong ends in the row; without a database to write it to, the run is
    taken up again when its claim has run out. Raises DatabaseError. The files
    themselves are never changed.
    """
    run = ImportRun.objects.get(pk=run_id)
    run.started_at = run.started_at or timezone.now()
    try:
        _Import(run, engine, watch).run()
        run.state, run.problem = ImportRun.State.DONE, ""
    except ImportCancelled:
        run.state = ImportRun.State.CANCELLED
    except ProcessStopping:
        ImportRun.objects.filter(pk=run.pk, beaten_at=run.beaten_at).update(
            state=ImportRun.State.REQUESTED
        )
        return run
    except ClaimLost as error:
        log.warning("import %s stopped: %s", run.pk, error)
        run.refresh_from_db()
        return run
    except EngineUnavailable as error:
        log.warning("import %s stalled: %s", run.pk, error)
        return _stalled(run, str(error), watch)
    except DatabaseError:
        log.exception("import %s stopped: the database does not answer", run.pk)
        raise
    except Exception as error:  # the boundary of a job: the row tells of it
        log.exception("import failed")
        run.state = ImportRun.State.FAILED
        run.problem = fault_of(error)
    run.finished_at = timezone.now()
    if not _note_progress(run, run.beaten_at):
        log.warning("import %s ended, but another process took it up", run.pk)
    watch(run)
    return run


def _note_progress(run: ImportRun, claimed_at: datetime | None) -> bool:
    """Write how far the run is, if the row still carries our claim."""
    held = ImportRun.objects.filter(pk=run.pk, beaten_at=claimed_at)
    return bool(held.update(**{name: getattr(run, name) for name in _PROGRESS}))


def _stalled(
    run: ImportRun, problem: str, watch: Callable[[ImportRun], None]
) -> ImportRun:
    """The store does not take documents now. What is durable stays; the rest is read
    again when somebody takes the run up, soon or after the next start."""
    ImportRun.objects.filter(pk=run.pk, beaten_at=run.beaten_at).update(
        state=ImportRun.State.STALLED, problem=problem
    )
    run.refresh_from_db()
    watch(run)
    return run


def files_below(
    paths: Sequence[str], importer: Importer, tick: Callable[[], None] = lambda: None
) -> list[Path]:
    """The files to read, in the order their importer likes; `tick` is called for
    each that is found.

    A file that is named is read whatever it is called; below folders, names
    decide. Links to folders are not followed.
    """
    found = set()
    for path in paths:
        for file in _below(Path(path), importer):
            tick()
            found.add(file)
    return sorted(found, key=lambda file: _order(file, importer))


def _order(file: Path, importer: Importer) -> tuple[str, str]:
    return importer.order(file.name), str(file)


def _below(path: Path, importer: Importer) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, _, names in os.walk(path):
        for name in names:
            if importer.is_wanted(name):
                yield Path(folder, name)


class _Import:
    """One run: where it stands is in its row."""

    def __init__(
        self,
        run: ImportRun,
        engine: DocumentEngine,
        watch: Callable[[ImportRun], None],
    ) -> None:
        self._row = run
        self._watch = watch
        self._seen_at = monotonic()
        self._importer = importers()[run.kind]
        self._intake = self._importer.intake(
            engine, self._checkpoint, self._before_commit
        )

    def run(self) -> None:
        files = files_below(self._row.paths, self._importer, self._still_here)
        self._row.files_total = len(files)
        self._row.bytes_total = sum(map(self._size, files))
        read = [file for file in files if self._was_read(file)]
        self._row.bytes_done = sum(map(self._size, read))
        for file in files[len(read) :]:
            self._read(file)
            self._intake.commit_if_due()
        self._intake.commit()

    def _size(self, file: Path) -> int:
        self._still_here()
        try:
            return file.stat().st_size
        except OSError:  # told when it is to be read
            return 0

    def _still_here(self) -> None:
        """Keep the claim while listing, which may take longer than it lasts."""
        if monotonic() - self._seen_at >= CHECKPOINT_SECONDS:
            self._seen_at = monotonic()
            self._save(self._row, timezone.now())

    def _was_read(self, file: Path) -> bool:
        """Whether this run read the file before its process ended."""
        last = self._row.read_up_to
        if not last:
            return False
        return _order(file, self._importer) <= _order(Path(last), self._importer)

    def _read(self, file: Path) -> None:
        """One file; one that cannot be opened goes to quarantine as a whole."""
        try:
            chunks, options = self._chunks(file), self._row.options
            portions = self._importer.read(str(file), chunks, options)
            self._intake.read(str(file), portions, timezone.now())
        except ProcessStopping:
            self._intake.commit()
            raise
        except OSError as error:
            self._intake.give_up(str(file), f"the file cannot be read: {error}")

    def _chunks(self, file: Path) -> Iterator[bytes]:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                if stopping.is_set():
                    raise ProcessStopping
                self._row.bytes_done += len(chunk)
                yield chunk

    def _checkpoint(self, batch: Batch) -> None:
        now = timezone.now()
        run, tally = self._row, batch.tally
        quarantine.note(batch, now, Reading(run.kind, options=run.options))
        run.files_done += batch.files
        run.read_up_to = batch.last_file or run.read_up_to
        run.files_skipped += len(batch.skipped)
        room = _MOST_SKIPPED - len(run.skipped)
        run.skipped += [list(one) for one in batch.skipped[: max(0, room)]]
        room = _MOST_SKIPPED - len(run.remarks)
        run.remarks += [list(one) for one in batch.remarks[: max(0, room)]]
        run.new += tally.new
        run.already_there += tally.already_there
        run.quarantined += tally.quarantined
        run.first_event_at = _earlier(run.first_event_at, tally.first)
        run.last_event_at = _later(run.last_event_at, tally.last)
        self._save(run, now)
        self._watch(run)
        if ImportRun.objects.filter(pk=run.pk, is_cancel_requested=True).exists():
            raise ImportCancelled

    def _save(self, run: ImportRun, now: datetime) -> None:
        """Note how far we are, unless the run is another's by now. Raises ClaimLost."""
        claimed_at, run.beaten_at = run.beaten_at, now
        if not _note_progress(run, claimed_at):
            raise ClaimLost("it is being read by another process")

    def _before_commit(self, batch: Batch) -> None:
        """Rows the store must never be ahead of: days that retention has to spare,
        and what the importer keeps."""
        kind = self._importer.kind.name
        ImportedDay.objects.bulk_create(
            [ImportedDay(kind=kind, day=day) for day in sorted(batch.days)],
            ignore_conflicts=True,
        )
        self._importer.note(batch)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(filter(None, (one, other)), default=None)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(filter(None, (one, other)), default=None)
