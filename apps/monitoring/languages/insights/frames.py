"""Rows on their way through a query: columns by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from apps.search.engines.columns import (
    Coded,
    Column,
    Ints,
    Numbers,
    Value,
    absent,
    appended,
    coded,
)

Source = Callable[[str], Column | None]


def nothing_more(name: str) -> Column | None:
    return None


@dataclass
class Frame:
    """`made`: columns of commands so far, in order; `source` knows the fields of the
    lines themselves. `now_ms` is the time of the question."""

    rows: int
    now_ms: int
    made: dict[str, Column] = field(default_factory=dict)
    source: Source = nothing_more

    def get(self, name: str) -> Column:
        """The column of this name; without values where there is none."""
        found = self.find(name)
        return absent(self.rows) if found is None else found

    def find(self, name: str) -> Column | None:
        made = self.made.get(name)
        if made is not None:
            return made
        for parent in _parents(name):
            if parent in self.made:
                return inside(self.made[parent], name[len(parent) + 1 :].split("."))
        return self.source(name)

    def written(self, text: str) -> Column | None:
        """The column that an expression written so has made before."""
        for name, column in self.made.items():
            if "".join(name.split()) == text:
                return column
        return None

    def take(self, rows: Ints) -> Frame:
        source = self.source

        def part(name: str) -> Column | None:
            column = source(name)
            return None if column is None else column.take(rows)

        made = {name: column.take(rows) for name, column in self.made.items()}
        return Frame(len(rows), self.now_ms, made, part)

    def with_columns(self, columns: dict[str, Column]) -> Frame:
        return Frame(self.rows, self.now_ms, {**self.made, **columns}, self.source)


def kept_whole(frame: Frame, names: Sequence[str]) -> Frame:
    """The frame with these fields of its lines as columns, and no others."""
    columns = {name: _compact(frame.get(name)) for name in names}
    made = {name: _compact(column) for name, column in frame.made.items()}
    return Frame(frame.rows, frame.now_ms, {**columns, **made})


def _compact(column: Column) -> Column:
    """Only values that rows have, so that a few rows do not hold a whole block."""
    if isinstance(column, Numbers):
        return column
    codes, values = column.coded()
    used, fresh = np.unique(codes, return_inverse=True)
    known = [values[code] for code in used.tolist() if code >= 0]
    return Coded(fresh.astype(np.int64) - int(len(used) > len(known)), known)


def joined(frames: Sequence[Frame]) -> Frame:
    """The rows of frames one after another; all of them made whole before."""
    if len(frames) == 1:
        return frames[0]
    names = dict.fromkeys(name for frame in frames for name in frame.made)
    columns = {name: appended([frame.get(name) for frame in frames]) for name in names}
    rows = sum(frame.rows for frame in frames)
    return Frame(rows, frames[0].now_ms, columns)


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1)]


def inside(column: Column, path: Sequence[str]) -> Column:
    """What JSON texts hold at a path; objects and lists as JSON texts again."""
    codes, values = column.coded()
    found = coded(_inside(value, path) for value in values)
    table = np.append(found.codes, -1)
    return Coded(table[codes], found.values)


def _inside(value: Value, path: Sequence[str]) -> Value:
    return plain(walked(json_of(value), path))


def json_of(value: Value) -> Any:
    """What a JSON text holds; None where it is no JSON."""
    if not isinstance(value, str) or value.lstrip()[:1] not in {"{", "["}:
        return None
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None


def walked(node: Any, path: Sequence[str]) -> Any:
    """What stands at a path. A name of a member may have dots in it: the shortest
    that is there counts."""
    at = 0
    while at < len(path):
        end = _step(node, path, at)
        if end is None:
            return None
        name = ".".join(path[at:end])
        node = node[name] if isinstance(node, dict) else node[int(name)]
        at = end
    return node


def _step(node: Any, path: Sequence[str], at: int) -> int | None:
    """Where the part of the path ends that leads from here to a member."""
    if isinstance(node, dict):
        ends = range(at + 1, len(path) + 1)
        return next((end for end in ends if ".".join(path[at:end]) in node), None)
    is_number = isinstance(node, list) and path[at].isdecimal()
    return at + 1 if is_number and int(path[at]) < len(node) else None


def plain(node: Any) -> Value:
    if isinstance(node, dict | list):
        return orjson.dumps(node).decode()
    return node if isinstance(node, str | int | float) else None
