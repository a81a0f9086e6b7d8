"""Pages of events: what FilterLogEvents and GetLogEvents walk over."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from sandbox.kernel.errors import ApiError
from sandbox.logs.eventids import Position, event_id, parse_id
from sandbox.logs.filterpatterns import FilterPattern, TooExpensive, allowing
from sandbox.logs.groups import invalid
from sandbox.logs.ingestion import size_of
from sandbox.logs.store import EventStore, Row, Span

MOST_EVENTS = 10_000
_MOST_BYTES = 1_048_576
SCANNED_A_CALL = 10_000
"""A call looks at no more events than this and may find none of them fitting: pages
that are empty are not the last, as on AWS."""
_SECONDS_A_CALL = 1.0
_TOKEN_SECONDS = 86_400
_TOKEN = re.compile(
    r"(?P<way>[fb])/(?P<question>[0-9a-f]{16})/(\d{1,15})/(-?\d{1,15})-(-?\d{1,15})"
    r"-(-?\d{1,15})",
    re.ASCII,
)


Plain = tuple[int | str, ...]
"""A row as a tuple and nothing else: garbage collection passes over thousands of
these, which it does not do with a class of one's own, and each full one takes 0.1 s."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What fits: a pattern, and of which streams where there are too many to merge."""

    pattern: FilterPattern
    streams: Collection[int] | None = None

    def fits(self, row: Row) -> bool:
        if self.streams is not None and row.stream not in self.streams:
            return False
        return self.pattern.matches(row.message)


@dataclass(frozen=True, slots=True)
class Page:
    """Events, and the last position looked at where more may follow."""

    plain: Sequence[Plain]
    looked_at: Position | None

    @property
    def rows(self) -> Iterator[Row]:
        return map(Row._make, self.plain)


def search(store: EventStore, span: Span, wanted: Wanted, limit: int) -> Page:
    """The next page of the span."""
    building = _Building(wanted, limit)
    with allowing(_SECONDS_A_CALL), store.walk(span, SCANNED_A_CALL) as rows:
        is_all = building.take(rows) and building.looked < SCANNED_A_CALL
    return Page(building.found, None if is_all else building.looked_at)


@dataclass(slots=True)
class _Building:
    """A page that fills up."""

    wanted: Wanted
    limit: int
    found: list[Plain] = field(default_factory=list)
    size: int = 0
    looked: int = 0
    looked_at: Position | None = None

    def take(self, rows: Iterable[Row]) -> bool:
        """Look at rows until the page is full; whether they all had room.

        Raises TooExpensive where the first row alone takes too long to match.
        """
        fits, last = self.wanted.fits, None
        for row in rows:
            try:
                is_wanted = fits(row)
            except TooExpensive:
                if last is None:
                    raise
                break
            if is_wanted and not self._add(row):
                break
            last = row
            self.looked += 1
            if len(self.found) == self.limit:
                break
        else:
            self.looked_at = last.position if last else None
            return True
        self.looked_at = last.position if last else None
        return False

    def _add(self, row: Row) -> bool:
        size = size_of(row.message)
        if self.found and self.size + size > _MOST_BYTES:
            return False
        self.size += size
        self.found.append(tuple(row))
        return True


@dataclass(frozen=True, slots=True)
class Token:
    """Where a search goes on; good for the same question only, and for a day."""

    question: str
    issued: int
    position: Position
    newest_first: bool

    def text(self) -> str:
        way = "b" if self.newest_first else "f"
        numbers = "-".join(map(str, self.position))
        plain = f"{way}/{self.question}/{self.issued}/{numbers}"
        return base64.urlsafe_b64encode(plain.encode()).decode()


def digest(*parts: object) -> str:
    """A short name for a question."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def token_of(text: str, question: str, now: float) -> Token:
    """Raises InvalidParameterException for a token of another question or day."""
    try:
        plain = base64.urlsafe_b64decode(text.encode()).decode()
    except (ValueError, binascii.Error) as error:
        raise _bad_token() from error
    said = _TOKEN.fullmatch(plain)
    if said is None:
        raise _bad_token()
    issued, *position = map(int, said.groups()[2:])
    token = Token(said["question"], issued, Position(*position), said["way"] == "b")
    if token.question != question or now - token.issued > _TOKEN_SECONDS:
        raise _bad_token()
    return token


def going_on(span: Span, token: Token) -> Span:
    """The rest of a span; the token says which way."""
    if token.newest_first:
        before = min(span.before, token.position)
        return replace(span, before=before, newest_first=True)
    after = max(span.after, token.position)
    return replace(span, after=after, newest_first=False)


def only(span: Span, streams: Sequence[int]) -> Span:
    return replace(span, streams=tuple(streams))


def _bad_token() -> ApiError:
    return invalid("The specified nextToken is invalid.")


@dataclass(frozen=True, slots=True)
class StreamPage:
    """A page of GetLogEvents, oldest first, with the tokens to either side."""

    rows: list[Row]
    forward: str
    backward: str


def page_of_stream(
    store: EventStore, span: Span, limit: int, token: str | None
) -> StreamPage:
    """Tokens say where a page ends: `f/` what comes after, `b/` what comes before."""
    asked = span
    if token is not None:
        asked = _from_token(span, token)
    rows = _fitting(store.scan(asked, limit))
    if asked.newest_first:
        rows.reverse()
    if not rows:
        return _at_the_end(asked, token)
    return StreamPage(
        rows,
        f"f/{event_id(span.group, rows[-1].position)}/s",
        f"b/{event_id(span.group, rows[0].position)}/s",
    )


def _fitting(rows: list[Row]) -> list[Row]:
    """As many as fit into a page of 1 MB, one at least."""
    size = 0
    for at, row in enumerate(rows):
        size += size_of(row.message)
        if at and size > _MOST_BYTES:
            return rows[:at]
    return rows


def _from_token(span: Span, token: str) -> Span:
    position = _position_in(token, span.group)
    if token.startswith("f/"):
        return replace(span, after=max(span.after, position), newest_first=False)
    return replace(span, before=min(span.before, position), newest_first=True)


def _position_in(token: str, group: int) -> Position:
    parsed = parse_id(token[2:].removesuffix("/s"))
    if token[:2] not in {"f/", "b/"} or parsed is None or parsed[0] != group:
        raise _bad_token()
    return parsed[1]


def _at_the_end(span: Span, token: str | None) -> StreamPage:
    """Nothing there: the token that was sent comes back, and the other one leads to
    what was read last."""
    if token is None:
        here = event_id(span.group, Position(0, 0, 1))
        return StreamPage([], f"f/{here}/s", f"b/{here}/s")
    edge = _position_in(token, span.group)
    one = -1 if token.startswith("b/") else 1
    there = event_id(span.group, edge._replace(number=edge.number + one))
    if token.startswith("b/"):
        return StreamPage([], f"f/{there}/s", token)
    return StreamPage([], token, f"b/{there}/s")
