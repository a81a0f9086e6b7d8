"""`python -m tests.tracing.collecting.storing`: a process that stores posted spans
whenever it reads a time, in seconds since 1970, and says `done`. Tests kill it."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    import django  # noqa: PLC0415 - the settings must be named first

    django.setup()
    from django.db import connection  # noqa: PLC0415

    connection.settings_dict["NAME"] = os.environ["TESTS_DATABASE"]
    from apps.search import store  # noqa: PLC0415
    from apps.tracing.collecting import inbox  # noqa: PLC0415

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        now = datetime.fromtimestamp(float(line), UTC)
        inbox.ingest_waiting(store.engine(), lambda now=now: now)  # type: ignore[misc]
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
