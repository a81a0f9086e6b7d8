"""Readers of the environment that fail loudly and say how to mend it."""

import os
import re
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from apps.monitoring.notifications.addresses import Network
from apps.monitoring.notifications.addresses import networks as read_networks

_SENDER = re.compile(r'(?:[^<>@"\n]{1,100} )?<?[^\s<>@"]{1,64}@[A-Za-z0-9.-]{1,250}>?')


def text(name: str, default: str) -> str:
    return os.environ.get(name, default)


def number(name: str, default: float, *, least: float) -> float:
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        parsed = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r} is not a number.") from None
    if not least <= parsed < float("inf"):
        raise ImproperlyConfigured(f"{name}={value} must be at least {least:g}.")
    return parsed


def names(name: str) -> list[str]:
    """A comma-separated list, empty entries left out."""
    return [part for part in map(str.strip, text(name, "").split(",")) if part]


def url(name: str, default: str, schemes: tuple[str, ...]) -> str:
    """A URL of one of these schemes."""
    return _checked_url(name, text(name, default), schemes)


def _checked_url(name: str, value: str, schemes: tuple[str, ...]) -> str:
    if urlsplit(value).scheme not in schemes:
        known = ", ".join(f"{scheme}://" for scheme in schemes)
        raise ImproperlyConfigured(f"{name} must begin with one of {known}")
    return value


def urls(name: str, schemes: tuple[str, ...]) -> tuple[str, ...]:
    """Comma-separated URLs of these schemes; none where the name is not set."""
    return tuple(_checked_url(name, one, schemes) for one in names(name))


def choice(name: str, known: tuple[str, ...]) -> str:
    """One of these words, the first where the name is not set."""
    value = text(name, known[0])
    if value not in known:
        shown = ", ".join(word for word in known if word)
        raise ImproperlyConfigured(f"{name}={value!r} must be one of {shown}.")
    return value


def secret(name: str, file: Path) -> str:
    """A secret from the environment, from `NAME_FILE`, or from a file of ours.

    Without any it lasts for this process: only `up` writes the file, so that no
    other command leaves secrets behind.
    """
    value = os.environ.get(name)
    if value:
        return value
    named = os.environ.get(f"{name}_FILE")
    if named:
        try:
            return Path(named).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: {error}") from error
    if file.exists():
        return file.read_text().strip()
    return secrets.token_urlsafe(50)


def handed(name: str) -> str:
    """A secret of another server, from the environment or from `NAME_FILE`; "" where
    neither is set."""
    value, named = os.environ.get(name, ""), os.environ.get(f"{name}_FILE")
    if value or not named:
        return value
    try:
        return Path(named).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE: {error}") from error


def sender(name: str, default: str) -> str:
    """Whom mail comes from: `Name <user@host>` or `user@host`."""
    value = text(name, default)
    if not _SENDER.fullmatch(value):
        raise ImproperlyConfigured(
            f"{name}={value!r} must be such as Trailmap <trailmap@example.com>."
        )
    return value


def networks(name: str, default: tuple[str, ...]) -> tuple[Network, ...]:
    """Comma-separated networks such as 10.20.0.0/16."""
    try:
        return read_networks(names(name) if name in os.environ else default)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}") from error


def ports(name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    """Comma-separated numbers of ports."""
    said = names(name)
    if not all(one.isdigit() and 0 < int(one) < 1 << 16 for one in said):
        raise ImproperlyConfigured(f"{name} must be numbers from 1 to 65535.")
    return tuple(map(int, said)) or default


def refuse_unknown(prefix: str, known: frozenset[str]) -> None:
    """Stop at a misspelt setting rather than run without it."""
    for name in os.environ:
        if name.startswith(prefix) and name not in known:
            raise ImproperlyConfigured(
                f"{name} is not a setting of Trailmap; there are "
                f"{', '.join(sorted(known))}."
            )
