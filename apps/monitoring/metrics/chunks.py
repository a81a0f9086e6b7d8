"""Samples of a stretch of time in few bytes, and back bit for bit. Pure.

A chunk holds what fell into SPAN periods of a series, column by column. Of each column
the shortest of these is kept, as whole numbers in the bits they need:

- the same as a column before it (Sum and SampleCount of requests, Minimum and Maximum
  of what is constant);
- multiples of a power of two: counters, bytes, differences of clocks;
- multiples of a power of ten: milliseconds with two digits, with what adding them up
  has rounded away in units of the last bit;
- the bits of the number, which order positive numbers as the numbers themselves.

Where a period holds one measurement, Sum, Minimum and Maximum are one number.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from apps.monitoring.metrics import bitpacking
from apps.monitoring.metrics.bitpacking import Integers, number, read_number
from apps.monitoring.metrics.lines import Seconds, Values

# Periods in a chunk: six hours of minutes, 30 hours of 300 s, 15 days of hours.
# Longer ones pack little better, and are rewritten whole by every late value.
SPAN = 360
_FORMAT = 1
_SINGLES = 1
_SAME, _BINARY, _DECIMAL, _BITS = range(4)
# The columns of Samples.
_COUNT, _SUM, _MINIMUM, _MAXIMUM = range(4)
_ALL_FOUR = 4
_MOST_DIGITS = 9
# Above so many bits a number looks like noise, and powers of ten are worth a try.
_NOISY_BITS = 34
_EXACT = 2.0**53
_MOST_ULPS = 128
_TRIED_FIRST = 8


def chunk_start(time: int, period_seconds: int) -> int:
    """The start of the chunk that a time belongs to; the same for every series."""
    return time - time % (SPAN * period_seconds)


def pack(times: Seconds, columns: Sequence[Values]) -> bytes:
    """A chunk of ascending times and as many values in each column."""
    single = _are_singles_one_number(columns)
    flags = _SINGLES if single else 0
    head = bytes([_FORMAT, flags, len(columns)]) + number(len(times))
    step = int(np.gcd.reduce(np.diff(times))) or 1 if len(times) > 1 else 1
    first = int(times[0]) if len(times) else 0
    packed = [head, number(first), number(step)]
    packed.append(bitpacking.pack((times - first) // step))
    kept = _without_singles(columns) if single else columns
    packed += [_pack_column(kept, place) for place in range(len(kept))]
    return b"".join(packed)


def unpack(packed: bytes) -> tuple[Seconds, list[Values]]:
    """The times and columns of a chunk."""
    times, at = _times(packed)
    columns: list[Values] = []
    for place in range(packed[2]):
        many = len(times)
        if packed[1] & _SINGLES and place >= _MINIMUM:
            many = int(np.count_nonzero(columns[_COUNT] != 1))
        column, at = _unpack_column(packed, at, (many, columns))
        columns.append(column)
    if packed[1] & _SINGLES:
        columns = _with_singles(columns)
    return times, columns


def times_of(packed: bytes) -> Seconds:
    """The times of a chunk alone."""
    return _times(packed)[0]


def _times(packed: bytes) -> tuple[Seconds, int]:
    if packed[0] != _FORMAT:
        raise ValueError(f"chunk of an unknown format: {packed[0]}")
    count, at = read_number(packed, 3)
    first, at = read_number(packed, at)
    step, at = read_number(packed, at)
    offsets, at = bitpacking.unpack(packed, at, count)
    return offsets * step + first, at


def bits(values: Values) -> Integers:
    """The numbers' bits: two numbers are the same where these are."""
    return np.ascontiguousarray(values).view(np.int64)


# --- Periods of one measurement ----------------------------------------------------


def _are_singles_one_number(columns: Sequence[Values]) -> bool:
    if len(columns) != _ALL_FOUR:
        return False
    single = columns[_COUNT] == 1
    total, *others = (bits(column)[single] for column in columns[_SUM:])
    return all(np.array_equal(total, other) for other in others)


def _without_singles(columns: Sequence[Values]) -> list[Values]:
    several = columns[_COUNT] != 1
    ends = [column[several] for column in columns[_MINIMUM:]]
    return [*columns[:_MINIMUM], *ends]


