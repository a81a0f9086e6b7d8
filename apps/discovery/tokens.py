"""API tokens in the Authorization header: `Bearer tm_...`."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError
from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.exceptions import AuthenticationFailed

from apps.discovery.models import ApiToken

log = logging.getLogger(__name__)

_USE_IS_NOTED_EVERY = timedelta(minutes=10)


def _note_use(token: ApiToken, now: datetime) -> None:
    """A busy database keeps nobody from reading: the note is made another time."""
    try:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    except OperationalError:
        log.warning("the use of a token could not be noted")


class TokenAuthentication(KnoxAuthentication):  # type: ignore[misc] # untyped
    """Knox's, which keeps only hashes; bytes that are no text are a wrong token."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        try:
            token.decode("ascii")
        except UnicodeDecodeError:
            raise AuthenticationFailed("Invalid token.") from None
        user, found = super().authenticate_credentials(token)
        now = timezone.now()
        if not found.last_used_at or now - found.last_used_at > _USE_IS_NOTED_EVERY:
            _note_use(found, now)
        return user, found
