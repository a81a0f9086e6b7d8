"""What `doctor` finds out about the broker."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from apps.search.diagnosis import Finding
from workers import broker
from workers.app import app


def queue() -> Iterator[Finding]:
    """Whether tasks can be sent, and whether somebody takes them."""
    scheme = urlsplit(settings.BROKER_URL).scheme
    yield Finding(
        f"broker.{scheme}",
        "answers",
        broker.problem(app) or broker.backlog(app),
        "Look at BROKER_URL, and start more workers.",
    )