def _with_singles(columns: list[Values]) -> list[Values]:
    several = columns[_COUNT] != 1
    whole = [columns[_SUM].copy() for _ in columns[_MINIMUM:]]
    for made, kept in zip(whole, columns[_MINIMUM:], strict=True):
        made[several] = kept
    return [*columns[:_MINIMUM], *whole]


# --- Columns -----------------------------------------------------------------------


def _pack_column(columns: Sequence[Values], place: int) -> bytes:
    column = columns[place]
    for earlier in range(place):
        if np.array_equal(bits(columns[earlier]), bits(column)):
            return bytes([_SAME, earlier])
    binary = _as_binary(column)
    if binary is not None and _width(binary[1]) <= _NOISY_BITS:
        return bytes([_BINARY]) + number(binary[0]) + bitpacking.pack(binary[1])
    decimal = _as_decimal(column)
    if decimal is not None:
        digits, whole, rounded = decimal
        streams = bitpacking.pack(whole) + bitpacking.pack(rounded)
        return bytes([_DECIMAL, digits]) + streams
    if binary is not None and _width(binary[1]) < _width(bits(column)):
        return bytes([_BINARY]) + number(binary[0]) + bitpacking.pack(binary[1])
    return bytes([_BITS]) + bitpacking.pack(bits(column))


def _unpack_column(
    packed: bytes, at: int, known: tuple[int, Sequence[Values]]
) -> tuple[Values, int]:
    """A column, and where it ends; `known`: its length and the columns before it."""
    count, columns = known
    kind = packed[at]
    if kind == _SAME:
        return columns[packed[at + 1]], at + 2
    if kind == _BITS:
        whole, at = bitpacking.unpack(packed, at + 1, count)
        return whole.view(np.float64), at
    if kind == _BINARY:
        scale, at = read_number(packed, at + 1)
        whole, at = bitpacking.unpack(packed, at, count)
        return np.ldexp(whole.astype(np.float64), -scale), at
    digits = packed[at + 1]
    whole, at = bitpacking.unpack(packed, at + 2, count)
    rounded, at = bitpacking.unpack(packed, at, count)
    return (bits(whole / 10.0**digits) + rounded).view(np.float64), at


def _width(whole: Integers) -> int:
    if not len(whole):
        return 0
    return (int(whole.max()) - int(whole.min())).bit_length()


def _as_binary(column: Values) -> tuple[int, Integers] | None:
    """The values times a power of two as whole numbers: the least power that does.

    None where a value is not a number, a negative zero, or too long for 53 bits.
    """
    if not np.isfinite(column).all():
        return None
    is_zero = column == 0
    if np.signbit(column[is_zero]).any():
        return None
    fraction, exponent = np.frexp(column[~is_zero])
    if not len(exponent):
        return 0, np.zeros(len(column), np.int64)
    mantissa = np.ldexp(fraction, 53).astype(np.int64)
    lowest = np.frexp((mantissa & -mantissa).astype(np.float64))[1] - 1
    scale = int((53 - exponent - lowest).max())
    if int(exponent.max()) + scale > 53:  # noqa: PLR2004 - bits of a float's mantissa
        return None
    return scale, np.ldexp(column, scale).astype(np.int64)


def _as_decimal(column: Values) -> tuple[int, Integers, Integers] | None:
    """Digits, the values times ten to their power, and the last bits that are off."""
    if not np.isfinite(column).all():
        return None
    if len(column) and float(np.abs(column).max()) > _EXACT:
        return None
    for digits in range(1, _MOST_DIGITS + 1):
        if _decimal(column[:_TRIED_FIRST], digits) is None:
            continue
        found = _decimal(column, digits)
        if found is not None:
            return digits, *found
    return None


def _decimal(column: Values, digits: int) -> tuple[Integers, Integers] | None:
    scaled = np.rint(column * 10.0**digits)
    if not (np.abs(scaled) < _EXACT).all():
        return None
    whole = scaled.astype(np.int64)
    off: npt.NDArray[np.int64] = bits(column) - bits(whole / 10.0**digits)
    is_near = not len(off) or (off.min() > -_MOST_ULPS and off.max() < _MOST_ULPS)
    return (whole, off) if is_near else None
