"""Everything on the page of traces, as its URL says it; and back into a URL."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlencode

from apps.search.timerange import TimeRange, parse_range

DEFAULT_SINCE, DEFAULT_UNTIL = "now-1h", "now"
_LONGEST = 4_000


class TraceOrder(StrEnum):
    NEWEST = "newest"
    SLOWEST = "slowest"
    MOST_SPANS = "spans"


class Versus(StrEnum):
    """Which traces a breakdown holds against the rest."""

    BRUSHED = "brushed"
    SLOW = "slow"
    FAILED = "failed"


class InvalidTraceQuestion(ValueError):
    """A parameter that cannot be read: names it, and says what was expected."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class TraceQuestion:
    """`q` is in our language and asks for traces that have such a span; `filter` is
    X-Ray's and asks about traces. Where both are given, both hold. `min_ms` and
    `max_ms` bound the time until the root answered."""

    q: str = ""
    filter: str = ""
    language: str = ""
    since: str = DEFAULT_SINCE
    until: str = DEFAULT_UNTIL
    min_ms: str = ""
    max_ms: str = ""
    order: TraceOrder = TraceOrder.NEWEST
    versus: str = ""
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    after: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, Sequence[str]]) -> TraceQuestion:
        """From the parameters of a URL, each a list; unknown ones are ignored."""

        def one(name: str, default: str = "") -> str:
            found = next(iter(parameters.get(name, ())), "")
            return found[: _LONGEST + 1].strip() or default

        order, versus = one("sort"), one("versus")
        return cls(
            q=one("q"),
            filter=one("filter"),
            language=one("language"),
            since=one("since", DEFAULT_SINCE),
            until=one("until", DEFAULT_UNTIL),
            min_ms=one("min_ms"),
            max_ms=one("max_ms"),
            order=TraceOrder(order) if order in set(TraceOrder) else TraceOrder.NEWEST,
            versus=versus if versus in set(Versus) else "",
            accounts=_listed(parameters.get("account", ())),
            regions=_listed(parameters.get("region", ())),
            after=one("after"),
        )

    @property
    def is_xray(self) -> bool:
        """Whether the box shows the filter expression."""
        return self.language == "xray" or bool(self.filter and not self.q)

    @property
    def is_brushed(self) -> bool:
        return bool(self.min_ms or self.max_ms)

    @property
    def versus_shown(self) -> Versus:
        """What the breakdown is of: as chosen, else what was brushed, else slow."""
        if self.versus and (self.versus != Versus.BRUSHED or self.is_brushed):
            return Versus(self.versus)
        return Versus.BRUSHED if self.is_brushed else Versus.SLOW

    def url_query(self, **changes: object) -> str:
        """The query string with some parts changed, `?` included. What changes the
        answer begins it anew."""
        changes.setdefault("after", "")
        changed = replace(self, **changes)  # type: ignore[arg-type]
        return "?" + urlencode(list(_pairs(changed)))

    def time_range(self, now: datetime) -> TimeRange:
        """Raises TimeError."""
        return parse_range(self.since, self.until, now)

    def bounds(self) -> tuple[float, float]:
        """The shortest and longest time to the answer, in milliseconds.

        Raises InvalidTraceQuestion."""
        lower = _milliseconds("min_ms", self.min_ms, 0.0)
        upper = _milliseconds("max_ms", self.max_ms, math.inf)
        if lower > upper:
            raise InvalidTraceQuestion(
                "min_ms", f"min_ms ({lower:g}) is more than max_ms ({upper:g})."
            )
        return lower, upper


def _milliseconds(name: str, text: str, default: float) -> float:
    if not text:
        return default
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 <= found < math.inf:
        raise InvalidTraceQuestion(
            name, f"{name} is {text[:40]!r}; expected milliseconds, such as 250."
        )
    return found


def _listed(values: Iterable[str]) -> tuple[str, ...]:
    parts = map(str.strip, ",".join(values).split(","))
    return tuple(part for part in parts if part)


def _pairs(question: TraceQuestion) -> Iterable[tuple[str, str]]:
    """What a URL says: all that is not the default."""
    shown_as_xray = question.language if question.language == "xray" else ""
    named = (
        ("q", question.q),
        ("filter", question.filter),
        ("language", shown_as_xray),
        ("since", question.since if question.since != DEFAULT_SINCE else ""),
        ("until", question.until if question.until != DEFAULT_UNTIL else ""),
        ("min_ms", question.min_ms),
        ("max_ms", question.max_ms),
        ("sort", "" if question.order is TraceOrder.NEWEST else question.order),
        ("versus", question.versus),
        ("account", ",".join(question.accounts)),
        ("region", ",".join(question.regions)),
        ("after", question.after),
    )
    yield from ((name, str(value)) for name, value in named if value)
