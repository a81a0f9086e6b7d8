"""Bytes into lines, and lines into what one event said."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import re2

from apps.monitoring.logs.lines import MAX_MESSAGE
from apps.search.gunzip import InflateError, inflated
from apps.search.importers import Options
from apps.search.intake import Broken, OtherContent

EXCERPT_BYTES = 4 << 10
_MOST_LINES = 10_000
# Frames of Java, Python, JavaScript and Go, and what introduces the next cause.
_CONTINUES = re.compile(
    r"[ \t]|at |Caused by|\.\.\. \d+ more|During handling of|The above ex"
)
_TRACEBACK = "Traceback (most recent call last):"


class BadPattern(ValueError):
    """A pattern that RE2 does not read; says why."""


@dataclass(slots=True)
class Piece:
    """What one event said, and where it begins in the inflated file."""

    text: str
    offset: int


def raw_lines(chunks: Iterable[bytes]) -> Iterator[list[tuple[int, bytes]] | Broken]:
    """The lines of a file, gzipped or not, about a megabyte at once, each with its
    offset. Raises OtherContent for what is no text; damage and lines beyond a
    megabyte are Broken."""
    splitter = _Splitter()
    try:
        for piece in inflated(chunks):
            yield from splitter.take(piece)
    except InflateError as error:
        yield from splitter.end()
        yield Broken(splitter.offset, str(error), b"")
        return
    if splitter.offset == 0 and not splitter.rest:
        raise OtherContent("it is empty")
    yield from splitter.end()


class _Splitter:
    def __init__(self) -> None:
        self.rest = b""
        self.offset = 0  # where the rest begins
        self._is_skipping = False

    def take(self, piece: bytes) -> Iterator[list[tuple[int, bytes]] | Broken]:
        if self.offset == 0 and not self.rest and b"\0" in piece[:EXCERPT_BYTES]:
            raise OtherContent("it is not text")
        whole, newline, rest = (self.rest + piece).rpartition(b"\n")
        self.rest = rest
        if newline:
            yield self._lines(whole)
        if len(self.rest) > MAX_MESSAGE:
            if not self._is_skipping:
                reason = f"the line is longer than {MAX_MESSAGE >> 10:,} KiB"
                yield Broken(self.offset, reason, self.rest[:EXCERPT_BYTES])
            self._is_skipping = True
            self.offset += len(self.rest)
            self.rest = b""

    def end(self) -> Iterator[list[tuple[int, bytes]]]:
        rest, self.rest = self.rest, b""
        if rest:
            yield self._lines(rest)

    def _lines(self, whole: bytes) -> list[tuple[int, bytes]]:
        lines, at = [], self.offset
        for line in whole.split(b"\n"):
            lines.append((at, line))
            at += len(line) + 1
        self.offset = at
        if self._is_skipping:  # the end of the line that was too long
            self._is_skipping = False
            del lines[0]
        return lines


class Assembler:
    """Puts together lines that belong to one event. Where nobody said how an event
    begins, a line goes on that looks like a part of a stack trace."""

    def __init__(self, begins: Callable[[str], bool] | None = None) -> None:
        self._begins = begins
        self._open: Piece | None = None
        self._more: list[str] = []
        self._size = 0
        self._is_traceback = False

    def take(self, text: str, offset: int) -> Piece | None:
        """A line, without its end; the event before it, once it is whole."""
        if self._open is not None and self._continues(text):
            self._more.append(text)
            self._size += len(text) + 1
            return None
        done = self.end()
        self._open, self._size = Piece(text, offset), len(text)
        return done

    def end(self) -> Piece | None:
        """The last event, if there is one."""
        done, self._open = self._open, None
        if done is not None and self._more:
            done.text = "\n".join((done.text, *self._more))
            self._more = []
        self._is_traceback = False
        return done

    def _continues(self, text: str) -> bool:
        if self._size + len(text) > MAX_MESSAGE or len(self._more) >= _MOST_LINES:
            return False
        if self._begins is not None:
            return not self._begins(text)
        if _CONTINUES.match(text):
            return True
        was, self._is_traceback = self._is_traceback, text.startswith(_TRACEBACK)
        return was or self._is_traceback


def beginning(options: Options) -> Callable[[str], bool] | None:
    """How an event begins, if the options say. Raises BadPattern."""
    pattern = options.get("start", "")
    if not pattern:
        return None
    quiet = re2.Options()
    quiet.log_errors = False
    try:
        compiled = re2.compile(pattern, quiet)
    except re2.error as error:
        raise BadPattern(f"--start {pattern!r}: {error}") from error
    return lambda text: compiled.match(text) is not None
