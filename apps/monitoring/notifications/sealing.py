"""Secrets of channels as they are kept: encrypted with a key made of SECRET_KEY."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

_PURPOSE = b"trailmap channel secrets v1"


class Unreadable(Exception):
    """The secrets were kept with another SECRET_KEY."""

    def __init__(self) -> None:
        super().__init__(
            "Its secrets were stored with another SECRET_KEY: enter them again."
        )


class Secret(str):
    """Text that does not show where things are printed."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(...)"


def seal(secrets: Mapping[str, str]) -> str:
    return _keys().encrypt(json.dumps(dict(secrets)).encode()).decode()


def unseal(kept: str) -> dict[str, Secret]:
    """Raises Unreadable."""
    if not kept:
        return {}
    try:
        opened = json.loads(_keys().decrypt(kept.encode()))
    except InvalidToken:
        raise Unreadable from None
    return {name: Secret(value) for name, value in opened.items()}


def _keys() -> MultiFernet:
    secrets = (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS))
    return MultiFernet([Fernet(_key(one)) for one in secrets])


def _key(secret: str) -> bytes:
    digest = hashlib.pbkdf2_hmac("sha256", secret.encode(), _PURPOSE, 1)
    return base64.urlsafe_b64encode(digest)
