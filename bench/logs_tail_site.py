"""The site of `bench.logs_tail`: people, a web server, and lines that are written.

Says as JSON lines: the port and a session for each person, then for each line that was
written when it became visible, in nanoseconds of the machine's monotonic clock.
"""

import json
import os
import socket
import sys
import threading
import time

import django
import orjson
import uvicorn


def main() -> None:
    readers, lines, pause_seconds = int(sys.argv[1]), int(sys.argv[2]), 0.25
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - after setup

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    listener = socket.create_server(("127.0.0.1", 0))
    sessions = _sessions(readers)
    config = uvicorn.Config("dashboard.asgi:application", log_level="warning")
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, args=([listener],), daemon=True).start()
    _say({"port": listener.getsockname()[1], "sessions": sessions})
    sys.stdin.readline()
    _write(lines, pause_seconds)
    time.sleep(1)
    _say({"done": True})
    sys.stdin.readline()
    server.should_exit = True


def _sessions(count: int) -> list[str]:
    """Sessions of as many people, each with a role of their own."""
    from django.test import Client  # noqa: PLC0415 - after setup

    from apps.discovery.models import Grant, User  # noqa: PLC0415
    from apps.discovery.roles import Role  # noqa: PLC0415

    keys = []
    for number in range(count):
        person = User(username=f"reader-{number}")
        person.set_unusable_password()
        person.save()
        Grant.objects.create(user=person, role=Role.VIEWER)
        client = Client()
        client.force_login(person, "django.contrib.auth.backends.ModelBackend")
        keys.append(client.cookies["session"].value)
    return keys


def _write(lines: int, pause_seconds: float) -> None:
    from apps.monitoring.kinds import LOGS  # noqa: PLC0415 - after setup
    from apps.search import arrivals, store  # noqa: PLC0415
    from apps.search.documents import Document  # noqa: PLC0415

    visible: list[int] = []
    writer = store.engine().writer(LOGS)
    with arrivals.listening(LOGS.name, lambda: visible.append(time.monotonic_ns())):
        for number in range(lines):
            now_ms = time.time_ns() // 1_000_000
            record = {
                "@message": f"order {number} placed by customer {number * 7}",
                "@logGroup": "/ecs/checkout",
                "@level": "INFO",
            }
            one = Document(f"line-{number}", now_ms, "1" * 12, "eu-west-1", record,
                           orjson.dumps(record))  # fmt: skip
            writer.add([one])
            writer.commit()
            _say({"line": number, "visible_ns": visible[-1]})
            time.sleep(pause_seconds)


def _say(value: object) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main()
