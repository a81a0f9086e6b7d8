"""What answers of web services mean for a notice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from apps.monitoring.notifications import http
from apps.monitoring.notifications.channels.base import Refused, Retry

_MOST_WAIT_SECONDS = 3_600.0
_AGAIN = frozenset((408, 425, 429))


def call(request: http.Request, now: datetime) -> http.Answer:
    """An answer of 2xx. Raises Retry and Refused, whose words hold no part of the
    address but its host, and nothing of the answer but its number."""
    host = http.host_of(request.url)
    try:
        answer = http.call(request)
    except http.AddressRefused as error:
        raise Refused(str(error)) from error
    except http.NoAnswer as error:
        raise Retry(str(error)) from error
    said = f"{host} answered {answer.status}."
    if 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP statuses
        return answer
    if answer.status in _AGAIN or answer.status >= 500:  # noqa: PLR2004
        raise Retry(said, retry_after(answer.headers, now))
    if 300 <= answer.status < 400:  # noqa: PLR2004
        raise Refused(f"{said} Redirections are not followed.")
    raise Refused(said)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds, from either form of Retry-After; an hour at most."""
    said = headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        return min(float(said[:9]), _MOST_WAIT_SECONDS)
    try:
        at = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (at - now).total_seconds()), _MOST_WAIT_SECONDS)
