"""Order-preserving keys, and patterns that match every string within a range.

An inverted index finds strings. A key of fixed width, whose order as text is the
order of the value, makes it find ranges of numbers, times, versions and addresses
under any path, declared or not. One pattern per range keeps it one query. A first
letter says what sort of key it is: numbers are not compared with times.
"""

import ipaddress
import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from math import inf, isfinite

_SIGN = 1 << 63
_EXACT = 2**53
_CACHED = 1 << 16
_SURROGATES = range(0xD800, 0xE000)
_LAST_CHARACTER = "\U0010ffff"
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_VERSION = re.compile(r"\d{1,9}(\.\d{1,9}){0,3}")
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)?)?"
)


@lru_cache(_CACHED)
def number_key(value: float) -> str:
    """Hex digits that sort as the number does: 16 for the nearest double, and 16
    more for whole numbers beyond 2**53, which stay exact."""
    nearest = _nearest_double(value)
    (bits,) = struct.unpack(">Q", struct.pack(">d", nearest + 0.0))
    ordered = bits ^ (0xFFFFFFFFFFFFFFFF if bits & _SIGN else _SIGN)
    key = f"n{ordered:016x}"
    if isinstance(value, int) and abs(value) > _EXACT and isfinite(nearest):
        key += f"{max(0, min(value - int(nearest) + _SIGN, 2 * _SIGN - 1)):016x}"
    return key


@lru_cache(_CACHED)
def address_key(text: str) -> str | None:
    """32 hex digits of an IPv4 (as IPv4-mapped) or IPv6 address; None if neither."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return f"a{0xFFFF << 32 | int(address):032x}"
    return f"a{int(address):032x}"


def network_keys(text: str) -> tuple[str, str] | None:
    """The first and last key of a network such as 10.0.0.0/8; None if it is none."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    first, last = address_key(str(network[0])), address_key(str(network[-1]))
    return (first, last) if first and last else None


@lru_cache(_CACHED)
def version_key(text: str) -> str | None:
    """32 hex digits for up to four dotted numbers: 1.10 sorts after 1.9."""
    if not _VERSION.fullmatch(text):
        return None
    parts = [int(part) for part in text.split(".")]
    return "v" + "".join(f"{part:08x}" for part in parts + [0] * (4 - len(parts)))


@lru_cache(_CACHED)
def time_key(text: str) -> str | None:
    """16 hex digits for an ISO 8601 date or time, UTC where it names no zone."""
    if not _TIME.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    elapsed = moment - datetime(1, 1, 1, tzinfo=UTC)
    microseconds = (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000
    return f"t{max(0, microseconds + elapsed.microseconds):016x}"


def as_number(text: str) -> float | None:
    """The number that `text` writes, whole where it is whole; None if it is none."""
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return int(text)
    except ValueError:
        return float(text)


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range of strings; None leaves a side open."""

    lower: str | None
    upper: str | None
    include_lower: bool = True
    include_upper: bool = True

    def is_empty(self) -> bool:
        if self.lower is None or self.upper is None:
            return False
        if self.lower == self.upper:
            return not (self.include_lower and self.include_upper)
        if self.lower + "\0" == self.upper:  # nothing lies between these two
            return not (self.include_lower or self.include_upper)
        return self.lower > self.upper


def key_range_pattern(bounds: Bounds) -> str:
    """A regular expression for the keys of one sort that lie within `bounds`, of
    which at least one is given."""
    sort = (bounds.lower or bounds.upper or "")[:1]
    digits = Bounds(
        None if bounds.lower is None else bounds.lower[1:],
        None if bounds.upper is None else bounds.upper[1:],
        bounds.include_lower,
        bounds.include_upper,
    )
    return sort + _RangePattern(last="f", rest="[0-9a-f]*").pattern(digits)


def text_range_pattern(bounds: Bounds) -> str:
    """A regular expression for the strings within `bounds`, in code point order.

    It matches whole strings and needs no back-reference, so an automaton over a
    term dictionary can run it. The bounds must not be empty.
    """
    return _RangePattern(last="\U0010ffff", rest="(?s:.*)").pattern(bounds)


@dataclass(frozen=True, slots=True)
class _RangePattern:
    """Builds a range as alternatives, one for each place where two strings differ."""

    last: str  # the greatest character of the alphabet
    rest: str  # matches any further characters

    def pattern(self, bounds: Bounds) -> str:
        lower, upper = bounds.lower or "", bounds.upper
        if upper is None:
            return self._above(lower, include=bounds.include_lower)
        if bounds.lower is None:
            return self._below(upper, include=bounds.include_upper) or ""
        if lower == upper:
            return re.escape(lower)
        return self._between(lower, upper, bounds)

    def _between(self, lower: str, upper: str, bounds: Bounds) -> str:
        shared = _shared_length(lower, upper)
        prefix, low, high = re.escape(lower[:shared]), lower[shared:], upper[shared:]
        if low:
            first = [
                re.escape(low[0]) + self._above(low[1:], include=bounds.include_lower)
            ]
            middle = self._starting(_after(low[0]), _before(high[0]))
        else:
            first = [""] if bounds.include_lower else []
            middle = self._starting("\0", _before(high[0]))
        below = self._below(high[1:], include=bounds.include_upper)
        last = [] if below is None else [re.escape(high[0]) + below]
        return prefix + _one_of([*first, *middle, *last])

    def _above(self, lower: str, *, include: bool) -> str:
        """Strings greater than `lower`, or equal where `include`."""
        pattern = self.rest if include else self._starting("\0", self.last)[0]
        for character in reversed(lower):
            greater = self._starting(_after(character), self.last)
            pattern = _one_of([re.escape(character) + pattern, *greater])
        return pattern

    def _below(self, upper: str, *, include: bool) -> str | None:
        """Strings less than `upper`, or equal where `include`; None if none are."""
        pattern = "" if include else None
        for character in reversed(upper):
            options = ["", *self._starting("\0", _before(character))]
            if pattern is not None:
                options.append(re.escape(character) + pattern)
            pattern = _one_of(options)
        return pattern

    def _starting(self, first: str, last: str) -> list[str]:
        """Any string whose first character lies between two; none if they cross."""
        if not last:
            return []
        low, high = ord(first), ord(last)
        # A pattern cannot name a surrogate, and no text holds one.
        low = _SURROGATES.stop if low in _SURROGATES else low
        high = _SURROGATES.start - 1 if high in _SURROGATES else high
        if low > high:
            return []
        return [f"[\\x{{{low:X}}}-\\x{{{high:X}}}]{self.rest}"]


def _shared_length(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    shorter = min(len(one), len(other))
    return next((at for at, (a, b) in enumerate(pairs) if a != b), shorter)


def _after(character: str) -> str:
    return chr(min(ord(character) + 1, 0x10FFFF))


def _before(character: str) -> str:
    return chr(ord(character) - 1) if character > "\0" else ""


def _one_of(options: list[str]) -> str:
    return "(?:" + "|".join(options) + ")"


def _nearest_double(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf
