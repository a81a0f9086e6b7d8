"""`beat`: the clock that tells workers to look."""

from typing import Any

from django.core.management.base import BaseCommand

from dashboard import parts, preparation
from workers.app import app as celery


class Command(BaseCommand):
    help = "Tell workers when to look. Of several, one ticks and the others stand by."

    def handle(self, *args: Any, **options: Any) -> None:
        preparation.check_shared()
        parts.run([parts.beat(celery)])
