"""API tokens in the Authorization header: `Bearer tm_...`."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.exceptions import AuthenticationFailed

_USE_IS_NOTED_EVERY = timedelta(minutes=1)


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
            found.last_used_at = now
            found.save(update_fields=["last_used_at"])
        return user, found
