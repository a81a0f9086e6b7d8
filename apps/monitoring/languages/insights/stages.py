"""Commands at work: each takes frames and hands on frames.

What needs only a row to decide hands it on at once; what needs all rows (stats, sort,
limit, dedup) holds what it has to and hands on in `finish`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from typing import Protocol

import numpy as np
import re2

from apps.monitoring.languages.insights.computing import column_of, mask_of
from apps.monitoring.languages.insights.frames import (
    Frame,
    json_of,
    plain,
    walked,
)
from apps.monitoring.languages.insights.syntax import (
    Binary,
    Call,
    Expression,
    Name,
    Named,
    Parse,
    Unnest,
)
from apps.monitoring.languages.insights.values import text
from apps.search.engines.columns import (
    Coded,
    Column,
    Value,
    coded,
)

# Rows that a command may hold; beyond, results say that they are not whole.
MOST_HELD = 1_000_000


class Stage(Protocol):
    def take(self, frame: Frame) -> Frame | None:
        """What can go on at once."""

    def finish(self) -> Frame | None:
        """What was held back; called once, after the last frame."""

    @property
    def cut(self) -> str:
        """What was left out, in a sentence; empty where nothing was."""


class AtOnce:
    cut = ""

    def finish(self) -> Frame | None:
        return None


@dataclass
class Computing(AtOnce):
    """`fields`: columns with a name of their own are computed."""

    columns: Sequence[Named]

    def take(self, frame: Frame) -> Frame | None:
        for one in self.columns:
            if not isinstance(one.expression, Name) or one.name != one.expression.path:
                made = {one.name: column_of(one.expression, frame)}
                frame = frame.with_columns(made)
        return frame


@dataclass
class Filtering(AtOnce):
    condition: Expression

    def take(self, frame: Frame) -> Frame | None:
        rows = np.flatnonzero(mask_of(self.condition, frame))
        if len(rows) == frame.rows:
            return frame
        return frame.take(rows) if len(rows) else None


class Parsing(AtOnce):
    def __init__(self, parse: Parse) -> None:
        self._parse = parse
        self._search = re2.compile(parse.pattern).search if parse.is_regex else None
        self._pieces = parse.pattern.split("*")

    def take(self, frame: Frame) -> Frame | None:
        codes, values = column_of(self._parse.source, frame).coded()
        cut = self._by_regex if self._parse.is_regex else self._by_glob
        found = [cut(text(value)) for value in values]
        columns: dict[str, Column] = {}
        for at, name in enumerate(self._parse.names):
            column = coded(None if one is None else one[at] for one in found)
            table = np.append(column.codes, -1)
            columns[name] = Coded(table[codes], column.values)
        return frame.with_columns(columns)

    def _by_regex(self, value: str) -> Sequence[Value] | None:
        match = self._search(value) if self._search else None
        return None if match is None else [match[name] for name in self._parse.names]

    def _by_glob(self, value: str) -> Sequence[Value] | None:
        """What the stars stand for: as little as possible, the last one all the rest
        if nothing follows it. Looking for pieces in order takes linear time."""
        at = value.find(self._pieces[0])
        if at < 0:
            return None
        at += len(self._pieces[0])
        found: list[Value] = []
        for piece in self._pieces[1:]:
            end = value.find(piece, at) if piece else len(value)
            if end < 0:
                return None
            found.append(value[at:end])
            at = end + len(piece)
        return found


@dataclass
class Unnesting(AtOnce):
    """A row for each element of a list or member of an object."""

    unnest: Unnest

    def take(self, frame: Frame) -> Frame | None:
        values = list(self._values(frame))
        rows = [at for at, parts in enumerate(values) for _ in parts]
        if not rows:
            return None
        unnested = coded(chain.from_iterable(values))
        frame = frame.take(np.array(rows, dtype=np.int64))
        return frame.with_columns({self.unnest.name: unnested})

    def _values(self, frame: Frame) -> Sequence[Sequence[Value]]:
        column = frame.find(self.unnest.path)
        if column is not None:
            codes, values = column.coded()
            parts = [*(_elements(json_of(value)) for value in values), []]
            return [parts[code] for code in codes.tolist()]
        codes, values = frame.get("@message").coded()
        path = self.unnest.path.split(".")
        parts = [*(_elements(walked(json_of(value), path)) for value in values), []]
        return [parts[code] for code in codes.tolist()]


def _elements(node: object) -> list[Value]:
    members = list(node.values()) if isinstance(node, dict) else node
    return [plain(one) for one in members] if isinstance(members, list) else []


class Limiting(AtOnce):
    """`limit` where rows come in an order already."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, frame: Frame) -> Frame | None:
        rows = min(self._left, frame.rows)
        self._left -= rows
        return frame.take(np.arange(rows)) if rows else None


def names_in(expression: Expression) -> set[str]:
    """Fields that an expression reads."""
    if isinstance(expression, Name):
        return {expression.path}
    if isinstance(expression, Call):
        own = {"@timestamp"} if expression.name == "bin" else set[str]()
        return reduce(set.union, map(names_in, expression.arguments), own)
    if isinstance(expression, Binary):
        return names_in(expression.left) | names_in(expression.right)
    inner = getattr(expression, "inner", None) or getattr(expression, "left", None)
    found = names_in(inner) if inner is not None else set[str]()
    for option in getattr(expression, "options", ()):
        found |= names_in(option)
    return found
