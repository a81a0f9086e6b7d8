"""The entry point of every command."""

import os
import sys
from pathlib import Path


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    if sys.argv[1:2] == ["up"] and "--sandbox" in sys.argv:
        # Invented data has a home of its own.
        own = Path(__file__).resolve().parent.parent / "var" / "sandbox"
        os.environ.setdefault("TRAILMAP_HOME", str(own))
    # Django is imported late: the settings module must be named first.
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Trailmap cannot start: {error}")
