"""Pages of GetMetricData: which periods of which query the next answer holds.

AWS counts the points a range may have, not those it has. A page is the next so many
periods of all queries together, in the order they are scanned in, so pages joined are
the whole answer, whatever their periods and starts.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import orjson

from sandbox.cloudwatch.mathvalues import Series
from sandbox.cloudwatch.statistics import Indexes
from sandbox.kernel.errors import ApiError

_FARTHEST = 2**40


class Cursor(NamedTuple):
    """A place in the order: a time, and how many queries are done with it.

    Times are negative where the newest come first.
    """

    time: int
    done: int


class Part(NamedTuple):
    """From the start of a period to the end of one."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """What it holds of each query, and where the next one begins."""

    parts: Sequence[Part]
    following: Cursor | None


class Slots:
    """The periods of several queries: how many there are, and when each begins."""

    def __init__(self, wholes: Sequence[tuple[Part, int]]) -> None:
        """Takes each query's whole range, from period to period, and its period."""
        self.starts = np.array([whole.start for whole, _ in wholes], np.int64)
        self.periods = np.array([period for _, period in wholes], np.int64)
        ends = np.array([whole.end for whole, _ in wholes], np.int64)
        self.counts = (ends - self.starts) // self.periods
        self._rows = np.arange(len(wholes))

    def page(self, most: int, after: Cursor | None, step: int) -> Page:
        """At most so many periods, in order of time where `step` is 1, else of age."""
        firsts = self.starts
        if step < 0:
            firsts = -(self.starts + (self.counts - 1) * self.periods)
        before = self._before(firsts, after or Cursor(-_FARTHEST, 0))
        until, following = self.counts, None
        if (self.counts - before).sum() > most:
            following = self._at(firsts, int(before.sum()) + most)
            until = self._before(firsts, following)
        if step < 0:
            before, until = self.counts - until, self.counts - before
        starts = (self.starts + before * self.periods).tolist()
        ends = (self.starts + until * self.periods).tolist()
        return Page([*map(Part, starts, ends)], following)

    def _before(self, firsts: Indexes, cursor: Cursor) -> Indexes:
        """Of each query, how many periods come before a place in the order."""
        until = cursor.time + (self._rows < cursor.done)
        found: Indexes = np.clip(-((firsts - until) // self.periods), 0, self.counts)
        return found

    def _at(self, firsts: Indexes, number: int) -> Cursor:
        """The place that so many periods come before."""
        low, high = -_FARTHEST, _FARTHEST
        while high - low > 1:
            middle = (low + high) // 2
            is_before = self._before(firsts, Cursor(middle, 0)).sum() <= number
            low, high = (middle, high) if is_before else (low, middle)
        there = self._before(firsts, Cursor(low, 0))
        more = np.cumsum(self._before(firsts, Cursor(low + 1, 0)) - there)
        done = np.searchsorted(more, number - there.sum(), side="right")
        return Cursor(low, int(done))


def token(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(cursor))).decode()


def cursor(text: str) -> Cursor:
    """Raises InvalidNextToken for what no page has given."""
    try:
        time, done = orjson.loads(base64.urlsafe_b64decode(text))
        if type(time) is type(done) is int and abs(time) <= _FARTHEST and done >= 0:
            return Cursor(time, done)
    except (ValueError, TypeError) as error:
        raise ApiError("InvalidNextToken", "The NextToken is invalid.") from error
    raise ApiError("InvalidNextToken", "The NextToken is invalid.")


def cut(
    found: Mapping[str, list[Series]], most: int, step: int
) -> Mapping[str, list[Series]]:
    """The first points of all series together, where there is no next page."""
    every = [one for series in found.values() for one in series]
    if sum(len(one.times) for one in every) <= most:
        return found
    times = np.concatenate([one.times[::step] for one in every]) * step
    owners = np.repeat(np.arange(len(every)), [len(one.times) for one in every])
    kept = owners[np.argsort(times, kind="stable")[:most]]
    counts = iter(np.bincount(kept, minlength=len(every)).tolist())
    return {
        name: [one.first(next(counts), step) for one in series]
        for name, series in found.items()
    }
