"""What `doctor` finds out about channels: none is called."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count, Q

from apps.monitoring.models.notifications import Channel, Delivery
from apps.search.diagnosis import Finding

_SECONDS = 10


def mail() -> Iterator[Finding]:
    """The mail server, where one is set: whether it answers at all."""
    if not settings.SMTP_HOST:
        if Channel.objects.filter(kind="email", is_enabled=True).exists():
            yield Finding(
                "mail.server",
                "",
                "There are channels by e-mail, and no mail server.",
                "Set SMTP_HOST: see docs/settings.md.",
            )
        return
    where = f"{settings.SMTP_HOST}:{settings.SMTP_PORT}"
    is_tls = settings.SMTP_SECURITY == "tls"
    make = smtplib.SMTP_SSL if is_tls else smtplib.SMTP
    problem = None
    try:
        make(settings.SMTP_HOST, settings.SMTP_PORT, timeout=_SECONDS).close()
    except (OSError, smtplib.SMTPException) as error:
        problem = f"{where} does not answer: {error}"
    yield Finding("mail.server", f"{where} answers", problem, "Look at SMTP_HOST.")


def channels() -> Iterator[Finding]:
    """Each channel, by what came of its deliveries."""
    dead = Count("deliveries", filter=Q(deliveries__status=Delivery.Status.DEAD))
    for channel in Channel.objects.filter(is_enabled=True).annotate(dead=dead):
        given_up = f"{channel.dead:,} notices were given up" if channel.dead else ""
        yield Finding(
            f"channel.{channel.name}",
            "what was sent was taken",
            ". ".join(filter(None, (given_up, channel.problem))) or None,
            "Settings, Channels shows what was answered, and sends it again.",
        )
