"""Keys with which Firehose and Lambda show that they may deliver. Only the hash of a
key is kept; it is shown once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

from apps.monitoring.models import LogSource


def new_key(source: LogSource, now: datetime) -> str:
    """A new key for a source, which is not kept; the one before no longer works."""
    key = f"tml_{secrets.token_urlsafe(32)}"
    source.key_digest = _digest(key)
    source.key_made_at = now
    source.save(update_fields=["key_digest", "key_made_at"])
    return key


def is_key_of(source: LogSource, key: str) -> bool:
    """Whether the key is the source's; takes as long for a wrong one."""
    return bool(source.key_digest) and hmac.compare_digest(
        _digest(key), source.key_digest
    )


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
