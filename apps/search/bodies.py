"""What is posted to us: read within bounds, gzipped or not."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from django.http import HttpRequest

_CHUNK_BYTES = 1 << 20
_GZIP = zlib.MAX_WBITS | 16


class Refusal(Exception):
    """Why a request is not taken, with the status that says what to do about it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def body_of(request: HttpRequest, most_bytes: int) -> bytes:
    """The plain body, of so many bytes at most both as it came and inflated. Raises
    Refusal."""
    return b"".join(_bounded(_plain(request, most_bytes), most_bytes))


def _plain(request: HttpRequest, most_bytes: int) -> Iterator[bytes]:
    length = request.headers.get("Content-Length", "0")
    if length.isdigit() and int(length) > most_bytes:
        raise _too_large(most_bytes)
    chunks = iter(lambda: request.read(_CHUNK_BYTES), b"")
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding == "identity":
        yield from chunks
        return
    if encoding != "gzip":
        raise Refusal(415, "Content-Encoding is gzip or absent.")
    yield from _unzipped(_bounded(chunks, most_bytes))


def _unzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(_GZIP)
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                yield inflater.decompress(rest, _CHUNK_BYTES)
                rest = inflater.unconsumed_tail
    except zlib.error as error:
        raise Refusal(400, f"The body is no gzip: {error}") from error
    if not inflater.eof:
        raise Refusal(400, "The gzip of the body ends too early.")


def _bounded(chunks: Iterable[bytes], most_bytes: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > most_bytes:
            raise _too_large(most_bytes)
        yield chunk


def _too_large(most_bytes: int) -> Refusal:
    return Refusal(
        413, f"A body is {most_bytes >> 20} MiB at most: send less at a time."
    )
