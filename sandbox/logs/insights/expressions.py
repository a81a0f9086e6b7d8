"""Parses expressions; names of functions are checked where they are called."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

import regex

from sandbox.logs.insights.lexer import Token, tokens_of
from sandbox.logs.insights.syntax import (
    Binary,
    Call,
    Expression,
    Field,
    In,
    Like,
    Literal,
    Not,
    Period,
    QueryError,
    depth_of,
)

_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_DEEPEST = 50
"""Of parentheses, and of what computes with the result of what."""
_COMMON = {"as", "by", "and", "or", "in", "like", "asc", "desc"}


class ExpressionParser:
    """`or` binds least, then `and`, `not`, comparisons, sums, products, powers."""

    def __init__(self, source: str, functions: Mapping[str, Collection[int]]) -> None:
        self._source = source
        self._functions = functions
        self._tokens = tokens_of(source)
        self._at = 0
        self._depth = 0

    def peek(self) -> Token:
        return self._tokens[self._at]

    def next(self) -> Token:
        token = self.peek()
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def at_end(self) -> bool:
        return self.peek().kind == "end"

    def take(self, *words: str) -> str:
        """The word that is next if it is one of these, in small letters."""
        if self.peek().is_word(*words):
            return self.next().text.lower()
        return ""

    def need(self, word: str) -> None:
        if not self.take(word):
            raise self.unexpected()

    def unexpected(self) -> QueryError:
        token = self.peek()
        said = f"unexpected symbol found {token.text or 'end of query'}"
        return QueryError(said, token.start, token.end)

    def text_since(self, start: int) -> str:
        return self._source[start : self._tokens[self._at - 1].end]

    def name(self) -> str:
        """A field's name, bare or in backticks."""
        token = self.peek()
        if token.kind == "quoted":
            return self.next().text[1:-1]
        if token.kind != "name":
            raise self.unexpected()
        return self.next().text

    def by_text(self, expression: Expression, text: str) -> Expression:
        """Prefers the column of that name to computing it again."""
        return Call("coalesce", (Field(text), expression), text)

    def string(self, token: Token) -> str:
        return re.sub(r"\\([\"'\\])", r"\1", token.text[1:-1])

    def compiled(self, token: Token) -> regex.Pattern[str]:
        try:
            return regex.compile(token.text[1:-1])
        except regex.error as error:
            raise QueryError(
                f"invalid regular expression: {error}", token.start, token.end
            ) from error

    def expression(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.unexpected()
        found = self._balanced(self._all_of, "or")
        self._depth -= 1
        if not self._depth and depth_of(found) > _DEEPEST:
            raise self.unexpected()
        return found

    def _balanced(self, part: Callable[[], Expression], operator: str) -> Expression:
        """Many alternatives lie side by side, so that they are not deep."""
        parts = [part()]
        while self.take(operator):
            parts.append(part())
        while len(parts) > 1:
            alone = parts[len(parts) & ~1 :]
            pairs = zip(parts[::2], parts[1::2], strict=False)
            parts = [Binary(operator, left, right) for left, right in pairs] + alone
        return parts[0]

    def _left_to_right(
        self, part: Callable[[], Expression], *operators: str
    ) -> Expression:
        found = part()
        while operator := self.take(*operators):
            found = Binary(operator, found, part())
        return found

    def _all_of(self) -> Expression:
        return self._balanced(self._negated, "and")

    def _negated(self) -> Expression:
        negations = 0
        while self.take("not"):
            negations += 1
        found = self._comparison()
        return Not(found) if negations % 2 else found

    def _comparison(self) -> Expression:
        left = self._sum()
        if operator := self.take(*_COMPARISONS):
            return Binary(operator, left, self._sum())
        if self.take("=~"):
            return self._like(left)
        is_negated = bool(self.take("not"))
        if self.take("like"):
            found: Expression = self._like(left)
        elif self.take("in"):
            found = In(left, self._options())
        elif is_negated:
            raise self.unexpected()
        else:
            return left
        return Not(found) if is_negated else found

    def _like(self, left: Expression) -> Like:
        if self.peek().kind == "regex":
            return Like(left, self.compiled(self.next()))
        return Like(left, self._sum())

    def _options(self) -> tuple[Expression, ...]:
        self.need("[")
        found = []
        while not self.take("]"):
            found.append(self._sum())
            if not self.peek().is_word("]"):
                self.need(",")
        return tuple(found)

    def _sum(self) -> Expression:
        return self._left_to_right(self._product, "+", "-")

    def _product(self) -> Expression:
        return self._left_to_right(self._power, "*", "/", "%")

    def _power(self) -> Expression:
        return self._left_to_right(self._sign, "^")

    def _sign(self) -> Expression:
        if self.take("-"):
            return Binary("-", Literal(0), self._primary())
        return self._primary()

    def _primary(self) -> Expression:
        if self.take("("):
            inside = self.expression()
            self.need(")")
            return inside
        token = self.peek()
        simple = self._simple(token)
        if simple is not None:
            self.next()
            return simple
        if token.kind == "name" and token.text.lower() in _COMMON:
            raise self.unexpected()
        name = self.name()
        if token.kind == "name" and self.take("("):
            return self._call(token)
        return Field(name)

    def _simple(self, token: Token) -> Expression | None:
        if token.kind == "string":
            return Literal(self.string(token))
        if token.kind == "url":
            return Literal(token.text)
        if token.kind == "number":
            text = token.text
            return Literal(int(text) if text.isdigit() else float(text))
        if token.kind == "period":
            digits, unit = re.findall(r"\d+|[a-z]+", token.text)
            return Period(int(digits), unit)
        return None

    def _call(self, name: Token) -> Call:
        arguments: list[Expression] = []
        if self.take("*"):
            self.need(")")
        else:
            while not self.take(")"):
                arguments.append(self.expression())
                if not self.peek().is_word(")"):
                    self.need(",")
        arities = self._functions.get(name.text.lower())
        if arities is None or len(arguments) not in arities:
            said = "unknown function" if arities is None else "wrong arguments for"
            raise QueryError(f"{said} {name.text}", name.start, name.end)
        return Call(name.text.lower(), tuple(arguments), self.text_since(name.start))
