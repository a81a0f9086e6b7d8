"""Files that CloudWatch Logs exported, line by line. Pure but for the source's row.

An export lies in PREFIX/TASK/STREAM/000000.gz, the slashes of a stream's name made
dashes. Each event begins with its time, and goes on over lines that do not. Source:
CloudWatch Logs user guide, "Exporting log data to Amazon S3".
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from apps.monitoring.logs.lines import LogLine
from apps.monitoring.models import LogSource
from apps.search.intake import Broken
from apps.search.timerange import milliseconds

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ", re.ASCII)
_BEGINNING_BYTES = 4 << 10
_MOST_CHARACTERS = 2 << 20
_ENVELOPE = re.compile(rb'"messageType"\s*:\s*"(?:DATA|CONTROL)_MESSAGE"')
_FILE = re.compile(r"\d{6}(\.gz)?", re.ASCII)


def is_envelopes(first: bytes) -> bool:
    """Whether a plain file begins as what subscription filters send."""
    begins = first.lstrip()[:_BEGINNING_BYTES]
    return begins.startswith(b"{") and _ENVELOPE.search(begins) is not None


def exported(
    source: LogSource, key: str, pieces: Iterable[bytes]
) -> Iterator[LogLine | Broken]:
    """The events of an exported file, in order; what comes before the first time is
    broken."""
    stream = stream_of(key)
    place = (source.account_id, source.region, source.log_group)
    for offset, text in _events(pieces):
        found = _TIME.match(text)
        if found is None:
            yield Broken(offset, "a line without a time before it", _excerpt(text))
            continue
        try:
            moment = datetime.fromisoformat(found[1])
        except ValueError as error:
            yield Broken(offset, f"no time: {error}", _excerpt(text))
            continue
        yield LogLine(*place, stream, milliseconds(moment), text[found.end() :])


def stream_of(key: str) -> str:
    """The stream whose file it is, as its path names it."""
    folder, _, name = key.rpartition("/")
    return folder.rpartition("/")[2] if _FILE.fullmatch(name) and folder else name


def _events(pieces: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """Texts that begin with a time, each with the lines that follow it."""
    began, lines, size = 0, list[str](), 0
    for offset, line in _lines(pieces):
        is_next = _TIME.match(line) is not None or size > _MOST_CHARACTERS
        if is_next and lines:
            yield began, "\n".join(lines)
            lines, size = [], 0
        if not lines:
            began = offset
        lines.append(line)
        size += len(line)
    if lines:
        yield began, "\n".join(lines)


def _lines(pieces: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    rest, offset = "", 0
    for piece in chain_end(pieces):
        *whole, rest = (rest + decode(piece or b"", final=piece is None)).split("\n")
        for line in whole:
            yield offset, line
            offset += len(line) + 1
        if len(rest) > _MOST_CHARACTERS:
            yield offset, rest
            offset, rest = offset + len(rest), ""
    if rest:
        yield offset, rest


def chain_end(pieces: Iterable[bytes]) -> Iterator[bytes | None]:
    """The pieces, and None after the last."""
    yield from pieces
    yield None


def _excerpt(text: str) -> bytes:
    return text[:2_000].encode("utf-8", "replace")
