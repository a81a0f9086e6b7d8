"""Dynamic labels: `${MAX}` and the like in what a series is called.

Source: Using dynamic labels, CloudWatch user guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np

from sandbox.cloudwatch.mathvalues import MetricStat, Series

_PLACE = re.compile(r"\$\{\s*([A-Z_]+)\s*(?:\(\s*'([^']*)'\s*\))?\s*\}")
_OFFSET = re.compile(r"([+-])(\d{2})(\d{2})")

_NUMBERS: Mapping[str, Callable[[Any], Any]] = {
    "AVG": np.mean,
    "MAX": np.max,
    "MIN": np.min,
    "SUM": np.sum,
    "FIRST": lambda values: values[0],
    "LAST": lambda values: values[-1],
}
_ROWS: Mapping[str, Callable[[Any], int]] = {
    "MAX": lambda values: int(np.argmax(values)),
    "MIN": lambda values: int(np.argmin(values)),
    "FIRST": lambda values: 0,
    "LAST": lambda values: len(values) - 1,
}


class Labels:
    """Makes labels for the series of one request."""

    def __init__(self, region: str, timezone_offset: str) -> None:
        self._region = region
        self._zone = zone_of(timezone_offset)

    def of(self, template: str | None, series: Series, default: str) -> str:
        """The label of a series; `default` is what AWS would call it by itself."""
        if template is None:
            return default
        return _PLACE.sub(lambda found: self._filled(found, series, default), template)

    def _filled(self, found: re.Match[str], series: Series, default: str) -> str:
        word, argument = found[1], found[2]
        if word == "LABEL":
            return default
        if word == "PROP" and argument is not None:
            return self._property(argument, series.origin)
        if word == "DATAPOINT_COUNT":
            return str(len(series.values))
        if word in _NUMBERS:
            return _number(word, series)
        moment, _, kind = word.partition("_TIME")
        if moment in _ROWS and "_TIME" in word and kind in {"", "_RELATIVE"}:
            return self._time(moment, series)
        return found[0]

    def _property(self, name: str, origin: MetricStat | None) -> str:
        if name == "Region":
            return self._region
        if origin is None:
            return ""
        known = {
            "AccountId": origin.account,
            "AccountLabel": origin.account,
            "MetricName": origin.key.name,
            "Namespace": origin.key.namespace,
            "Period": str(origin.period),
            "Stat": origin.stat,
        }
        if name.startswith("Dim."):
            return dict(origin.key.dimensions).get(name.removeprefix("Dim."), "")
        return known.get(name, "")

    def _time(self, word: str, series: Series) -> str:
        if not len(series.values):
            return "--"
        time = int(series.times[_ROWS[word](series.values)])
        return datetime.fromtimestamp(time, self._zone).strftime("%Y-%m-%d %H:%M:%S")


def _number(word: str, series: Series) -> str:
    if not len(series.values):
        return "--"
    return f"{float(_NUMBERS[word](series.values)):.10g}"


def zone_of(offset: str) -> timezone:
    """`+0130` as a time zone; UTC for what is none."""
    match = _OFFSET.fullmatch(offset)
    if match is None:
        return UTC
    minutes = int(match[2]) * 60 + int(match[3])
    return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes))
