"""`doctor`: looks at everything Trailmap stands on, and says how to mend it."""

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from apps.search.diagnosis import Finding

_WIDTH = 34


class Command(BaseCommand):
    help = "Look at stores, processes, accounts and sources; say what is wrong."

    def handle(self, *args: Any, **options: Any) -> None:
        problems = 0
        for path in settings.DIAGNOSES:
            diagnose: Callable[[], Iterator[Finding]] = import_string(path)
            for finding in diagnose():
                problems += finding.problem is not None
                self._report(finding)
            if path == settings.DIAGNOSES[0] and problems:
                break  # the rest needs the database
        if problems:
            raise CommandError(f"{problems} of these need you.")

    def _report(self, finding: Finding) -> None:
        dotted = f"{finding.subject} ".ljust(_WIDTH, ".")
        if finding.problem is None:
            self.stdout.write(f"{dotted} ok: {finding.what}")
            return
        self.stdout.write(f"{dotted} PROBLEM: {finding.problem}")
        self.stdout.write(f"{'':{_WIDTH}} {finding.cure}")
