"""Log lines as the rows that Logs Insights knows: its own fields, under its names."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from apps.monitoring.languages.insights.frames import Frame
from apps.search.engines.columns import (
    Block,
    Column,
    Numbers,
    Value,
    coded,
    number,
    together,
)

# Fields of formats that Logs Insights spells with capitals inside.
_SPELLINGS = {"flowDirection": "flow-direction", "logStatus": "log-status"}


def frame_of(block: Block, now_ms: int) -> Frame:
    return Frame(len(block), now_ms, {}, lambda name: field_of(block, name))


def field_of(block: Block, name: str) -> Column | None:
    """A field of lines by the name that queries use."""
    if name == "@timestamp":
        return Numbers(block.times.astype(np.float64), is_time=True)
    if name == "@ptr":
        return block.ids
    if name == "@log":
        return _log(block)
    if name == "@ingestionTime":
        return _time(block.column(name))
    return _spelled(block, name)


def _spelled(block: Block, name: str) -> Column | None:
    for spelling in (name, name.lower(), _SPELLINGS.get(name, name)):
        column = block.column(spelling)
        if column is not None:
            return column
    return None


def _log(block: Block) -> Column | None:
    group = block.column("@logGroup")
    if group is None:
        return None
    codes, pairs = together([block.accounts, group])
    names = coded(f"{account}:{name}" for account, name in pairs)
    return names.take(codes)


def _time(column: Column | None) -> Column | None:
    if column is None or isinstance(column, Numbers):
        return None if column is None else Numbers(column.numbers(), is_time=True)
    codes, values = column.coded()
    table = np.array([*map(_milliseconds, values), np.nan])
    return Numbers(table[codes], is_time=True)


def _milliseconds(value: Value) -> float:
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).timestamp() * 1_000
        except ValueError:
            pass
    return number(value)
