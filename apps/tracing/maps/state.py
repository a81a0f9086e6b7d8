"""Everything on the page of the map, as its URL says it; and back into a URL. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar
from urllib.parse import quote_plus, urlencode

from apps.tracing.maps.focusing import Direction
from apps.tracing.maps.grouping import Grouping
from apps.tracing.maps.picture import Label

DEFAULT_SINCE, DEFAULT_UNTIL = "now-1h", "now"
MOST_HOPS = 6
_MOST_TEXT = 600
_MOST_LISTED = 50
REFRESHES = (0, 15, 30, 60, 300)
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class MapState:
    """`by` is None for what suits the size of the map; `select` is the id of a node or
    an edge; `refresh` in seconds, 0 for never."""

    since: str = DEFAULT_SINCE
    until: str = DEFAULT_UNTIL
    label: Label = Label.CALLS
    find: str = ""
    hide: str = ""
    focus: str = ""
    hops: int = 1
    direction: Direction = Direction.BOTH
    by: Grouping | None = None
    opened: tuple[str, ...] = ()
    select: str = ""
    view: str = "map"
    sort: str = ""
    refresh: int = 0
    accounts: tuple[str, ...] = ()

    @classmethod
    def read(cls, parameters: Mapping[str, Sequence[str]]) -> MapState:
        """From the parameters of a URL, each a list; what is unknown is ignored."""

        def one(name: str, default: str = "") -> str:
            found = next(iter(parameters.get(name, ())), "") or default
            return found.replace("\0", "")[:_MOST_TEXT]

        def listed(name: str) -> tuple[str, ...]:
            found = ",".join(parameters.get(name, ())).split(",")
            return tuple(part for part in map(str.strip, found) if part)[:_MOST_LISTED]

        hops, refresh = one("hops", "1"), one("refresh", "0")
        return cls(
            since=one("since", DEFAULT_SINCE),
            until=one("until", DEFAULT_UNTIL),
            label=_chosen(Label, one("label"), Label.CALLS),
            find=one("find").strip(),
            hide=one("hide").strip(),
            focus=one("focus"),
            hops=min(MOST_HOPS, max(1, int(hops))) if _is_small(hops) else 1,
            direction=_chosen(Direction, one("direction"), Direction.BOTH),
            by=Grouping(one("by")) if one("by") in set(Grouping) else None,
            opened=tuple(parameters.get("open", ()))[:_MOST_LISTED],
            select=one("select"),
            view="table" if one("view") == "table" else "map",
            sort=one("sort"),
            refresh=int(refresh)
            if _is_small(refresh) and int(refresh) in REFRESHES
            else 0,
            accounts=listed("account"),
        )

    def url_query(self, **changes: object) -> str:
        """The query string of this state with some parts changed, `?` included."""
        return "?" + urlencode(list(self.pairs(**changes)))

    def selecting(self) -> Callable[[str], str]:
        """Query strings that choose a part of the map, by its id: for all of them."""
        rest = self.url_query(select="")
        return lambda id_: f"{rest}&select={quote_plus(id_)}"

    def pairs(self, **changes: object) -> Iterator[tuple[str, str]]:
        """Names and values, those that are not what the page begins with."""
        state = replace(self, **changes)  # type: ignore[arg-type]
        yield "since", state.since
        yield "until", state.until
        for name in ("label", "find", "hide", "focus", "hops", "direction"):
            value = getattr(state, name)
            if value != getattr(_BEGINNING, name):
                yield name, str(value)
        if state.by is not None:
            yield "by", str(state.by)
        for name in ("select", "view", "sort", "refresh"):
            value = getattr(state, name)
            if value != getattr(_BEGINNING, name):
                yield name, str(value)
        yield from (("open", one) for one in state.opened)
        if state.accounts:
            yield "account", ",".join(state.accounts)


_BEGINNING = MapState()


def _chosen(choices: type[Choice], text: str, default: Choice) -> Choice:
    return choices(text) if text in set(choices) else default


def _is_small(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4  # noqa: PLR2004
