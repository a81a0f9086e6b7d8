"""What subscription filters send: JSON in gzip, several in a row where Firehose put
them together. Pure.

A document is {messageType, owner, logGroup, logStream, subscriptionFilters,
logEvents: [{id, timestamp, message}]}; CONTROL_MESSAGE only tries out the way. Source:
CloudWatch Logs user guide, "Real-time processing of log data with subscriptions".
"""

from __future__ import annotations

import base64
import binascii
import codecs
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from apps.search.gunzip import InflateError, inflated
from apps.search.intake import Broken

MAX_RECORD_BYTES = 64 << 20
"""What one record may inflate to: Kinesis and Firehose take 1 MiB, which gzip can make
a thousand times larger, and CloudWatch Logs never does."""
MAX_DOCUMENT_CHARACTERS = 16 << 20
MAX_MESSAGE_CHARACTERS = 2 << 20
EXCERPT_BYTES = 2_000
_BEGINNING = '{"messageType"'
_WHITE = (" ", "\t", "\r", "\n")
_KINDS = ("DATA_MESSAGE", "CONTROL_MESSAGE")
_TEXTS = ("owner", "logGroup", "logStream")
_LATEST_MS = 1 << 48


@dataclass(frozen=True, slots=True)
class EnvelopeEvent:
    id: str
    timestamp_ms: int
    message: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """Events of one stream. `owner` is the account whose group it is. A test message
    has no events and no group. `broken` are events that could not be read. `offset` is
    where it begins in what it was read from."""

    owner: str
    group: str
    stream: str
    filters: tuple[str, ...] = ()
    events: tuple[EnvelopeEvent, ...] = ()
    broken: tuple[Broken, ...] = ()
    is_control: bool = False
    offset: int = 0


def from_base64(text: str) -> Iterator[Envelope | Broken]:
    """The envelopes of Lambda's `awslogs.data` or of a record of Firehose."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        yield Broken(0, f"no base64: {error}", _excerpt(text))
        return
    yield from from_record(data)


def from_record(data: bytes) -> Iterator[Envelope | Broken]:
    """The envelopes of one record, gzipped or not."""
    plain = bytearray()
    problem = ""
    try:
        for piece in inflated((data,)):
            plain += piece
            if len(plain) > MAX_RECORD_BYTES:
                yield Broken(0, _TOO_LARGE, bytes(plain[:EXCERPT_BYTES]))
                return
    except InflateError as error:
        problem = str(error)
    yield from _from_plain(bytes(plain))
    if problem:
        yield Broken(len(plain), problem, b"")


_TOO_LARGE = f"a record that inflates to more than {MAX_RECORD_BYTES >> 20} MiB"


def _from_plain(plain: bytes) -> Iterator[Envelope | Broken]:
    """Nearly always there is one document, which orjson reads fastest."""
    try:
        yield envelope(orjson.loads(plain), 0)
    except orjson.JSONDecodeError:
        yield from from_stream((plain,))


def from_stream(pieces: Iterable[bytes]) -> Iterator[Envelope | Broken]:
    """The envelopes of a plain stream, one after the other with or without white space
    between them, in bounded memory. What is broken is left out up to where the next
    document seems to begin."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    splitting = _Splitting()
    for piece in pieces:
        splitting.text += decode(piece)
        yield from splitting.found(is_end=False)
    splitting.text += decode(b"", final=True)
    yield from splitting.found(is_end=True)


class _Splitting:
    """Cuts text into documents."""

    def __init__(self) -> None:
        self.text = ""
        self._at = 0
        self._cut = 0
        self._decode = json.JSONDecoder().raw_decode

    def found(self, *, is_end: bool) -> Iterator[Envelope | Broken]:
        """The documents that are whole; what is left waits for more."""
        while self._skip_white():
            began = self._at
            try:
                value, self._at = self._decode(self.text, began)
            except (ValueError, RecursionError) as error:
                if not is_end and len(self.text) - began <= MAX_DOCUMENT_CHARACTERS:
                    break  # it may only be cut off
                yield self._broken(error)
                continue
            yield envelope(value, self._cut + began)
        self._cut += self._at
        self.text = self.text[self._at :]
        self._at = 0

    def _broken(self, error: Exception) -> Broken:
        excerpt = _excerpt(self.text[self._at : self._at + EXCERPT_BYTES])
        broken = Broken(self._cut + self._at, f"no JSON document: {error}", excerpt)
        after = self.text.find(_BEGINNING, self._at + 1)
        self._at = after if after > 0 else len(self.text)
        return broken

    def _skip_white(self) -> bool:
        while self.text[self._at : self._at + 1] in _WHITE:
            self._at += 1
        return self._at < len(self.text)


def envelope(value: Any, offset: int) -> Envelope | Broken:
    """A document as an envelope; Broken where it is none, with why."""
    problem = _problem_of(value)
    if problem:
        return Broken(offset, problem, _excerpt(json.dumps(value)))
    if value["messageType"] == "CONTROL_MESSAGE":
        return Envelope(value["owner"], "", "", is_control=True)
    events, broken = [], []
    for one in value["logEvents"]:
        event = _event(one)
        if event is None:
            reason = "an event without id, timestamp and message"
            broken.append(Broken(offset, reason, _excerpt(json.dumps(one))))
        else:
            events.append(event)
    return Envelope(
        value["owner"],
        value["logGroup"],
        value["logStream"],
        tuple(str(name) for name in value.get("subscriptionFilters") or ()),
        tuple(events),
        tuple(broken),
        offset=offset,
    )


def _problem_of(value: Any) -> str:
    if not isinstance(value, Mapping) or value.get("messageType") not in _KINDS:
        return (
            "no envelope of a subscription filter. Where Firehose extracts messages or "
            "transforms them, switch that off"
        )
    if not all(isinstance(value.get(name), str) for name in _TEXTS):
        return "an envelope without owner, logGroup and logStream"
    is_control = value["messageType"] == "CONTROL_MESSAGE"
    if not is_control and not value["logGroup"]:
        return "an envelope of no log group"
    if not isinstance(value.get("logEvents"), list):
        return "an envelope without logEvents"
    return ""


def _event(one: Any) -> EnvelopeEvent | None:
    if not isinstance(one, Mapping):
        return None
    event_id, timestamp, message = (
        one.get(name) for name in ("id", "timestamp", "message")
    )
    if not isinstance(event_id, str) or not event_id or not isinstance(message, str):
        return None
    if type(timestamp) is not int or not 0 <= timestamp < _LATEST_MS:
        return None
    if len(message) > MAX_MESSAGE_CHARACTERS:
        return None
    return EnvelopeEvent(event_id, timestamp, message)


def _excerpt(text: str) -> bytes:
    return text[:EXCERPT_BYTES].encode("utf-8", "replace")[:EXCERPT_BYTES]
