"""`import KIND PATH...`: files, folders, gzipped or not."""

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from apps.search import imports, store
from apps.search.homelock import HomeInUse
from apps.search.importers import importers
from apps.search.models import ImportRun
from apps.search.timerange import rfc3339
from dashboard import addresses, preparation
from dashboard.preparation import TablesMissing

_LOOK_EVERY_SECONDS = 0.5
_NAMED = 10
_ENDINGS: dict[str, str] = {
    ImportRun.State.STALLED: "then the store took no more. Start Trailmap, or import "
    "again, to go on from there:",
    ImportRun.State.FAILED: "then it failed:",
    ImportRun.State.CANCELLED: "then it was cancelled.",
}


class Command(BaseCommand):
    help = (
        "Import files. While `up` runs, it does the work and this command follows it; "
        "otherwise this command does it itself."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=list(importers()))
        parser.add_argument("paths", nargs="+", metavar="PATH")
        for name, meaning in _choices().items():
            parser.add_argument(f"--{name}", default="", help=meaning)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            preparation.ensure_tables()
            run = self._requested(_wanted(options))
        except (FileNotFoundError, HomeInUse, TablesMissing, ValueError) as error:
            raise CommandError(str(error)) from error
        try:
            run = self._done(run)
        except KeyboardInterrupt:
            ImportRun.objects.filter(pk=run.pk).update(is_cancel_requested=True)
            raise CommandError(
                "Stopped. What was read is kept; import again to read the rest."
            ) from None
        except DatabaseError as error:
            raise CommandError(
                f"The database does not answer: {error}. What was read is kept; import "
                "again to read the rest."
            ) from error
        self._report(run)

    def _requested(self, wanted: imports.Wanted) -> ImportRun:
        if settings.OPENSEARCH_URLS:
            return imports.request_here(wanted, timezone.now())
        return imports.request(wanted)

    def _done(self, run: ImportRun) -> ImportRun:
        """The run when it is over, done here or by the process that holds the home."""
        if run.state == ImportRun.State.RUNNING:
            preparation.settle_memory()
            return imports.execute(run.pk, store.engine(), self._progress)
        while not run.has_ended:
            try:
                with store.writing("import"):
                    self._do_all_waiting(run)
            except HomeInUse:
                self._progress(run)
            run.refresh_from_db()
            if not run.has_ended:
                time.sleep(_LOOK_EVERY_SECONDS)
        return run

    def _do_all_waiting(self, run: ImportRun) -> None:
        """Ours, and those that other commands asked for while we held the home."""
        preparation.settle_memory()
        engine = store.engine()
        try:
            self._do(run.pk)
            for waiting in imports.waiting_runs(timezone.now()):
                self._do(waiting)
        finally:
            engine.close()

    def _do(self, run_id: int) -> None:
        if imports.claim(run_id, timezone.now()):
            imports.execute(run_id, store.engine(), self._progress)

    def _progress(self, run: ImportRun) -> None:
        if not sys.stderr.isatty():
            return
        share = f"{run.bytes_done / run.bytes_total:4.0%} " if run.bytes_total else ""
        self.stderr.write(
            f"\r{share}{run.files_done:,} of {run.files_total:,} files, "
            f"{run.new:,} new {importers()[run.kind].kind.many} ",
            ending="",
        )
        self.stderr.flush()

    def _report(self, run: ImportRun) -> None:
        if sys.stderr.isatty():
            self.stderr.write("\r\033[K", ending="")
        counts = (
            f"{run.new:,} new, {run.already_there:,} already there, "
            f"{run.quarantined:,} quarantined"
        )
        if run.state in _ENDINGS:
            raise CommandError(f"{counts}, {_ENDINGS[run.state]} {run.problem}".strip())
        self.stdout.write(counts)
        if run.files_skipped:
            self.stdout.write(
                f"Skipped {run.files_skipped:,} of {run.files_total:,} files, which "
                f"hold no {importers()[run.kind].holds}:"
            )
            for name, reason in run.skipped[:_NAMED]:
                self.stdout.write(f"  {name}: {reason}")
        for name, remark in run.remarks[:_NAMED]:
            self.stdout.write(f"Note on {name}: {remark}")
        if run.quarantined:
            self.stdout.write(f"See {addresses.current()}/quarantine/")
        if run.first_event_at and run.last_event_at:
            since, until = rfc3339(run.first_event_at), rfc3339(run.last_event_at)
            many = importers()[run.kind].kind.many.capitalize()
            self.stdout.write(f"{many} from {since} to {until}")


def _choices() -> dict[str, str]:
    """What importers leave open, with what it means to which of them."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for kind, importer in importers().items():
        for choice in importer.choices.items():
            kinds.setdefault(choice, []).append(kind)
    meanings: dict[str, list[str]] = {}
    for (name, meaning), those in kinds.items():
        meanings.setdefault(name, []).append(f"{', '.join(those)}: {meaning}")
    return {name: "; ".join(told) for name, told in meanings.items()}


def _wanted(options: dict[str, Any]) -> imports.Wanted:
    """What to import. Raises ValueError for options that make no sense."""
    importer = importers()[options["kind"]]
    chosen = {name: options[name] for name in importer.choices if options[name]}
    importer.check(chosen)
    return imports.Wanted(options["paths"], options["kind"], chosen)
