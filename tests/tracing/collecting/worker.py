"""`python -m tests.tracing.collecting.worker`: a process that reads X-Ray whenever it
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
    from apps.search import store  # noqa: PLC0415
    from apps.tracing.collecting.collector import collect  # noqa: PLC0415
    from apps.tracing.collecting.scopes import due_scopes  # noqa: PLC0415

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        now, began = float(line), time.monotonic()

        def clock(now: float = now, began: float = began) -> datetime:
            return datetime.fromtimestamp(now + time.monotonic() - began, UTC)

        for scope_id in due_scopes(clock()):
            collect(scope_id, store.engine(), clock)
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
