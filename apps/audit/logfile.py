"""CloudTrail log files, read record by record in bounded memory.

No JSON library goes on after a broken record, so the cutting is ours: about a
megabyte is cut where a record begins and parsed at once by orjson. Only what does
not parse, or holds numbers too long for it, is looked at record by record.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

import orjson

from apps.audit.boundaries import (
    beginnings,
    boundaries,
    first_boundary,
    last_boundary,
)
from apps.audit.gunzip import InflateError, inflated
from apps.audit.logrecords import (
    EXCERPT_BYTES,
    MAX_RECORD_BYTES,
    Broken,
    Record,
    as_record,
    exact_records,
    exact_value,
    has_huge_number,
    too_large,
)

Found = list[Record | Broken]

_PIECE_BYTES = 1 << 20
_WHOLE_FILE_BYTES = 16 << 20
# A false boundary inside a record is undone by joining pieces, so many at most.
_MAX_JOINED = 16

_RECORDS = re.compile(rb'\s*\{\s*"Records"\s*:\s*\[')
_RECORDS_END = re.compile(rb"\]\s*\}\s*\Z")
_LIST = re.compile(rb"\s*\[")
_LIST_END = re.compile(rb"\]\s*\Z")
_NO_END = re.compile(rb"\Z")
_LINE_OF_EVENT = re.compile(rb'[^\n]*"event(?:ID|Name|Version)"')
_AROUND = b" \t\r\n,"


class NotALog(ValueError):
    """A file that holds no CloudTrail records at all; says what it is instead."""


def read_log(chunks: Iterable[bytes]) -> Iterator[Found]:
    """The records of a log file, gzipped or plain, in lists of bounded size.

    Understands `{"Records": [...]}` as AWS delivers it, a plain list of records,
    one record a line, a single record, and what `aws cloudtrail lookup-events`
    prints. Raises NotALog for anything else. Damage is reported as Broken.
    """
    begin, pieces = _beginning(inflated(chunks))
    opening, ending = _RECORDS.match(begin), _RECORDS_END
    if opening is None:
        opening, ending = _LIST.match(begin), _LIST_END
    try:
        if opening is not None:
            start = opening.end()
            yield from _Reader(start, ending).read(chain((begin[start:],), pieces))
        elif begin.lstrip().startswith(b"{"):
            yield from _object_file(begin, pieces)
        elif begin.strip():
            raise NotALog("it is not JSON")
        else:
            _expect_end(pieces)
    except InflateError as error:
        yield [Broken(0, str(error), begin[:EXCERPT_BYTES])]


def _beginning(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Enough to tell what a file is, and the rest of it, damage included."""
    begin = b""
    try:
        for piece in pieces:
            begin += piece
            if len(begin) > EXCERPT_BYTES:
                break
    except InflateError as error:
        pieces = _raising(error)
    return begin.removeprefix(b"\xef\xbb\xbf"), pieces


def _raising(error: InflateError) -> Iterator[bytes]:
    yield b""
    raise error


def _expect_end(pieces: Iterator[bytes]) -> None:
    """Raises NotALog for an empty file, InflateError for a damaged one."""
    for _ in pieces:
        continue
    raise NotALog("it is empty")


def _object_file(begin: bytes, pieces: Iterator[bytes]) -> Iterator[Found]:
    """A file that begins with another object: a record, a line of one, an answer."""
    whole = begin
    for piece in pieces:
        whole += piece
        if len(whole) > _WHOLE_FILE_BYTES:
            break
    else:
        value = exact_value(whole)
        if isinstance(value, dict):
            yield from _object(value, whole)
            return
    if not _LINE_OF_EVENT.match(whole):
        raise NotALog("it is JSON of another kind")
    yield from _Reader(0, _NO_END).read(chain((whole,), pieces))


def _object(value: dict[str, object], whole: bytes) -> Iterator[Found]:
    records, events = value.get("Records"), value.get("Events")
    if isinstance(records, list):
        yield [as_record(record, 0) for record in records]
    elif isinstance(events, list):
        yield from (looked_up(event) for event in events)
    elif "eventName" in value and "eventSource" in value:
        yield exact_records(whole.strip(), 0) or []
    else:
        raise NotALog("it is JSON without CloudTrail records")


def looked_up(event: object) -> Found:
    """The record inside an event of LookupEvents: JSON text in CloudTrailEvent."""
    text = event.get("CloudTrailEvent") if isinstance(event, dict) else None
    if not isinstance(text, str):
        return [Broken(0, "the event has no CloudTrailEvent", b"")]
    body = text.encode("utf-8", "surrogatepass")
    return exact_records(body, 0) or [_unreadable(body, 0)]


