"""`python -m tests.monitoring.incidents.killed`: a process that evaluates what is due
whenever it reads a time, in seconds since 1970, and says `done`. Tests kill it."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    import django  # noqa: PLC0415 - the settings must be named first

    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    connection.settings_dict["NAME"] = os.environ["TESTS_DATABASE"]
    settings.ALERT_CONDITIONS = ["tests.monitoring.incidents.world.CONDITION"]
    from apps.monitoring.incidents import evaluating  # noqa: PLC0415
    from tests.monitoring.incidents import world  # noqa: PLC0415

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        now = datetime.fromtimestamp(float(line), UTC)
        world.go_up_and_down((int(float(line)) - world.START) // 60)
        while evaluating.evaluate_due(lambda now=now: now):  # type: ignore[misc]
            pass
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
