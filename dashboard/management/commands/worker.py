"""`worker`: one of any number of processes that do the work."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from dashboard import parts, preparation
from workers.app import app as celery


class Command(BaseCommand):
    help = "Work: read sources, import, retry, drop old days. Start one for each core."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--threads", type=int, default=parts.THREADS, help="tasks at once"
        )

        parser.add_argument(
            "--act",
            action="store_true",
            help="only repair: the one worker whose credentials may write",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        preparation.check_shared()
        preparation.make_room(options["threads"])
        preparation.settle_memory()
        if options["act"]:
            parts.run([parts.repairs(options["threads"])])
        else:
            parts.run([parts.worker(celery, options["threads"])])
