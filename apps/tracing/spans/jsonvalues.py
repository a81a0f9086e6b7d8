"""The JSON values of a file one after another, however large the file is: lists are
read value by value, and so is a value a line.

What cannot be read is told and passed over, and the rest of the file goes on.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from apps.search.gunzip import InflateError
from apps.search.intake import Broken, OtherContent

EXCERPT_BYTES = 4 << 10
MAX_VALUE_CHARACTERS = 32 << 20
_PIECE_CHARACTERS = 1 << 20
_LOOK_AHEAD = 4 << 10
_NEAR_THE_END = 16
# What is tried in vain is paid for as if it were this long, up to a sum per file.
_LEAST_WASTED = 16 << 10
_MOST_WASTED = 256 << 20
_DECODER = json.JSONDecoder()
_LONG_NUMBER = re.compile(r"\d{19}")
_SPACE = re.compile(r"[ \t\r\n,]*+")
_REST_OF_OBJECT = re.compile(
    r"\][ \t\r\n]*+(?:,[ \t\r\n]*+\"[^\"]*+\"[ \t\r\n]*+:[ \t\r\n]*+"
    r"(?:\[[^\[\]{}]*+\]|\"[^\"]*+\"|[\w.+-]++)[ \t\r\n]*+)*+\}"
)
_NEXT = re.compile(r"(?:\n[ \t\r]*+|,[ \t\r\n]*+)(?=\{[ \t\r\n]*+\")")
_BOM = "\ufeff"


class Value(NamedTuple):
    """A value, and where it begins in the inflated file. `text` is its beginning."""

    value: Any
    offset: int
    text: str


class JsonValues:
    """Reads a file, given as plain bytes in pieces.

    `opening` matches the beginning of an object of which only a list matters, whose
    values then count; it ends with the list's bracket. Values that follow something
    broken count where they are objects with one of the `marks`.
    """

    def __init__(
        self, pieces: Iterable[bytes], opening: re.Pattern[str], marks: frozenset[str]
    ) -> None:
        self._pieces = iter(pieces)
        self._opening, self._marks = opening, marks
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._text, self._at = "", 0
        # In bytes of the inflated file, and as far as the buffer is counted in it.
        self._offset, self._counted = 0, 0
        self._is_over = False
        self._is_object = False  # that an opening began
        self._is_list = False
        self._wasted = 0
        self._is_lost = False
        self._damage = ""

    def __iter__(self) -> Iterator[Value | Broken]:
        """Raises OtherContent where the file does not begin as JSON does."""
        self._check_beginning()
        while self._find_next():
            found = self._next()
            if found is not None:
                yield found
            if self._wasted > _MOST_WASTED:
                yield Broken(self._place(), "the file is too damaged to go on", b"")
                return
        if self._damage:
            yield Broken(self._place(), self._damage, b"")

    def _check_beginning(self) -> None:
        self._ensure(_LOOK_AHEAD)
        self._at = len(_BOM) if self._text.startswith(_BOM) else 0
        begin = self._text[self._at :].lstrip()
        if not begin and not self._damage:
            raise OtherContent("it is empty")
        if begin and begin[0] not in "{[":
            raise OtherContent("it is not JSON")

    def _ensure(self, length: int) -> bool:
        """Whether so much of the file is at hand, from here on."""
        if self._is_over or len(self._text) - self._at >= length:
            return len(self._text) - self._at >= length
        self._place()
        pieces, size = [self._text[self._at :]], len(self._text) - self._at
        while size < length and not self._is_over:
            pieces.append(self._piece())
            size += len(pieces[-1])
        self._text, self._at, self._counted = "".join(pieces), 0, 0
        return size >= length

    def _piece(self) -> str:
        try:
            return self._decode(next(self._pieces))
        except StopIteration:
            self._is_over = True
        except InflateError as error:
            self._is_over, self._damage = True, str(error)
        return self._decode(b"", final=True)

    def _place(self) -> int:
        """Where in the inflated file we are, in bytes."""
        passed = self._text[self._counted : self._at]
        self._offset += len(passed) if passed.isascii() else len(passed.encode())
        self._counted = self._at
        return self._offset

    def _find_next(self) -> bool:
        """Go to where the next value begins; False at the end of the file."""
        while True:
            self._ensure(_LOOK_AHEAD)
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]  # it matches nothing, too
            if self._at >= len(self._text):
                if self._is_over:
                    return False
                continue
            if not self._has_passed_bracket():
                return True

    def _has_passed_bracket(self) -> bool:
        """Step over what opens or closes a list of values."""
        if self._text[self._at] == "]":
            self._close()
            return True
        if self._is_object:
            return False
        opened = self._opening.match(self._text, self._at)
        if opened is not None:
            self._is_object, self._at = True, opened.end()
            return True
        if self._text[self._at] == "[" and not self._is_list:
            self._is_list = True
            self._at += 1
            return True
        return False

    def _close(self) -> None:
        self._is_list = False
        if not self._is_object:
            self._at += 1
            return
        self._is_object = False
        self._ensure(_PIECE_CHARACTERS)
        rest = _REST_OF_OBJECT.match(self._text, self._at)
        self._at = rest.end() if rest else self._at + 1

    def _next(self) -> Value | Broken | None:
        """The value that begins here; None for what belongs to something broken."""
        try:
            value, end = self._decoded()
        except (ValueError, RecursionError) as error:
            return self._broken(error)
        found = Value(value, self._place(), self._text[self._at : end])
        self._at = end
        if self._is_lost:
            if not (isinstance(value, dict) and not self._marks.isdisjoint(value)):
                return None
            self._is_lost = False
        return found

    def _decoded(self) -> tuple[Any, int]:
        """Raises ValueError and RecursionError where it is no JSON."""
        line = self._line()
        if line is not None:
            return line
        while True:
            try:
                return _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                length = len(self._text) - self._at
                if self._is_over or not self._may_go_on(error):
                    raise
                if length > MAX_VALUE_CHARACTERS:
                    raise ValueError(_TOO_LARGE) from error
                self._ensure(max(_PIECE_CHARACTERS, 2 * length))

    def _line(self) -> tuple[Any, int] | None:
        """The value, where it is a line by itself: orjson is four times as fast. None
        where it is not, and where orjson would not read all of it as it is written."""
        end = self._text.find("\n", self._at)
        if end < 0 or self._is_list or self._is_object:
            return None
        line = self._text[self._at : end]
        if _LONG_NUMBER.search(line):
            return None
        try:
            return orjson.loads(line), end
        except orjson.JSONDecodeError:
            return None

    def _may_go_on(self, error: json.JSONDecodeError) -> bool:
        """Whether only the end of the value is not at hand yet."""
        return error.msg.startswith("Unterminated string") or (
            error.pos >= len(self._text) - _NEAR_THE_END
        )

    def _broken(self, error: Exception) -> Broken | None:
        """Pass over it, up to where the next value may begin."""
        place, excerpt = self._place(), self._text[self._at : self._at + EXCERPT_BYTES]
        reached = getattr(error, "pos", self._at) - self._at
        self._wasted += max(_LEAST_WASTED, reached)
        self._ensure(_PIECE_CHARACTERS)
        following = _NEXT.search(self._text, self._at + 1)
        self._at = following.end() if following else len(self._text)
        if self._is_lost:
            return None
        self._is_lost = True
        return Broken(place, _reason(error), excerpt.encode("utf-8", "replace"))


_TOO_LARGE = f"it is longer than {MAX_VALUE_CHARACTERS >> 20} million characters"


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON: {error.msg}"
    return str(error)
