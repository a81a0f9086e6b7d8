"""Histograms as X-Ray answers them: values in seconds, with counts.

X-Ray's values are approximate ("Using Latency Histograms" in its guide). Here: few
values are rounded to milliseconds, many to two significant digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sandbox.xray.table import Column

_FEW = 500
_EXACT_BELOW_MS = 100
_DECADES = 6
Histogram = list[dict[str, Any]]


def _buckets() -> tuple[Column, Column]:
    """Upper ends of the coarse buckets and their values, in milliseconds."""
    values = [float(ms) for ms in range(_EXACT_BELOW_MS)]
    for decade in range(1, _DECADES):
        values += [float(n * 10**decade) for n in range(10, _EXACT_BELOW_MS)]
    found = np.array(values)
    return (found[1:] + found[:-1]) / 2, found


_ENDS, _VALUES = _buckets()
_TABLE_MS = 100_000
_BY_MS = np.searchsorted(_ENDS, np.arange(_TABLE_MS + 1.0)).astype(np.int64)


def histograms(groups: Column, seconds: Column, count: int) -> list[Histogram]:
    """A histogram for each of the groups 0..count-1."""
    sizes = np.bincount(groups, minlength=count)
    few = sizes[groups] <= _FEW
    made = _exact(groups[few], seconds[few], count)
    many = ~few
    if many.any():
        width = len(_VALUES)
        at = _bucket_of(seconds[many])
        cells = np.bincount(groups[many] * width + at, minlength=count * width)
        for cell in np.flatnonzero(cells):
            made[cell // width].append(_entry(_VALUES[cell % width], cells[cell]))
    return made


def _bucket_of(seconds: Column) -> Column:
    """Looked up by the millisecond; only what took minutes is searched for."""
    milliseconds = np.rint(np.clip(seconds, 0, 1e9) * 1_000.0).astype(np.int64)
    found = _BY_MS[np.minimum(milliseconds, _TABLE_MS)]
    long = milliseconds > _TABLE_MS
    found[long] = np.searchsorted(_ENDS, milliseconds[long])
    return found


def _exact(groups: Column, seconds: Column, count: int) -> list[Histogram]:
    made: list[Histogram] = [[] for _ in range(count)]
    rounded = np.rint(seconds.astype(np.float64) * 1_000.0).astype(np.int64)
    pairs = np.stack([groups.astype(np.int64), rounded], axis=1)
    found, counts = np.unique(pairs, axis=0, return_counts=True)
    for (group, value), how_many in zip(found, counts, strict=True):
        made[group].append(_entry(value, how_many))
    return made


def _entry(milliseconds: Any, count: Any) -> dict[str, Any]:
    return {"Value": float(milliseconds) / 1_000, "Count": int(count)}
