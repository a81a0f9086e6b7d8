"""What changed between two configurations of a resource.

Computed from whole items, never from the differences AWS Config sends: those name
members of lists by their places, so that another order looks like a change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

import orjson

from apps.discovery.inventory.items import ConfigItem

_MOST = 500
_DEEPEST = 60
# Members by which elements of a list are known, in the order of trust.
_NAMES = (
    "id", "arn", "key", "path", "name", "sid", "method", "groupid", "volumeid",
    "instanceid", "policyname", "policyarn", "accesskeyid", "rulenumber", "cidrip",
    "cidripv6", "devicename", "attributename", "resourceid", "type",
)  # fmt: skip


class Kind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """`path` such as configuration.ipPermissions[22-tcp].ipRanges; an element of a list
    is named by what it is known by. `before` and `after` are values as in the item."""

    path: str
    kind: Kind
    before: Any = None
    after: Any = None


def differences(before: ConfigItem, after: ConfigItem) -> list[Change]:
    """At most 500, by where they are. Lists in another order are the same."""
    return list(islice(_between(seen(before), seen(after), "", 0), _MOST))


def seen(item: ConfigItem) -> dict[str, Any]:
    """What of an item is compared."""
    return {
        "isDeleted": item.status.is_gone,
        "resourceName": item.name,
        "tags": dict(item.tags),
        "configuration": dict(item.configuration),
        "supplementaryConfiguration": dict(item.supplementary),
        "relationships": [
            {"name": one.name, "resourceType": one.type, "id": one.id}
            for one in item.relationships
        ],
    }


def _between(before: Any, after: Any, path: str, depth: int) -> Iterator[Change]:
    if before == after:
        return
    if depth < _DEEPEST and isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _of_objects(before, after, path, depth)
    elif depth < _DEEPEST and isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(before, after, path, depth)
    else:
        yield Change(path, Kind.CHANGED, before, after)


def _of_objects(
    before: Mapping[str, Any], after: Mapping[str, Any], path: str, depth: int
) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        inner = f"{path}.{name}" if path else name
        if name not in before:
            if after[name] not in (None, [], {}):
                yield Change(inner, Kind.ADDED, after=after[name])
        elif name not in after:
            if before[name] not in (None, [], {}):
                yield Change(inner, Kind.REMOVED, before=before[name])
        else:
            yield from _between(before[name], after[name], inner, depth + 1)


def _of_lists(
    before: Sequence[Any], after: Sequence[Any], path: str, depth: int
) -> Iterator[Change]:
    """Elements that are in both are left out, however often; of the rest, those known
    by the same name are compared, and the others came or went."""
    gone, come = _without_common(before, after)
    by = _known_by([*gone, *come])
    partners = {_name_of(one, by): one for one in come} if by else {}
    for one in gone:
        name = _name_of(one, by) if by else ""
        if name in partners:
            other = partners.pop(name)
            yield from _between(one, other, f"{path}[{name}]", depth + 1)
        else:
            yield Change(f"{path}[{name}]", Kind.REMOVED, before=one)
    left = list(partners.values()) if by else come
    for one in left:
        name = _name_of(one, by) if by else ""
        yield Change(f"{path}[{name}]", Kind.ADDED, after=one)


def _without_common(
    before: Sequence[Any], after: Sequence[Any]
) -> tuple[list[Any], list[Any]]:
    counts: dict[bytes, int] = {}
    for one in after:
        counts[_canonical(one)] = counts.get(_canonical(one), 0) + 1
    gone = []
    for one in before:
        if counts.get(_canonical(one), 0):
            counts[_canonical(one)] -= 1
        else:
            gone.append(one)
    come = []
    for one in reversed(after):
        if counts.get(_canonical(one), 0):
            counts[_canonical(one)] -= 1
            come.append(one)
    return gone, come[::-1]


def _canonical(value: Any) -> bytes:
    """The same for values that are the same in whatever order."""
    return orjson.dumps(_ordered(value), option=orjson.OPT_SORT_KEYS)


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _ordered(member) for name, member in value.items()}
    if isinstance(value, list):
        return sorted((_ordered(one) for one in value), key=orjson.dumps)
    return value


def _known_by(elements: Sequence[Any]) -> tuple[str, ...]:
    """The members that tell elements of two lists apart; none for those of no names."""
    if not elements or not all(isinstance(one, Mapping) for one in elements):
        return ()
    ports = ("fromPort", "toPort", "ipProtocol")
    if all(any(name in one for name in ports) for one in elements):
        return ports
    shared = set.intersection(*({*one} for one in elements))
    for wanted in _NAMES:
        found = [name for name in shared if name.lower() == wanted]
        if found and all(isinstance(one[found[0]], str | int) for one in elements):
            return (found[0], "method") if found[0] == "path" else (found[0],)
    return ()


def _name_of(element: Mapping[str, Any], by: tuple[str, ...]) -> str:
    return "-".join(str(element[name]) for name in by if name in element)
