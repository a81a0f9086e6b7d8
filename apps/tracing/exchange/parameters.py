"""Parameters of the query APIs of Jaeger and Zipkin. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import orjson

from apps.search.timerange import EARLIEST, LATEST, TimeRange

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|m|h))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h)")
_MICROSECONDS = {
    "ns": 0.001,
    "us": 1,
    "µs": 1,
    "μs": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
}
_LONGEST_NUMBER = 18


class BadParameter(ValueError):
    """Says which parameter is wrong, and what was expected."""


def number(text: str, name: str, default: int, least: int = 0) -> int:
    """A whole number."""
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise BadParameter(f"{name} is a whole number, and not {text[:40]}")
    if int(text) < least:
        raise BadParameter(f"{name} is {least} or more")
    return int(text)


def moment(microseconds: int) -> datetime:
    """A time, as near as the store can hold it."""
    earliest, latest = EARLIEST.timestamp(), LATEST.timestamp()
    seconds = min(max(microseconds / 1_000_000, earliest), latest - 1)
    return datetime.fromtimestamp(seconds, UTC)


def until(end: datetime, lookback: timedelta) -> TimeRange:
    """The time before a moment, which is included."""
    since = max(EARLIEST, end - min(lookback, end - EARLIEST))
    return TimeRange(since, end + timedelta(milliseconds=1))


def go_duration(text: str, name: str) -> int | None:
    """Microseconds of a duration as Go writes them, such as 1.5s or 1m30s; None where
    none is asked for."""
    if not text:
        return None
    if not _DURATION.fullmatch(text) or len(text) > _LONGEST_NUMBER:
        raise BadParameter(f"{name} is a duration such as 100ms, 1.2s or 1m30s")
    parts = _PART.findall(text)
    return round(sum(float(count) * _MICROSECONDS[unit] for count, unit in parts))


def jaeger_tags(tags: str, singles: Sequence[str]) -> dict[str, str | None]:
    """`tags` is a JSON object, each of `singles` KEY:VALUE."""
    found: dict[str, str | None] = {}
    for one in singles:
        key, colon, value = one.partition(":")
        if not colon:
            raise BadParameter(f"tag is KEY:VALUE, and not {one[:40]}")
        found[key] = value
    if not tags:
        return found
    try:
        told = orjson.loads(tags)
    except orjson.JSONDecodeError as error:
        raise BadParameter("tags is a JSON object of texts") from error
    if not isinstance(told, Mapping):
        raise BadParameter("tags is a JSON object of texts")
    for key, value in told.items():
        if not isinstance(value, str):
            raise BadParameter(f"the value of tag {key[:40]} is a text")
        found[key] = value
    return found


def annotation_query(text: str) -> dict[str, str | None]:
    """Zipkin's: `error and http.method=GET`."""
    found: dict[str, str | None] = {}
    for part in text.split(" and "):
        key, equals, value = part.strip().partition("=")
        if key:
            found[key] = value if equals else None
    return found
