"""The syntax tree of a query: what was asked, before any engine sees it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum


class Mark(Enum):
    """A wildcard inside a pattern; an escaped star is a literal star instead."""

    ANY_TEXT = "*"
    ONE_CHARACTER = "?"


Pattern = tuple[str | Mark, ...]


@dataclass(frozen=True, slots=True)
class Everything:
    """Matches every document: an empty query, or a lone `*`."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words that follow each other in a document's text, letter case ignored."""

    text: str
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Equals:
    """A field has exactly this value; a text field contains these words."""

    field: str
    value: str
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A field's whole value, or without a field any word, fits a pattern."""

    field: str | None
    pattern: Pattern
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Range:
    """A field lies between two values; None leaves a side open."""

    field: str
    lower: str | None
    upper: str | None
    include_lower: bool = True
    include_upper: bool = True
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Exists:
    """A field, or any field below it, has a value other than null."""

    field: str
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class AllOf:
    clauses: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    clauses: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    clause: Node


Node = Everything | Words | Equals | Wildcard | Range | Exists | AllOf | AnyOf | Not


class QuerySyntaxError(ValueError):
    """A query that cannot be read: where it goes wrong and what was expected.

    `position` counts characters from 0 in the text as the user typed it.
    """

    def __init__(self, message: str, position: int, expected: str) -> None:
        super().__init__(f"{message} at character {position + 1}; expected {expected}.")
        self.message = message
        self.position = position
        self.expected = expected


def all_of(*clauses: Node) -> Node:
    """The conjunction of clauses, without those that ask for nothing."""
    kept = tuple(clause for clause in clauses if clause != Everything())
    if not kept:
        return Everything()
    return kept[0] if len(kept) == 1 else AllOf(kept)
