"""The chain of the ledger, and what breaks it. Pure: rows and anchors come in, breaks
come out, so whoever holds copies of both can verify without this site."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

GENESIS = "0" * 64
"""What the first row of a stream has for the hash of the row before it."""


@dataclass(frozen=True, slots=True)
class Row:
    """`data` is canonical JSON, exactly the text that was hashed."""

    stream: str
    sequence: int
    at: datetime
    kind: str
    actor: str
    subject: str
    account: str
    data: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """What was noted outside: the last row of a stream then, and its hash. `place`
    says where the note is."""

    stream: str
    sequence: int
    hash: str
    at: str
    place: str


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain is broken, and what that means."""

    stream: str
    sequence: int
    says: str

    def __str__(self) -> str:
        return f"{self.stream} #{self.sequence}: {self.says}"


def canonical(value: object) -> str:
    """JSON whose members are sorted: the same text for the same value."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def hash_of(row: Row) -> str:
    """The hash that a row must have, hex; its own `hash` is not looked at."""
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    told = [
        row.previous, row.stream, row.sequence, at, row.kind, row.actor, row.subject,
        row.account, row.data,
    ]  # fmt: skip
    return hashlib.sha256(orjson.dumps(told)).hexdigest()


def breaks(
    rows: Iterable[Row], anchors: Sequence[Anchor], heads: Mapping[str, int]
) -> Iterator[Break]:
    """Every place where rows are not as they were written. `rows` come in the order of
    their streams and of their sequence; `heads` has the number of the last row of each
    stream as the database notes it."""
    noted: defaultdict[tuple[str, int], list[Anchor]] = defaultdict(list)
    for anchor in anchors:
        noted[anchor.stream, anchor.sequence].append(anchor)
    last: dict[str, Row] = {}
    for row in rows:
        yield from _row_breaks(row, last.get(row.stream))
        for anchor in noted.pop((row.stream, row.sequence), ()):
            if anchor.hash != row.hash:
                yield Break(
                    row.stream,
                    row.sequence,
                    f"is not the row that was anchored at {anchor.at} in "
                    f"{anchor.place}: the ledger was rewritten, or an old backup was "
                    "restored and written on.",
                )
        last[row.stream] = row
    yield from _tail_breaks(last, noted, heads)


def _row_breaks(row: Row, before: Row | None) -> Iterator[Break]:
    expected = before.sequence + 1 if before else 1
    if row.sequence != expected:
        gone = f"{expected} to {row.sequence - 1}"
        missing = str(expected) if row.sequence == expected + 1 else gone
        yield Break(row.stream, expected, f"row {missing} is missing.")
    elif row.previous != (before.hash if before else GENESIS):
        yield Break(
            row.stream,
            row.sequence,
            "does not follow the row before it: one of the two was changed, or rows "
            "were put in another order.",
        )
    if hash_of(row) != row.hash:
        yield Break(row.stream, row.sequence, "was edited: its hash does not fit.")


def _tail_breaks(
    last: Mapping[str, Row],
    noted: Mapping[tuple[str, int], Sequence[Anchor]],
    heads: Mapping[str, int],
) -> Iterator[Break]:
    ends = {stream: row.sequence for stream, row in last.items()}
    for stream, head in heads.items():
        end = ends.get(stream, 0)
        if head != end:
            yield Break(
                stream,
                end + 1,
                f"the tail is gone or was added to: the last row is {end}, the head "
                f"says {head}.",
            )
    for (stream, sequence), anchors in noted.items():
        if sequence > ends.get(stream, 0):
            yield Break(
                stream,
                ends.get(stream, 0) + 1,
                f"rows up to {sequence} are gone, which was anchored at "
                f"{anchors[0].at} in {anchors[0].place}: the tail was deleted, or an "
                "old backup was restored.",
            )
