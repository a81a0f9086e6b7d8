"""`up`: the whole of Trailmap in one process."""

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from apps.discovery.models import Grant, User
from apps.discovery.roles import Role
from apps.search import store
from apps.search.homelock import HomeInUse, HomeLock
from dashboard import addresses, embedded, preparation
from dashboard.links import sign_in_url
from workers.app import app as celery


class Command(BaseCommand):
    help = "Start the site, its worker and its clock in one process."
    # The home may not exist yet: it is prepared here, under its lock.
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's interface

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        lock = HomeLock(settings.HOME)
        try:
            lock.acquire("up")
        except HomeInUse as error:
            raise CommandError(str(error)) from error
        try:
            self._run(options["host"], options["port"])
        finally:
            lock.release()

    def _run(self, host: str, port: int) -> None:
        preparation.prepare_home(settings.HOME, settings.SECRET_KEY)
        call_command("migrate", verbosity=0, interactive=False)
        preparation.collect_static(settings.HOME)
        base = _base_url(host, port)
        settings.ALLOWED_HOSTS.append(host)
        link = self._first_sign_in(base)

        def ready() -> None:
            addresses.note(base)
            self.stdout.write(f"Trailmap is at {base}/")
            if link:
                self.stdout.write(f"Sign in once with {link}")
                self.stdout.write(
                    "Then set a password, or get a new link: script/trailmap "
                    "signin-link admin"
                )
            self.stdout.flush()

        preparation.settle_memory()
        parts = [embedded.worker(celery), embedded.beat(celery)]
        site = embedded.Site(
            "dashboard.asgi:application", host, port, settings.TRUSTED_PROXIES
        )
        embedded.serve(site, parts, ready)
        store.engine().close()

    def _first_sign_in(self, base: str) -> str | None:
        """A link for the first admin, who is made on the first start."""
        if User.objects.exists():
            return None
        admin = User.objects.create_user("admin", password=None)
        Grant.objects.create(user=admin, role=Role.ADMIN)
        return sign_in_url(admin, base)


def _base_url(host: str, port: int) -> str:
    if "TRAILMAP_URL" in os.environ:
        return str(settings.PUBLIC_URL)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"
