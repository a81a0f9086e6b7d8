"""Places within a configuration item, and what is read there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

_ABSENT = object()
_LONGEST_TEXT = 300
_YES = frozenset(("true", "yes", "on", "enabled", "1"))
_NO = frozenset(("false", "no", "off", "disabled", "0"))


class NotTold(Exception):
    """The item does not say what a rule has to know; `path` is where it would."""

    def __init__(self, path: str, message: str = "") -> None:
        super().__init__(message or f"The item does not say {path}.")
        self.path = path


@dataclass(frozen=True, slots=True)
class Place:
    """A value of an item and the path to it. Names are found however their first
    letter is written: Config's older types have storageEncrypted, its newer ones and
    CloudFormation StorageEncrypted."""

    value: Any
    path: str

    def maybe(self, name: str) -> Place | None:
        """The member, None where it is absent or null."""
        if not isinstance(self.value, Mapping):
            return None
        found = self.value.get(name, _ABSENT)
        if found is _ABSENT:
            other = name[:1].swapcase() + name[1:]
            found = self.value.get(other, _ABSENT)
            name = name if found is _ABSENT else other
        if found is _ABSENT or found is None:
            return None
        return Place(found, f"{self.path}.{name}" if self.path else name)

    def at(self, *names: str) -> Place:
        """Raises NotTold where a member on the way is absent or null."""
        place = self
        for name in names:
            found = place.maybe(name)
            if found is None:
                raise NotTold(f"{place.path}.{name}" if place.path else name)
            place = found
        return place

    def dig(self, *names: str) -> Place | None:
        """As `at`, but None where a member on the way is absent or null."""
        place: Place | None = self
        for name in names:
            place = place.maybe(name) if place else None
        return place

    def each(self) -> Iterator[Place]:
        """The elements of a list. Raises NotTold for what is none."""
        if not isinstance(self.value, list | tuple):
            raise NotTold(self.path, f"{self.path} is not a list.")
        for number, one in enumerate(self.value):
            yield Place(one, f"{self.path}[{number}]")

    def members(self) -> Iterator[tuple[str, Place]]:
        """The members of an object. Raises NotTold for what is none."""
        if not isinstance(self.value, Mapping):
            raise NotTold(self.path, f"{self.path} is not an object.")
        for name, one in self.value.items():
            yield str(name), Place(one, f"{self.path}.{name}")

    def flag(self) -> bool:
        """Raises NotTold for what is neither yes nor no."""
        if isinstance(self.value, bool):
            return self.value
        word = str(self.value).lower()
        if word not in _YES | _NO:
            raise NotTold(self.path, f"{self.path} is neither true nor false.")
        return word in _YES

    def number(self) -> float:
        """Raises NotTold for what is no number."""
        if isinstance(self.value, bool):
            raise NotTold(self.path, f"{self.path} is not a number.")
        try:
            return float(self.value)
        except (TypeError, ValueError):
            raise NotTold(self.path, f"{self.path} is not a number.") from None

    def text(self) -> str:
        """Raises NotTold for what is no text."""
        if not isinstance(self.value, str):
            raise NotTold(self.path, f"{self.path} is not text.")
        return self.value

    def moment(self) -> datetime:
        """Raises NotTold for what is no time: RFC 3339, or seconds since 1970."""
        found = moment_of(self.value)
        if found is None:
            raise NotTold(self.path, f"{self.path} is not a time.")
        return found

    def parsed(self) -> Place:
        """The same, of JSON that stands as text. Raises NotTold for other text."""
        if not isinstance(self.value, str):
            return self
        try:
            return Place(orjson.loads(self.value), self.path)
        except orjson.JSONDecodeError:
            raise NotTold(self.path, f"{self.path} is not JSON.") from None


def moment_of(value: Any) -> datetime | None:
    """A time of AWS: RFC 3339 with or without a zone, or seconds since 1970."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def shown(value: Any) -> str:
    """A value within a sentence, bounded."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
