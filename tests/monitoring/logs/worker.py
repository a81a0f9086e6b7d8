"""`python -m tests.monitoring.logs.worker`: a process that collects logs whenever it
reads a time, in seconds since 1970, and says `done`. Tests kill it."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    import django  # noqa: PLC0415 - the settings must be named first

    django.setup()
    from django.db import connection  # noqa: PLC0415

    connection.settings_dict["NAME"] = os.environ["TESTS_DATABASE"]
    from apps.monitoring.logs import collecting, polling  # noqa: PLC0415
    from apps.search import store  # noqa: PLC0415

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        now, began = float(line), time.monotonic()

        def clock(now: float = now, began: float = began) -> datetime:
            return datetime.fromtimestamp(now + time.monotonic() - began, UTC)

        for scope_id in polling.due_scopes(clock()):
            polling.poll(scope_id, store.engine(), clock)
        for source_id in collecting.due_sources(clock()):
            collecting.collect(source_id, store.engine(), clock)
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
