"""One number to sort documents by: their time, then a hash of their id."""

import zlib

_TIE_BITS = 21


def order_of(time_ms: int, document_id: str) -> int:
    """43 bits of milliseconds, 21 of the id's hash: all but unique."""
    return time_ms << _TIE_BITS | zlib.crc32(document_id.encode()) >> (32 - _TIE_BITS)


def time_of_order(order: int) -> int:
    return order >> _TIE_BITS
