"""`up`: the whole of Trailmap in one process."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from apps.discovery.models import User
from apps.monitoring.notifications.addresses import LOOPBACK
from apps.search import store
from apps.search.homelock import HomeInUse, HomeLock
from dashboard import addresses, parts, preparation, sandbox
from dashboard.links import sign_in_url
from workers.app import app as celery


class Command(BaseCommand):
    help = "Start the site, its worker and its clock in one process."
    # The home may not exist yet: it is prepared here, under its lock.
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's interface

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--sandbox",
            action="store_true",
            help="watch a local AWS with a demo shop, in a home of its own",
        )
        parser.add_argument("--sandbox-port", type=int, default=4566)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with HomeLock(settings.HOME).held("up"):
                sandbox.check_home(settings.HOME, wants_sandbox=options["sandbox"])
                if options["sandbox"]:
                    self._run_beside_sandbox(options)
                else:
                    self._run(options["host"], options["port"])
        except HomeInUse as error:
            raise CommandError(str(error)) from error

    def _run_beside_sandbox(self, options: dict[str, Any]) -> None:
        sandbox.check_port(options["host"], options["port"], "--port")
        sandbox.check_port("127.0.0.1", options["sandbox_port"], "--sandbox-port")
        sandbox.start_afresh(settings.HOME)
        settings.IS_SANDBOX = True
        settings.NOTIFY_NETWORKS = settings.NOTIFY_NETWORKS or LOOPBACK
        # Until the site ends on signals in its own way, they end the start.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        process = sandbox.SandboxProcess(options["sandbox_port"])
        try:
            self._prepare()
            process.wait()
            sandbox.connect(process.url)
            self.stdout.write(f"The sandbox's AWS is at {process.url}")
            threading.Thread(target=process.watch, daemon=True).start()
            self._serve(options["host"], options["port"])
        except KeyboardInterrupt:
            raise CommandError("Stopped before the sandbox was ready.") from None
        finally:
            process.stop()

    def _run(self, host: str, port: int) -> None:
        self._prepare()
        self._serve(host, port)

    def _prepare(self) -> None:
        preparation.prepare_home(settings.HOME, settings.SECRET_KEY)
        call_command("migrate", verbosity=0, interactive=False)
        preparation.collect_static(settings.HOME)

    def _serve(self, host: str, port: int) -> None:
        base = addresses.of_site(host, port)
        # Notices say where they lead.
        settings.PUBLIC_URL = base
        settings.ALLOWED_HOSTS.append(host)
        admin = User.first_admin()
        link = sign_in_url(admin, base) if admin else None

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
        site = parts.Site(
            "dashboard.asgi:application", host, port, settings.TRUSTED_PROXIES
        )
        running = [parts.worker(celery), parts.repairs(), parts.beat(celery)]
        parts.serve(site, running, ready)
        store.engine().close()
