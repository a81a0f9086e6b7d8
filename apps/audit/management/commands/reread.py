"""`reread SOURCE --since DAY`: after documents were lost or restored."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit import collector
from apps.audit.models import TrailSource


class Command(BaseCommand):
    help = (
        "Forget what was read from a source since a day, so that it is read again. "
        "Events that are still stored are not stored twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help="the source's name")
        parser.add_argument("--since", required=True, metavar="YYYY-MM-DD")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            since = date.fromisoformat(options["since"])
        except ValueError as error:
            raise CommandError(f"--since: {error}") from error
        source = TrailSource.objects.filter(name=options["source"]).first()
        if source is None:
            names = ", ".join(TrailSource.objects.values_list("name", flat=True))
            raise CommandError(
                f"There is no source {options['source']!r}; there is {names or 'none'}."
            )
        objects = collector.read_again(source, since)
        self.stdout.write(
            f"{source} is read again from {since} on; {objects:,} objects were known."
        )
