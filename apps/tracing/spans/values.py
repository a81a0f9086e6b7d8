"""Values out of documents that anybody may have written: read where they are what they
should be, bounded, and fit for every store."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from apps.search.documents import JsonObject
from apps.tracing.spans.span import Outcome, Value

NAME_LENGTH = 200
TEXT_LENGTH = 2_000
# Between 2000 and 2200: what the store can hold, in microseconds since 1970.
EARLIEST_US = 946_684_800_000_000
LATEST_US = 7_258_118_400_000_000
_ANNOTATION_LENGTH = 1_000
_MOST_ANNOTATIONS = 200
_LARGEST_NUMBER = 2**63
_STATUSES = range(1_000)
_FAULTS, _ERRORS, _THROTTLED = range(500, 1_000), range(400, 500), 429
_NOTHING: Mapping[str, Any] = {}
_ID = re.compile(r"[0-9a-fA-F]{1,16}")
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_SERVICE_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}")


class InvalidSpan(ValueError):
    """What cannot be a span: says what of it is wrong, and what would be right."""


def shown(value: object) -> str:
    """A wrong value as problems name it."""
    return "missing" if value is None else repr(value)[:60]


def text(value: object, length: int = NAME_LENGTH) -> str:
    """A string as databases and JSON can hold it; empty where it is none."""
    if type(value) is not str or not value:
        return ""
    if len(value) > length:
        value = value[:length]
    if value.isascii() and "\x00" not in value:
        return value
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def part(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An inner object; an empty one where there is something else."""
    found = holder.get(name)
    return found if type(found) is dict else _NOTHING


def objects(value: object) -> list[JsonObject]:
    """The objects of a list; none where it is no list."""
    if type(value) is not list:
        return []
    return [one for one in value if type(one) is dict]


def hex_id(value: object) -> str:
    """A span's id as 16 lower-case digits; empty where it is none."""
    if type(value) is not str or _ID.fullmatch(value) is None:
        return ""
    return value.lower().rjust(16, "0")


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number that a clock could show."""
    kind = type(value)
    return kind is int or (kind is float and math.isfinite(value))  # type: ignore[arg-type]


def whole(value: object) -> int | None:
    """A whole number of 64 bits, also where it is written as text."""
    if type(value) is str and value.isascii() and len(value) < 20:  # noqa: PLR2004  # digits of 64 bits
        digits = value[1:] if value[:1] == "-" else value
        value = int(value) if digits.isdigit() else None
    if type(value) is int and -_LARGEST_NUMBER <= value < _LARGEST_NUMBER:
        return value
    return None


def status(value: object) -> int:
    """A status of HTTP; 0 where it is none."""
    found = whole(value)
    return found if found is not None and found in _STATUSES else 0


def size(value: object) -> int:
    """Bytes; -1 where they are not told."""
    found = whole(value)
    return found if found is not None and found >= 0 else -1


def outcome_of(http_status: int) -> Outcome:
    """What a status of HTTP says of how a span ended."""
    if http_status in _FAULTS:
        return Outcome.FAULT
    if http_status == _THROTTLED:
        return Outcome.ERROR | Outcome.THROTTLE
    return Outcome.ERROR if http_status in _ERRORS else Outcome.OK


def annotation(value: object) -> Value | None:
    """A value by which traces can be searched; None for others."""
    kind = type(value)
    if kind is str:
        return text(value, _ANNOTATION_LENGTH)
    if kind is bool:
        return value  # type: ignore[return-value]
    if kind is int:
        return whole(value)
    return value if kind is float and is_number(value) else None


def searchable(found: Mapping[str, Any]) -> dict[str, Value]:
    """What of them is text, a number or a boolean, up to 200 of them."""
    if not found:
        return {}
    kept: dict[str, Value] = {}
    for name, value in found.items():
        read = annotation(value)
        if read is not None and name and len(kept) < _MOST_ANNOTATIONS:
            kept[text(name)] = read
    return kept


def path_of(url: str) -> str:
    """The path of an address; empty where it has none."""
    begin = url.find("://")
    begin = url.find("/", begin + 3 if begin >= 0 else 0)
    if begin < 0:
        return ""
    path = url[begin:]
    for mark in "?#":
        end = path.find(mark)
        if end >= 0:
            path = path[:end]
    return path


def request_line(method: str, url: str) -> str:
    """What an HTTP call asks for, such as GET /orders/7."""
    return f"{method} {path_of(url)}".strip()


def account_of(value: object) -> str:
    """An AWS account's number; empty where it is none."""
    return value if type(value) is str and _ACCOUNT.fullmatch(value) else ""


def region_of_arn(arn: str) -> str:
    pieces = arn.split(":", 4)
    region = pieces[3] if len(pieces) > 4 else ""  # noqa: PLR2004  # arn:aws:service:region:
    return region if _SERVICE_REGION.fullmatch(region) else ""


def region_of_zone(zone: str) -> str:
    """us-west-2c lies in us-west-2."""
    region = zone.rstrip("abcdefghijklmnopqrstuvwxyz")
    return region if _SERVICE_REGION.fullmatch(region) else ""
