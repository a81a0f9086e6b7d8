"""How resources of one type are listed, read and known to have been touched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.config.items import Found
from sandbox.config.reading import Reader

_CHANGING = re.compile(
    "Add|Associate|Attach|Authorize|Cancel|Create|Delete|Deregister|Detach|Disable|"
    "Disassociate|Enable|Modify|Move|Publish|Put|Register|Remove|Replace|Restore|"
    "Revoke|Run|Schedule|Set|Start|Stop|Tag|Terminate|Untag|Update"
)
_SEGMENTS = re.compile(r"[:/]")

Raw = Any


@dataclass(frozen=True, slots=True)
class Door:
    """`listed` gives what exists by id, `read` one of them, None where it just went.

    `words` are parts of the names of the calls that change such a resource; without
    any, every call that changes something of the service does. `is_deep` says that
    reading one makes calls of its own, so that only those touched are read again.
    """

    resource_type: str
    service: str
    listed: Callable[[Reader], Mapping[str, Raw]]
    read: Callable[[Reader, Raw], Found | None]
    words: tuple[str, ...] = ()
    is_deep: bool = False
    is_global: bool = False

    def hears(self, operation: str) -> bool:
        if _CHANGING.match(operation) is None:
            return False
        return not self.words or any(word in operation for word in self.words)


def hints_of(parameters: Mapping[str, Any]) -> frozenset[str]:
    """The words a call names resources by: parts of names, addresses and ARNs."""
    texts = [value for value in parameters.values() if isinstance(value, str)]
    return frozenset(part for value in texts for part in _SEGMENTS.split(value))


def is_meant(resource_id: str, hints: frozenset[str]) -> bool:
    return _SEGMENTS.split(resource_id)[-1] in hints


def tags_of(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags as a mapping, however the service spells their members."""
    return dict(_pairs(tags))


def _pairs(tags: Iterable[Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for tag in tags:
        small = {name.lower().removeprefix("tag"): value for name, value in tag.items()}
        yield small["key"], small["value"]


def seconds(moment: str | None) -> float | None:
    """Seconds since 1970 of a time as Config writes it."""
    return datetime.fromisoformat(moment).timestamp() if moment else None


def without(value: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Leaves out what moves by itself: counters are no configuration."""
    return {name: member for name, member in value.items() if name not in names}
