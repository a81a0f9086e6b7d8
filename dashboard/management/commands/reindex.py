"""`reindex SOURCE TARGET`: moves all documents from one store to another."""

import sys
from argparse import ArgumentParser
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.search import store
from apps.search.engines.base import EngineUnavailable
from apps.search.homelock import HomeInUse, HomeLock
from apps.search.reindexing import Difference, NotCopied, Notes, Progress, Reindexing

_TELL_EVERY_SECONDS = 0.5


class Command(BaseCommand):
    help = (
        "Copy every document from one store to another, then read both and compare. "
        "Stop Trailmap first. What was stopped goes on where it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", choices=list(store.ENGINES))
        parser.add_argument("target", choices=list(store.ENGINES))

    def handle(self, *args: Any, **options: Any) -> None:
        source, target = options["source"], options["target"]
        if source == target:
            raise CommandError("Source and target are the same store.")
        if not settings.OPENSEARCH_URLS:
            raise CommandError(
                "OPENSEARCH_URL is not set: it says where the cluster is."
            )
        try:
            with HomeLock(settings.HOME).held("reindex"):
                differences = self._moved(source, target)
        except (HomeInUse, NotCopied) as error:
            raise CommandError(str(error)) from error
        except EngineUnavailable as error:
            raise CommandError(f"{error} Run the same again to go on.") from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. Run the same again to go on.") from None
        if differences:
            self._tell_of(differences)

    def _moved(self, source: str, target: str) -> list[Difference]:
        notes = Notes(settings.HOME / f"reindex-{source}-{target}.json")
        engines = store.ENGINES[source](), store.ENGINES[target]()
        reindexing = Reindexing(*engines, notes, timezone.now())
        differences = []
        for kind in store.kinds().values():
            bar = Bar(self.stderr)
            differences += reindexing.run(kind, bar.tell)
            bar.end()
            total = notes.total(kind)
            self.stdout.write(f"{kind.title}: {total} in {source}")
        for engine in engines:
            engine.close()
        if not differences:
            notes.forget()
            self.stdout.write(
                f"The same is in {target}: counts and checksums are equal."
            )
        return differences

    def _tell_of(self, differences: list[Difference]) -> None:
        for one in differences:
            self.stdout.write(f"{one.kind.name} {one.day}")
            self.stdout.write(f"  source: {one.source}\n  target: {one.target}")
        raise CommandError(
            f"{len(differences)} days are not the same in both. Were documents written "
            "meanwhile? Run the same again: what is missing is copied."
        )


class Bar:
    """Progress on a terminal; a line for each tenth where there is none."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._is_terminal = sys.stderr.isatty()
        self._began = monotonic()
        self._told_at = 0.0
        self._first: int | None = None
        self._doing = ""
        self._tenth = -1

    def tell(self, progress: Progress) -> None:
        now = monotonic()
        if progress.doing != self._doing:
            self._doing, self._first, self._began = progress.doing, progress.done, now
            self._tenth = -1
        if self._is_terminal:
            if now - self._told_at < _TELL_EVERY_SECONDS:
                return
            self._told_at = now
            self._stream.write(f"\r\033[K{self._line(progress, now)}", ending="")
            self._stream.flush()
            return
        tenth = 10 * progress.done // max(1, progress.total)
        if tenth > self._tenth:
            self._tenth = tenth
            self._stream.write(self._line(progress, now))

    def end(self) -> None:
        if self._is_terminal:
            self._stream.write("\r\033[K", ending="")

    def _line(self, progress: Progress, now: float) -> str:
        share = progress.done / max(1, progress.total)
        rate = (progress.done - (self._first or 0)) / max(1e-3, now - self._began)
        left = (progress.total - progress.done) / rate / 60 if rate else 0
        return (
            f"{share:4.0%} {progress.done:,} of {progress.total:,} "
            f"{progress.kind.many} {progress.doing}, {progress.day}, "
            f"{rate:,.0f} a second, {left:,.1f} min left"
        )
