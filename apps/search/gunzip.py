"""Inflates a stream piece by piece, never beyond what a real log can be."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

MAGIC = b"\x1f\x8b"
# Real CloudTrail files inflate ten to thirty times. DEFLATE can reach 1,032 times:
# judged only once enough came out for the ratio to mean something.
MAX_RATIO = 250
_RATIO_FROM_BYTES = 64 << 20
MAX_INFLATED_BYTES = 16 << 30
_PIECE_BYTES = 1 << 20
_SMALL_BYTES = 64


class InflateError(ValueError):
    """A stream that is cut off, damaged or larger than a log can be."""


@dataclass(slots=True)
class _Meter:
    """Counts what went in and came out, and stops what cannot be a log."""

    taken: int = 0
    given: int = 0

    def check(self) -> None:
        if self.given > MAX_INFLATED_BYTES:
            raise InflateError(f"inflates to more than {MAX_INFLATED_BYTES >> 30} GiB")
        if self.given > _RATIO_FROM_BYTES and self.given > MAX_RATIO * self.taken:
            raise InflateError(
                f"inflates more than {MAX_RATIO} times, as no log does "
                f"({self.given >> 20} MiB out of {max(1, self.taken >> 10)} KiB)"
            )


def inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The plain bytes of a stream, gzipped or not, in pieces of at most 1 MiB.

    Several gzip members in a row are one stream, as gzip itself reads them. Raises
    InflateError after everything that could be read was given out.
    """
    source = iter(chunks)
    first = next(source, b"")
    if not first.startswith(MAGIC):
        yield first
        yield from source
        return
    yield from _members(first, source)


def _members(first: bytes, source: Iterator[bytes]) -> Iterator[bytes]:
    meter = _Meter()
    inflater = _new_inflater()
    for whole in chain((first,), source):
        meter.taken += len(whole)
        chunk = whole.lstrip(b"\0") if inflater.eof else whole
        if inflater.eof and chunk:
            inflater = _new_inflater()
        while chunk:
            for piece in _pieces(inflater, chunk):
                meter.given += len(piece)
                yield piece
            meter.check()
            chunk = inflater.unconsumed_tail
            if inflater.eof:
                chunk = inflater.unused_data.lstrip(b"\0")
                if chunk:
                    inflater = _new_inflater()
    if not inflater.eof:
        raise InflateError("the gzip stream ends too early: the file is cut off")


def _pieces(inflater: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    """The next plain bytes, up to where the stream is damaged if it is."""
    before = inflater.copy()
    try:
        yield inflater.decompress(chunk, _PIECE_BYTES)
    except zlib.error as error:
        yield from _salvaged(before, chunk)
        raise InflateError(f"the gzip stream is damaged: {error}") from error


def _salvaged(inflater: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    """zlib keeps to itself what it read of a call that fails: so many small calls."""
    for at in range(0, len(chunk), _SMALL_BYTES):
        try:
            yield inflater.decompress(chunk[at : at + _SMALL_BYTES])
        except zlib.error:
            return


def _new_inflater() -> "zlib._Decompress":
    return zlib.decompressobj(zlib.MAX_WBITS | 16)
