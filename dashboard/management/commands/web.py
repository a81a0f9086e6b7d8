"""`web`: one of any number of processes that serve the site."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from dashboard import addresses, parts, preparation


class Command(BaseCommand):
    help = "Serve the site and its REST API, without worker and clock."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        preparation.check_shared()
        preparation.collect_static(settings.HOME)
        host, port = options["host"], options["port"]
        base = addresses.of_site(host, port)
        settings.ALLOWED_HOSTS.append(host)

        def ready() -> None:
            addresses.note(base)
            self.stdout.write(f"Trailmap is at {base}/")
            self.stdout.flush()

        preparation.settle_memory()
        site = parts.Site(
            "dashboard.asgi:application", host, port, settings.TRUSTED_PROXIES
        )
        parts.serve(site, [], ready)
