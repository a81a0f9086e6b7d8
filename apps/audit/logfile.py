"""CloudTrail log files, read record by record in bounded memory.

No JSON library goes on after a broken record, so the cutting is ours: about a
megabyte is cut where a record begins and parsed at once by orjson. Only what does
not parse, or holds numbers too long for it, is looked at record by record.
"""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain

import orjson

from apps.audit.boundaries import (
    boundaries,
    first_boundary,
    last_boundary,
    next_record,
)
from apps.audit.logrecords import (
    EXCERPT_BYTES,
    MAX_RECORD_BYTES,
    Record,
    as_record,
    exact_records,
    exact_value,
    has_huge_number,
    too_large,
)
from apps.search.gunzip import InflateError, inflated
from apps.search.intake import Broken, OtherContent

Found = list[Record | Broken]

_PIECE_BYTES = 1 << 20
_WHOLE_FILE_BYTES = 16 << 20
# What is tried in vain is paid for as if it were this long, up to a sum per file.
_LEAST_WASTED_BYTES = 16 << 10
_MOST_WASTED_BYTES = 256 << 20

_RECORDS = re.compile(rb'\s*\{\s*"Records"\s*:\s*\[')
_RECORDS_END = re.compile(rb"\]\s*\}\s*\Z")
_LIST = re.compile(rb"\s*\[")
_LIST_END = re.compile(rb"\]\s*\Z")
_NO_END = re.compile(rb"\Z")
_LINE_OF_EVENT = re.compile(rb'[^\n]*"event(?:ID|Name|Version)"')
_AROUND = b" \t\r\n,"
_BETWEEN = re.compile(
    r"[ \t\r\n,]*+(?:\][ \t\r\n]*+(?:,[^\[\]{}]*+)?\}?[ \t\r\n]*+"
    r'(?:\{[ \t\r\n]*+"Records"[ \t\r\n]*+:[ \t\r\n]*+\[)?[ \t\r\n,]*+)?'
)
_DECODER = json.JSONDecoder()


class TooDamaged(Exception):
    """Reading on would cost more than the rest of the file is worth."""


def read_log(chunks: Iterable[bytes]) -> Iterator[Found]:
    """The records of a log file, gzipped or plain, in lists of bounded size.

    Understands `{"Records": [...]}` as AWS delivers it, a plain list of records,
    one record a line, a single record, and what `aws cloudtrail lookup-events`
    prints. Raises OtherContent for anything else. Damage is reported as Broken.
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
            raise OtherContent("it is not JSON")
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
    """Raises OtherContent for an empty file, InflateError for a damaged one."""
    for _ in pieces:
        continue
    raise OtherContent("it is empty")


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
        raise OtherContent("it is JSON of another kind")
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
        raise OtherContent("it is JSON without CloudTrail records")


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
        self._wasted = 0

    def read(self, pieces: Iterable[bytes]) -> Iterator[Found]:
        try:
            yield from self._read(pieces)
        except TooDamaged:
            reason = "the file is too damaged to go on from here"
            yield [Broken(self._offset, reason, self._buffer[:EXCERPT_BYTES])]

    def _read(self, pieces: Iterable[bytes]) -> Iterator[Found]:
        try:
            for piece in pieces:
                self._buffer += piece
                if len(self._buffer) >= _PIECE_BYTES:
                    yield from self._cut()
                    self._check_waste()
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
        if self._is_skipping:
            yield self._skip()
        elif len(self._buffer) > MAX_RECORD_BYTES + _PIECE_BYTES:
            yield self._taken(len(self._buffer), is_last=False)
            if len(self._buffer) > MAX_RECORD_BYTES + _PIECE_BYTES:
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
        records = [one for one in found if isinstance(one, Record)]
        # What damage looks like to a JSON reader is nobody's business.
        cut = next((one for one in found if isinstance(one, Broken)), None)
        offset, excerpt = (cut.offset, cut.excerpt) if cut else (self._offset, b"")
        return [*records, Broken(offset, reason, excerpt)]

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
        reader = _OneByOne(body, offset, _MOST_WASTED_BYTES - self._wasted)
        read = reader.read()
        self._wasted += reader.wasted
        self._drop(read)
        if is_last and read < length:
            rest = body[read:].strip(_AROUND)
            reader.found += [_unreadable(rest, offset + read)] if rest else []
            self._drop(length - read)
        return reader.found

    def _check_waste(self) -> None:
        """Raises TooDamaged where more was tried in vain than any log is worth."""
        if self._wasted > _MOST_WASTED_BYTES:
            raise TooDamaged


def _at_once(body: bytes) -> list[object] | None:
    """All values of a piece by one call of orjson, or None where it cannot."""
    if has_huge_number(body):
        return None
    try:
        values: list[object] = orjson.loads(b"[" + body.strip(_AROUND) + b"]")
    except orjson.JSONDecodeError:
        return None
    return values


class _OneByOne:
    """Reads what cannot be parsed at once: a record at a time, each to its own end.

    What cannot be read is broken up to where the next record begins. Only what has
    an eventTime counts as one there: objects inside a broken record look alike.
    """

    def __init__(self, body: bytes, offset: int, allowance: int) -> None:
        self._body = body
        self._allowance = allowance
        self._text = body.decode("latin-1")  # a character is a byte
        self._offset = offset
        self._unread: int | None = None
        self.found: Found = []
        self.wasted = 0

    def read(self) -> int:
        """How many bytes are settled; an unreadable end may only be incomplete."""
        at = _skipped(self._text, 0)
        while at < len(self._text):
            following = self._next(at)
            if following is None:
                break
            at = _skipped(self._text, following)
        return len(self._text) if self._unread is None else self._unread

    def _next(self, at: int) -> int | None:
        """Where to go on after what begins at `at`; None where nothing begins."""
        try:
            value, end = _DECODER.raw_decode(self._text, at)
        except (ValueError, RecursionError) as error:
            end = getattr(error, "pos", at + _PIECE_BYTES)
            self.wasted += max(_LEAST_WASTED_BYTES, end - at)
            self._unread = at if self._unread is None else self._unread
            is_worth_it = self.wasted <= self._allowance
            return next_record(self._text, at + 1) if is_worth_it else None
        if self._unread is not None:
            if not (isinstance(value, dict) and "eventTime" in value):
                return next_record(self._text, at + 1)
            self._settle(at)
        body = self._body[at:end]
        self.found += exact_records(body, self._offset + at) or [
            _unreadable(body, self._offset + at)
        ]
        return end

    def _settle(self, end: int) -> None:
        """What could not be read ends where a record begins."""
        if self._unread is not None:
            body = self._body[self._unread : end].strip(_AROUND)
            self.found.append(_unreadable(body, self._offset + self._unread))
            self._unread = None


def _skipped(text: str, at: int) -> int:
    """The place after white space, commas, and the end of one list of records with
    the beginning of another."""
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _unreadable(body: bytes, offset: int) -> Broken:
    if len(body) > MAX_RECORD_BYTES:
        return too_large(body, offset)
    problem = exact_value(body)
    reason = str(problem) if isinstance(problem, ValueError) else "it is incomplete"
    return Broken(offset, reason, body[:EXCERPT_BYTES])
