"""One record of a log file: exact, or broken with a reason.

orjson reads almost everything. Numbers beyond 64 bits and lone surrogates it cannot
keep, so records with these are read by Python's own JSON and kept as they stand.
"""

import json
from dataclasses import dataclass

import orjson

from apps.search.documents import JsonObject, indexable
from apps.search.intake import Broken

MAX_RECORD_BYTES = 1 << 20
EXCERPT_BYTES = 4 << 10

_DIGITS_AS_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
_LONG_NUMBER = b"0" * 19
_BEFORE_A_NUMBER = frozenset(b":,[ -\t\r\n")


@dataclass(slots=True)
class Record:
    """A record as found: its value, its JSON, and where it begins in the file.

    `searchable` is its compact JSON where `raw` is not what an index can read: with
    white space, numbers beyond 64 bits, or halves of characters.
    """

    value: JsonObject
    raw: bytes
    offset: int
    searchable: bytes | None = None


def as_record(value: object, offset: int) -> Record | Broken:
    """A value that orjson read without loss."""
    try:
        raw = orjson.dumps(value)
    except orjson.JSONEncodeError:
        return Broken(offset, "it is nested too deeply", b"")
    if not isinstance(value, dict):
        return Broken(offset, "it is not a JSON object", raw[:EXCERPT_BYTES])
    if len(raw) > MAX_RECORD_BYTES:
        return too_large(raw, offset)
    return Record(value, raw, offset)


def exact_records(body: bytes, offset: int) -> list[Record | Broken] | None:
    """The record, or comma-separated records, of `body`; None where it is not JSON."""
    value = exact_value(body)
    if isinstance(value, dict):
        return [_exact(value, body, offset)]
    values = exact_value(b"[" + body + b"]")
    if not isinstance(values, list) or not values:
        return None
    return [_exact(value, json.dumps(value).encode(), offset) for value in values]


def exact_value(body: bytes) -> object:
    """A JSON value, numbers of any length exact; a ValueError where it is none."""
    try:
        return json.loads(body, parse_constant=_refuse)
    except RecursionError:
        return ValueError("it is nested too deeply")
    except ValueError as error:
        return ValueError(f"it is not valid JSON: {error}")


def too_large(body: bytes, offset: int) -> Broken:
    reason = f"the record is larger than {MAX_RECORD_BYTES >> 10:,} KiB"
    return Broken(offset, reason, body[:EXCERPT_BYTES])


def has_huge_number(body: bytes) -> bool:
    """Whether a number outside quotes may be too long for 64 bits."""
    digits = body.translate(_DIGITS_AS_ZERO)
    at = digits.find(_LONG_NUMBER)
    while at >= 0:
        if at == 0 or body[at - 1] in _BEFORE_A_NUMBER:
            return True
        at = digits.find(_LONG_NUMBER, at + len(_LONG_NUMBER))
    return False


def _exact(value: object, body: bytes, offset: int) -> Record | Broken:
    if not isinstance(value, dict):
        return Broken(offset, "it is not a JSON object", body[:EXCERPT_BYTES])
    if len(body) > MAX_RECORD_BYTES:
        return too_large(body, offset)
    try:
        searchable = orjson.dumps(indexable(value))
    except (RecursionError, orjson.JSONEncodeError):
        return Broken(offset, "it is nested too deeply", body[:EXCERPT_BYTES])
    return Record(orjson.loads(searchable), body, offset, searchable)


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is no JSON value")
