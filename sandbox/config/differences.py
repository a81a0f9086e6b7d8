"""What changed between two items, as `configurationItemDiff` says it.

Source: AWS Config Developer Guide, "Example configuration item change notifications".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.config.items import Item, message_item

_COMPARED = ("configuration", "supplementaryConfiguration", "tags", "relationships")
_Change = tuple[str, Any, Any]


def difference(before: Item | None, after: Item) -> dict[str, Any]:
    if before is None or before.is_deleted:
        return {"changedProperties": {}, "changeType": "CREATE"}
    if after.is_deleted:
        return {"changedProperties": {}, "changeType": "DELETE"}
    old, new = message_item(before), message_item(after)
    changed = {
        path: {"previousValue": was, "updatedValue": is_now, "changeType": _type(was)}
        if is_now is not None
        else {"previousValue": was, "updatedValue": None, "changeType": "DELETE"}
        for name in _COMPARED
        for path, was, is_now in _changes(_title(name), old[name], new[name])
    }
    return {"changedProperties": changed, "changeType": "UPDATE"}


def _type(was: Any) -> str:
    return "CREATE" if was is None else "UPDATE"


def _title(name: str) -> str:
    return name[0].upper() + name[1:]


def _changes(path: str, was: Any, is_now: Any) -> Iterator[_Change]:
    if was == is_now:
        return
    if isinstance(was, Mapping) and isinstance(is_now, Mapping):
        for name in dict.fromkeys((*was, *is_now)):
            step = _title(name) if name else name
            yield from _changes(f"{path}.{step}", was.get(name), is_now.get(name))
    elif isinstance(was, list) and isinstance(is_now, list):
        yield from _changes_of_lists(path, was, is_now)
    else:
        yield path, was, is_now


def _changes_of_lists(
    path: str, was: list[Any], is_now: list[Any]
) -> Iterator[_Change]:
    """What left and what came; Config does not say that a list's element changed."""
    gone = [(at, value) for at, value in enumerate(was) if value not in is_now]
    come = [(at, value) for at, value in enumerate(is_now) if value not in was]
    for at, value in gone:
        yield f"{path}.{at}", value, None
    for at, value in come:
        # Where one left and one came at the same index, both have to be told.
        taken = at in {index for index, _ in gone}
        yield f"{path}.{len(was) + at if taken else at}", None, value
