"""Where people reach the site, for commands that tell them."""

import os

from django.conf import settings

_FILE = "address"


def note(base: str) -> None:
    """Remember where `up` serves, for other commands on the same home."""
    (settings.HOME / _FILE).write_text(base)


def of_site(host: str, port: int) -> str:
    """The address of a site that listens here."""
    if "TRAILMAP_URL" in os.environ:
        return str(settings.PUBLIC_URL)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


def current() -> str:
    """The address that was set, else where `up` was last, else the default."""
    noted = settings.HOME / _FILE
    if "TRAILMAP_URL" in os.environ or not noted.exists():
        return str(settings.PUBLIC_URL)
    return noted.read_text().strip()
