"""Whole numbers in few bytes: the bits they need, or deflated. Pure.

A stream says how it is to be read: its mode, its width in bits, the least number, then
what each number has above it. Numbers that climb are kept as their steps.
"""

from __future__ import annotations

import zlib
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Integers: TypeAlias = npt.NDArray[np.int64]
_Unsigned: TypeAlias = npt.NDArray[np.uint64]

_STEPS = 1
_DEFLATED = 2
# Below so many bytes deflate's own tables cost more than they save.
_WORTH_DEFLATING = 40
# Differences of numbers further apart than this might not fit into 64 bits.
_WIDEST_STEPS = 62
_LEVEL = 6


def number(value: int) -> bytes:
    """An integer of any size, after a byte that says how many bytes it has."""
    size = (value.bit_length() + 8) // 8 if value else 0
    return bytes([size]) + value.to_bytes(size, "little", signed=True)


def read_number(packed: bytes, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    end = at + 1 + packed[at]
    return int.from_bytes(packed[at + 1 : end], "little", signed=True), end


def pack(values: Integers) -> bytes:
    """A stream of any 64-bit integers; how many is for the reader to know."""
    if not len(values):
        return b""
    low, high = int(values.min()), int(values.max())
    width = (high - low).bit_length()
    if 0 < width < _WIDEST_STEPS and len(values) > 1:
        steps = np.diff(values)
        least = int(steps.min())
        needed = (int(steps.max()) - least).bit_length()
        if needed < width:
            first = number(int(values[0]))
            return _stream(_STEPS, needed, number(least) + first, _above(steps, least))
    return _stream(0, width, number(low), _above(values, low))


def unpack(packed: bytes, at: int, count: int) -> tuple[Integers, int]:
    """`count` numbers of the stream that begins at `at`, and where it ends."""
    if not count:
        return np.empty(0, np.int64), at
    mode, width = packed[at], packed[at + 1]
    low, at = read_number(packed, at + 2)
    if not mode & _STEPS:
        above, at = _read(packed, at, mode & _DEFLATED, (count, width))
        return _raised(above, low), at
    first, at = read_number(packed, at)
    above, at = _read(packed, at, mode & _DEFLATED, (count - 1, width))
    values = np.empty(count, np.int64)
    values[0] = first
    values[1:] = _raised(above, low)
    return np.cumsum(values), at


def _above(values: Integers, low: int) -> _Unsigned:
    return values.view(np.uint64) - np.uint64(low % 2**64)


def _raised(above: _Unsigned, low: int) -> Integers:
    return (above + np.uint64(low % 2**64)).view(np.int64)


def _stream(mode: int, width: int, begin: bytes, above: _Unsigned) -> bytes:
    """The shorter of bits side by side and deflated planes of bytes."""
    if not width:
        return bytes([mode, 0]) + begin
    octets = above.view(np.uint8).reshape(-1, 8)
    bits = np.unpackbits(octets, axis=1, count=width, bitorder="little")
    side_by_side = np.packbits(bits, bitorder="little").tobytes()
    if len(side_by_side) > _WORTH_DEFLATING:
        planes = octets[:, : (width + 7) // 8].T.tobytes()
        deflated = zlib.compress(planes, _LEVEL, -zlib.MAX_WBITS)
        if len(deflated) + 4 < len(side_by_side):
            size = number(len(deflated))
            return bytes([mode | _DEFLATED, width]) + begin + size + deflated
    return bytes([mode, width]) + begin + side_by_side


def _read(
    packed: bytes, at: int, is_deflated: int, shape: tuple[int, int]
) -> tuple[_Unsigned, int]:
    """What stands above the least number, for a shape of (count, width)."""
    count, width = shape
    if not width:
        return np.zeros(count, np.uint64), at
    whole = np.zeros((count, 8), np.uint8)
    size = (width + 7) // 8
    if is_deflated:
        length, at = read_number(packed, at)
        end = at + length
        planes = zlib.decompress(packed[at:end], -zlib.MAX_WBITS, size * count)
        whole[:, :size] = np.frombuffer(planes, np.uint8).reshape(size, count).T
    else:
        end = at + (count * width + 7) // 8
        octets = np.frombuffer(packed, np.uint8, end - at, at)
        bits = np.unpackbits(octets, count=count * width, bitorder="little")
        rows = np.packbits(bits.reshape(count, width), axis=1, bitorder="little")
        whole[:, :size] = rows
    return whole.view(np.uint64).reshape(count), end
