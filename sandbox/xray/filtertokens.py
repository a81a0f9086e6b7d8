"""The words of a filter expression."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from json import JSONDecodeError, JSONDecoder
from typing import Any

from sandbox.kernel.errors import ApiError


class Kind(Enum):
    WORD = "word"
    TEXT = "text"
    NUMBER = "number"
    JSON = "json"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """`value` is what the word means: text without quotes, a number, JSON parsed."""

    kind: Kind
    value: Any
    at: int


_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.-]))
    |(?P<word>[^\W\d][\w-]*(?:\.[\w-]+)*)
    |(?P<json>\#)
    |(?P<sign>!=|<=|>=|&&|\|\||[=<>!(){}\[\],:])""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def invalid(said: str) -> ApiError:
    """The refusal of an expression."""
    return ApiError("InvalidRequestException", f"Invalid filter expression: {said}")


def tokens_of(expression: str) -> list[Token]:
    """The words, ending in one of kind END. Raises InvalidRequestException."""
    found: list[Token] = []
    at = 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None:
            raise invalid(f"unexpected {expression[at]!r} at position {at}.")
        kind, text = str(match.lastgroup), match.group()
        at = match.end()
        if kind == "json":
            token, at = _json(expression, at)
            found.append(token)
        elif kind != "space":
            found.append(_token(kind, text, match.start()))
    return [*found, Token(Kind.END, "the end", len(expression))]


def _token(kind: str, text: str, at: int) -> Token:
    if kind == "number":
        return Token(Kind.NUMBER, float(text), at)
    if kind == "text":
        return Token(Kind.TEXT, _ESCAPED.sub(r"\1", text[1:-1]), at)
    return Token(Kind(kind), text, at)


def _json(expression: str, at: int) -> tuple[Token, int]:
    try:
        value, length = JSONDecoder().raw_decode(expression[at:].lstrip())
    except JSONDecodeError as error:
        raise invalid(f"what follows # at position {at} is no JSON.") from error
    blanks = len(expression[at:]) - len(expression[at:].lstrip())
    return Token(Kind.JSON, value, at), at + blanks + length
