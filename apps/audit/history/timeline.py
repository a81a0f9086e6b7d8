"""The history of a resource: each look at it, what changed, and who did it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from apps.audit.history.causes import Asked, Cause, asked_of, causes_of
from apps.discovery.inventory.differences import Change, Kind, differences
from apps.discovery.inventory.items import ConfigItem, ItemSource
from apps.discovery.inventory.writing import unpacked
from apps.discovery.models import Resource, ResourceItem
from apps.search.engines.base import EngineUnavailable

A_PAGE = 20


@dataclass(frozen=True, slots=True)
class Look:
    """A kept item, with what is different from the look before of the same kind.

    `is_first` where there is none before. `cause_problem` says why no cause was looked
    for.
    """

    row: ResourceItem
    item: ConfigItem
    changes: Sequence[Change] = ()
    is_first: bool = False
    cause: Cause | None = None

    @property
    def says(self) -> str:
        """In a word what happened."""
        if self.item.status.is_gone:
            return "Deleted"
        if self.is_first:
            return "First seen"
        return "Changed" if self.changes else "Seen unchanged"


@dataclass(slots=True)
class History:
    looks: list[Look] = field(default_factory=list)
    has_older: bool = False
    problem: str = ""


def history(resource: Resource, page: int = 1, size: int = A_PAGE) -> History:
    """Looks at a resource, newest first, a page of them."""
    start = (page - 1) * size
    rows = list(
        resource.items.order_by("-captured_at", "-state_id")[
            start : start + size + 2 * A_PAGE
        ]
    )
    items = [unpacked(bytes(row.document), ItemSource(row.source)) for row in rows]
    shown = min(size, len(rows))
    looks = _said_once([_look(rows, items, at) for at in range(shown)])
    found = History(looks, len(rows) > size)
    _add_causes(found, [_before(items, at) for at in range(shown)])
    return found


def _before(items: Sequence[ConfigItem], at: int) -> ConfigItem | None:
    """The look before, by the same eyes: Config and we do not tell quite the same. A
    deletion is compared with any."""
    ours = items[at].source is ItemSource.SCANNER
    for one in items[at + 1 :]:
        if items[at].status.is_gone or (one.source is ItemSource.SCANNER) == ours:
            return one
    return None


def _look(rows: Sequence[ResourceItem], items: Sequence[ConfigItem], at: int) -> Look:
    item, before = items[at], _before(items, at)
    if before is None:
        return Look(rows[at], item, is_first=at == len(items) - 1)
    if item.status.is_gone or before.status.is_gone:
        is_gone = item.status.is_gone
        change = Change("isDeleted", Kind.CHANGED, not is_gone, is_gone)
        return Look(rows[at], item, [change])
    return Look(rows[at], item, _told(before, item))


def _said_once(looks: Sequence[Look]) -> list[Look]:
    """Without what other eyes had told since these looked before."""
    found = []
    for at, look in enumerate(looks):
        told = {
            (one.path, _canonical(one.after))
            for other in _between_same_eyes(looks, at)
            for one in other.changes
        }
        left = [
            one for one in look.changes if (one.path, _canonical(one.after)) not in told
        ]
        found.append(replace(look, changes=left))
    return found


def _between_same_eyes(looks: Sequence[Look], at: int) -> Iterator[Look]:
    ours = looks[at].item.source is ItemSource.SCANNER
    for other in looks[at + 1 :]:
        if (other.item.source is ItemSource.SCANNER) == ours:
            return
        yield other


def _canonical(value: Any) -> bytes:
    """The same for values that are the same."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _told(before: ConfigItem, item: ConfigItem) -> list[Change]:
    """An item without tags and relationships says nothing of them."""
    found = differences(before, item)
    if not (before.is_base or item.is_base):
        return found
    left_out = ("tags", "relationships")
    return [one for one in found if not one.path.startswith(left_out)]


def _add_causes(found: History, before: Sequence[ConfigItem | None]) -> None:
    """Who did what changed. A store that does not answer is said, and no more."""
    asked: list[Asked] = []
    places: list[int] = []
    for at, look in enumerate(found.looks):
        if look.changes or look.is_first:
            previous = before[at]
            asked.append(
                asked_of(look.item, previous.captured_at if previous else None)
            )
            places.append(at)
    try:
        causes = causes_of(asked) if asked else []
    except EngineUnavailable as error:
        found.problem = f"Who did it is not known now: {error}"
        return
    for at, cause in zip(places, causes, strict=True):
        look = found.looks[at]
        found.looks[at] = Look(look.row, look.item, look.changes, look.is_first, cause)


def as_json(look: Look) -> dict[str, Any]:
    return {
        "captured_at": look.item.captured_at.isoformat(),
        "state_id": str(look.item.state_id),
        "status": look.item.status.value,
        "source": look.item.source.value,
        "what": look.says,
        "changes": [
            {
                "path": one.path,
                "kind": one.kind.value,
                "before": one.before,
                "after": one.after,
            }
            for one in look.changes
        ],
        "cause": None if look.cause is None else _cause_json(look.cause),
    }


def _cause_json(cause: Cause) -> dict[str, Any]:
    return {
        "event_id": cause.event_id,
        "event": cause.event,
        "service": cause.service,
        "actor": cause.actor,
        "source_address": cause.source_address,
        "at": cause.at.isoformat(),
    }