class _Reader:
    """Reads records separated by commas or lines from pieces of a file."""

    def __init__(self, start: int, ending: re.Pattern[bytes]) -> None:
        self._offset = start  # where the buffer begins in the inflated file
        self._ending = ending
        self._buffer = b""
        self._is_skipping = False

    def read(self, pieces: Iterable[bytes]) -> Iterator[Found]:
        try:
            for piece in pieces:
                self._buffer += piece
                if len(self._buffer) >= _PIECE_BYTES:
                    yield from self._cut()
        except InflateError as error:
            yield self._damaged(str(error))
            return
        self._buffer = self._ending.sub(b"", self._buffer, count=1)
        yield self._rest()

    def _cut(self) -> Iterator[Found]:
        """Give out the complete records of the buffer and keep the rest."""
        at = last_boundary(self._buffer)
        if at is not None and not self._is_skipping:
            yield self._taken(at, is_last=False)
        if len(self._buffer) > MAX_RECORD_BYTES + _PIECE_BYTES or self._is_skipping:
            yield self._skip()

    def _skip(self) -> Found:
        """Drop a record without end up to where the next one begins."""
        found: Found = []
        if not self._is_skipping:
            found.append(too_large(self._buffer, self._offset))
        at = first_boundary(self._buffer)
        self._is_skipping = at is None
        # A boundary may be half here: the end of the buffer stays.
        self._drop(at or max(0, len(self._buffer) - EXCERPT_BYTES))
        return found

    def _rest(self) -> Found:
        if self._is_skipping:
            at = first_boundary(self._buffer)
            self._drop(len(self._buffer) if at is None else at)
        return self._taken(len(self._buffer), is_last=True)

    def _damaged(self, reason: str) -> Found:
        """What can be read before the place where the stream breaks off."""
        found = self._rest()
        cut = found[-1] if found else None
        if isinstance(cut, Broken):
            return [*found[:-1], Broken(cut.offset, reason, cut.excerpt)]
        return [*found, Broken(self._offset, reason, b"")]

    def _drop(self, length: int) -> None:
        self._buffer = self._buffer[length:]
        self._offset += length

    def _taken(self, length: int, *, is_last: bool) -> Found:
        """The records of the first `length` bytes, which leave the buffer; an
        unreadable end of them stays, in case the record goes on."""
        body, offset = self._buffer[:length], self._offset
        values, starts = _at_once(body), boundaries(body)[:-1]
        if values is not None and len(values) == len(starts):
            self._drop(length)
            return [
                as_record(value, offset + start)
                for value, start in zip(values, starts, strict=True)
            ]
        found, read = _one_by_one(body, offset)
        self._drop(read)
        if is_last and read < length:
            rest = body[read:].strip(_AROUND)
            found += _salvaged(rest, offset + read) if rest else []
            self._drop(length - read)
        return found


def _at_once(body: bytes) -> list[object] | None:
    """All values of a piece by one call of orjson, or None where it cannot."""
    if has_huge_number(body):
        return None
    try:
        values: list[object] = orjson.loads(b"[" + body.strip(_AROUND) + b"]")
    except orjson.JSONDecodeError:
        return None
    return values


def _one_by_one(body: bytes, offset: int) -> tuple[Found, int]:
    """Every record of a piece that can be read, and how many bytes are settled.

    A part that cannot be read, and is followed by a record, is broken. The last
    part may only be incomplete and is left.
    """
    edges = boundaries(body)
    found: Found = []
    unread: list[int] = []
    at = 0
    while at < len(edges) - 1:
        records, following = _joined(body, edges, at, offset)
        if records is None or (unread and not _are_events(records)):
            unread.append(at)
            at += 1
            continue
        if unread:
            found += _broken(body, edges, [*unread, at], offset)
            unread = []
        found += records
        at = following
    return found, edges[unread[0]] if unread else len(body)


def _broken(body: bytes, edges: list[int], parts: list[int], offset: int) -> Found:
    """The records that the parts before the last one would have been.

    A part without a time of its own is the inside of the record before it.
    """
    starts = [
        at
        for at in parts[:-1]
        if at == parts[0] or b'"eventTime"' in body[edges[at] : edges[at + 1]]
    ]
    ends = [*starts[1:], parts[-1]]
    return [
        one
        for at, end in zip(starts, ends, strict=True)
        for one in _salvaged(
            body[edges[at] : edges[end]].strip(_AROUND), offset + edges[at]
        )
    ]


def _salvaged(body: bytes, offset: int) -> Found:
    """A broken record; if it was never closed, also the whole one that follows."""
    for begins in beginnings(body)[-_MAX_JOINED:]:
        records = exact_records(body[begins:], offset + begins)
        if records and _are_events(records):
            return [_unreadable(body[:begins].strip(_AROUND), offset), *records]
    return [_unreadable(body, offset)]


def _are_events(found: Found) -> bool:
    """Whether these are records rather than objects from the inside of one."""
    return all(isinstance(one, Broken) or "eventTime" in one.value for one in found)


def _joined(
    body: bytes, edges: list[int], at: int, offset: int
) -> tuple[Found | None, int]:
    """The records that begin at an edge, over as many parts as it takes."""
    last = min(at + _MAX_JOINED, len(edges) - 1)
    for end in range(at + 1, last + 1):
        part = body[edges[at] : edges[end]].strip(_AROUND)
        if not part:
            return [], end
        if len(part) > MAX_RECORD_BYTES:
            break
        records = exact_records(part, offset + edges[at])
        if records is not None:
            return records, end
    return None, at


def _unreadable(body: bytes, offset: int) -> Broken:
    if len(body) > MAX_RECORD_BYTES:
        return too_large(body, offset)
    problem = exact_value(body)
    reason = str(problem) if isinstance(problem, ValueError) else "it is incomplete"
    return Broken(offset, reason, body[:EXCERPT_BYTES])
