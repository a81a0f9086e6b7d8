"""Where an event lies in its group, and the id of 56 digits that says so."""

from __future__ import annotations

from typing import NamedTuple

_BITS = 48
_MASK = (1 << _BITS) - 1
DIGITS = 56


class Position(NamedTuple):
    """FilterLogEvents' order: timestamp, ingestion (both in ms), number of arrival."""

    timestamp: int
    ingested: int
    number: int


FIRST = Position(-1, 0, 0)
_END = 1 << _BITS
LAST = Position(_END, 0, 0)


def before(timestamp: int) -> Position:
    """Lies before every event of that millisecond; all of them are before year 10889,
    and SQLite's numbers end some time after."""
    return Position(max(-1, min(timestamp, _END)), -1, -1)


def event_id(group: int, position: Position) -> str:
    """AWS's ids too start with the timestamp shifted by 144 bits."""
    timestamp, ingested, number = position
    whole = (((timestamp << _BITS | group) << _BITS) | ingested) << _BITS | number
    return str(whole).zfill(DIGITS)


def parse_id(text: str) -> tuple[int, Position] | None:
    """Group and position of an id, or None where it is none."""
    if len(text) != DIGITS or not text.isascii() or not text.isdigit():
        return None
    whole = int(text)
    number, ingested, group = (whole >> (_BITS * n) & _MASK for n in range(3))
    return group, Position(whole >> (3 * _BITS), ingested, number)
