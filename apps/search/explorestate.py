"""Everything on an Explore page, as its URL says it; and back into a URL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from apps.search.engines.base import Scope, SearchRequest, SortOrder
from apps.search.kinds import Kind
from apps.search.language import escaped_field, parse, quoted
from apps.search.syntax import Node, Not, QuerySyntaxError, all_of
from apps.search.timerange import TimeRange, parse_range

DEFAULT_SINCE, DEFAULT_UNTIL = "now-24h", "now"
MAX_COLUMNS = 20
MAX_FILTERS = 50
_NEGATED, _DISABLED = "-", "~"


@dataclass(frozen=True, slots=True)
class Filter:
    """A clause beside the query: shown as a chip, can be negated or switched off."""

    clause: str
    is_negated: bool = False
    is_disabled: bool = False

    @classmethod
    def read(cls, text: str) -> Filter:
        is_disabled = text.startswith(_DISABLED)
        text = text.removeprefix(_DISABLED)
        is_negated = text.startswith(_NEGATED)
        return cls(text.removeprefix(_NEGATED), is_negated, is_disabled)

    def __str__(self) -> str:
        marks = (_DISABLED if self.is_disabled else "") + (
            _NEGATED if self.is_negated else ""
        )
        return marks + self.clause

    def node(self) -> Node:
        """The clause to search by. Raises QuerySyntaxError."""
        node = parse(self.clause)
        return Not(node) if self.is_negated else node


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter on screen, with the URLs that change it."""

    filter: Filter
    negated_url: str
    disabled_url: str
    removed_url: str


@dataclass(frozen=True, slots=True)
class ExploreState:
    """The parameters of a page, each with its default where the URL is silent."""

    q: str = ""
    filters: tuple[Filter, ...] = ()
    since: str = DEFAULT_SINCE
    until: str = DEFAULT_UNTIL
    columns: tuple[str, ...] = ()
    sort: SortOrder = SortOrder.NEWEST
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    by: str = ""
    row: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, Sequence[str]]) -> ExploreState:
        """From the parameters of a URL, each a list; unknown ones are ignored."""

        def one(name: str, default: str = "") -> str:
            return next(iter(parameters.get(name, ())), "") or default

        sort = one("sort", SortOrder.NEWEST)
        given = [text for text in parameters.get("f", ()) if text]
        return cls(
            q=one("q").strip(),
            filters=tuple(map(Filter.read, given[: MAX_FILTERS + 1])),
            since=one("since", DEFAULT_SINCE),
            until=one("until", DEFAULT_UNTIL),
            columns=tuple(_split(one("cols")))[:MAX_COLUMNS],
            sort=SortOrder.OLDEST if sort == SortOrder.OLDEST else SortOrder.NEWEST,
            accounts=tuple(_split(",".join(parameters.get("account", ())))),
            regions=tuple(_split(",".join(parameters.get("region", ())))),
            by=one("by"),
            row=one("row") if one("row").isprintable() else "",
        )

    def url_query(self, **changes: object) -> str:
        """The query string of this state with some parts changed, `?` included."""
        return "?" + urlencode(list(_pairs(replace(self, **changes))))  # type: ignore[arg-type]

    def chips(self) -> list[Chip]:
        return [self._chip(at, one) for at, one in enumerate(self.filters)]

    def _chip(self, at: int, one: Filter) -> Chip:
        def url(*instead: Filter) -> str:
            filters = (*self.filters[:at], *instead, *self.filters[at + 1 :])
            return self.url_query(filters=filters, row="")

        return Chip(
            filter=one,
            negated_url=url(replace(one, is_negated=not one.is_negated)),
            disabled_url=url(replace(one, is_disabled=not one.is_disabled)),
            removed_url=url(),
        )

    def node(self) -> Node:
        """Query and filters as one syntax tree. Raises QuerySyntaxError."""
        if len(self.filters) > MAX_FILTERS:
            raise QuerySyntaxError(
                "There are too many filters", 0, f"at most {MAX_FILTERS}"
            )
        active = (one.node() for one in self.filters if not one.is_disabled)
        return all_of(parse(self.q), *active)

    def time_range(self, now: datetime) -> TimeRange:
        """Raises TimeError."""
        return parse_range(self.since, self.until, now)

    def scope(self, visible: frozenset[str] | None) -> Scope:
        """What was chosen, within what the person may see."""
        return Scope.chosen(visible, self.accounts, self.regions)

    def request(
        self,
        kind: Kind,
        visible: frozenset[str] | None,
        now: datetime,
        seconds: float,
    ) -> SearchRequest:
        """Raises QuerySyntaxError, TimeError."""
        return SearchRequest(
            kind=kind,
            now=now,
            query=self.node(),
            range=self.time_range(now),
            scope=self.scope(visible),
            seconds=seconds,
        )

    def shown_columns(self, kind: Kind) -> tuple[str, ...]:
        return self.columns or kind.columns


def _pairs(state: ExploreState) -> Iterable[tuple[str, str]]:
    """What a URL says of a state: all that is not the default."""
    named = (
        ("q", state.q),
        ("since", state.since if state.since != DEFAULT_SINCE else ""),
        ("until", state.until if state.until != DEFAULT_UNTIL else ""),
        ("cols", ",".join(state.columns)),
        ("sort", state.sort if state.sort is SortOrder.OLDEST else ""),
        ("account", ",".join(state.accounts)),
        ("region", ",".join(state.regions)),
        ("by", state.by),
        ("row", state.row),
    )
    yield from ((name, value) for name, value in named if value)
    yield from (("f", str(one)) for one in state.filters)


def exact_clause(kind: Kind, path: str, value: str) -> str:
    """A clause that matches exactly this value of a field."""
    suffix = ".keyword" if kind.type_of(path).value == "text" else ""
    return f"{escaped_field(path)}{suffix}:{quoted(value)}"


def _split(text: str) -> list[str]:
    return [part for part in map(str.strip, text.split(",")) if part]
