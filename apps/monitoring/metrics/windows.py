"""What to ask CloudWatch for, from when until when, in as few calls as there can be.
Pure: seconds since 1970, nothing asks the clock.

A call of GetMetricData may hold 500 queries, a query for each statistic of a metric,
and answers at most 100,800 points without a second page; every query of it shares one
window. It bills each metric once for up to five statistics, however long the window
is. Two things follow.

Reaching back is free. A window of 200 minutes of 125 metrics with four statistics is
500 queries and 100,000 points: still one call, and still 125 billed metrics. So what
CloudWatch may have changed since is read again by the polls that are due anyway: the
last 15 minutes by each of them, the last 3 hours by one in 18 minutes, 72 hours by one
in a day, which needs more calls for its points but bills nothing more.

The least there can be: for `n` metrics over `p` periods, of four statistics each,

    billed metrics = n
    calls          = ceil(n / min(floor(500 / 4), floor(100,800 / (4 * p))))

since to part a metric's window or statistics among calls would bill it twice.
`batches` makes exactly so many of metrics that are due together.

Source: GetMetricData and its quotas, CloudWatch API reference; pricing of metrics
requested, CloudWatch pricing page.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from apps.monitoring.metrics.lines import Interval

MINUTE, HOUR, DAY = 60, 3_600, 86_400

MOST_QUERIES = 500
MOST_POINTS = 100_800
BASE_STATISTICS = ("SampleCount", "Sum", "Minimum", "Maximum")
"""What every other mergeable statistic is made of."""

SETTLE_SECONDS = 60
"""A period is asked for once it has been over for so long. CloudWatch goes on counting
into it for about three minutes, so it is asked for again."""
FIRM_SECONDS = 15 * MINUTE
"""Every point is read once more when it is at least so old."""
LATE_SECONDS = 3 * HOUR
"""And once more when it is so old: samples up to a day late are readable in two."""
LATE_EVERY_SECONDS = 18 * MINUTE
NIGHT_SECONDS = 72 * HOUR
"""And once more in each of three nights, for what was put later than that."""
NIGHT_FROM_SECONDS, NIGHT_SPREAD_SECONDS = 2 * HOUR, 4 * HOUR

# Seconds for which points of a period are kept, and the period they are merged to
# then. A window that begins before that is answered with no points and no error, so
# windows stay an hour away from it.
_KEPT = ((15 * DAY, 5 * MINUTE), (63 * DAY, HOUR), (455 * DAY, None))
_MARGIN_SECONDS = HOUR


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a series was read, each time as the end of what is done.

    `read_until`: of all; `firm_until`: of what was then 15 minutes old;
    `late_until`: of what was then 3 hours old; `night`: the last night, as days since
    1970, on which 72 hours were read.
    """

    series_id: int
    read_until: int
    firm_until: int
    late_until: int
    night: int


@dataclass(frozen=True, slots=True)
class Ask:
    """A series with the statistics to ask for at one period, from a time on."""

    series_id: int
    period_seconds: int
    statistics: tuple[str, ...]
    since: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One call: series with everything asked of them, over one window."""

    window: Interval
    asks: tuple[Ask, ...]

    @property
    def queries(self) -> int:
        return sum(len(ask.statistics) for ask in self.asks)

    @property
    def points(self) -> int:
        """As AWS counts them: those there may be."""
        seconds = self.window.until - self.window.since
        return sum(
            len(ask.statistics) * -(-seconds // ask.period_seconds) for ask in self.asks
        )


def aligned(seconds: int, period_seconds: int) -> int:
    """The start of the period that a time is in."""
    return seconds - seconds % period_seconds


def readable_until(now: int, period_seconds: int) -> int:
    """The end of the last period that is worth asking for."""
    return aligned(now - SETTLE_SECONDS, period_seconds)


def due_before(every_seconds: int, now: int) -> int:
    """Series read until earlier than this are due. All that are asked equally often
    are due at the same time, and fill calls together."""
    return aligned(now - SETTLE_SECONDS, every_seconds)


def night_of(series_id: int, now: int) -> int:
    """The last night whose turn has come for a series, as days since 1970. Turns lie
    between 2 and 6 o'clock UTC, so that not all series are read at once."""
    turn = NIGHT_FROM_SECONDS + series_id * 997 % NIGHT_SPREAD_SECONDS
    return (now - turn) // DAY


def since_of(progress: Progress, period_seconds: int, now: int) -> int:
    """From when on a series that is due is read: as far back as something may have
    changed that was not read since."""
    since = min(progress.firm_until, progress.read_until)
    if progress.late_until < _late_turn(progress.series_id, now):
        since = min(since, progress.late_until)
    if progress.night < night_of(progress.series_id, now):
        since = min(since, now - NIGHT_SECONDS)
    return aligned(since, period_seconds)


def _late_turn(series_id: int, now: int) -> int:
    """What was read when it was three hours old must reach so far. Series take turns:
    were all read again at once, their points would exceed the quota."""
    phase = series_id * 131 % LATE_EVERY_SECONDS
    return aligned(now - LATE_SECONDS - phase, LATE_EVERY_SECONDS) + phase


def advanced(progress: Progress, window: Interval, now: int) -> Progress:
    """How far a series is read once a window that was planned at a time, `now`, has
    been kept durably."""
    is_night = window.since <= now - NIGHT_SECONDS and window.until > now - FIRM_SECONDS
    return Progress(
        progress.series_id,
        max(progress.read_until, window.until),
        _further(progress.firm_until, window, now - FIRM_SECONDS),
        _further(progress.late_until, window, now - LATE_SECONDS),
        night_of(progress.series_id, now) if is_night else progress.night,
    )


def _further(done_until: int, window: Interval, until: int) -> int:
    """What was old enough when a window was read that joins on to what is done."""
    if window.since > done_until:
        return done_until
    return max(done_until, min(until, window.until))


def tiers(
    since: int, until: int, period_seconds: int, now: int
) -> list[tuple[int, Interval]]:
    """The finest periods kept over a window, oldest first, each with its part of it.

    Nothing where the window ends before anything is kept.
    """
    marks = [until]
    periods = [period_seconds]
    for kept, merged in _KEPT:
        grain = max(merged or HOUR, period_seconds)
        edge = -(-(now - kept + _MARGIN_SECONDS) // grain) * grain
        marks.append(min(max(since, edge), until))
        if merged is not None:
            periods.append(grain)
    parts = [
        (period, Interval(aligned(begin, period), end))
        for period, (end, begin) in zip(periods, pairwise(marks), strict=True)
        if begin < end
    ]
    return parts[::-1]


def batches(bundles: Iterable[Sequence[Ask]], until: int) -> list[Batch]:
    """As few calls as there can be for what is due until a time.

    A bundle is all that is asked of one series, which stays in one call. The longest
    windows come first: a call reads all of its series as far back as the first.
    """
    result: list[Batch] = []
    held = _Call(until)
    for bundle in sorted(bundles, key=_beginning):
        if not held.takes(bundle):
            result.append(held.batch())
            held = _Call(until)
            held.takes(bundle)
    if held.asks:
        result.append(held.batch())
    return result


def _beginning(bundle: Sequence[Ask]) -> tuple[int, int]:
    return min(ask.since for ask in bundle), bundle[0].series_id


class _Call:
    """A call that is filled until no further series fits."""

    def __init__(self, until: int) -> None:
        self.asks: list[Ask] = []
        self._until = until
        self._since = until
        # How many queries there are of each period.
        self._queries: Counter[int] = Counter()

    def takes(self, bundle: Sequence[Ask]) -> bool:
        """Add a bundle where it fits; one that fits nowhere has a call of its own."""
        queries = self._queries.copy()
        for ask in bundle:
            queries[ask.period_seconds] += len(ask.statistics)
        since = min(self._since, *(ask.since for ask in bundle))
        # One window for all, which begins with a period of each.
        since = aligned(since, math.lcm(*queries))
        seconds = self._until - since
        points = sum(n * -(-seconds // period) for period, n in queries.items())
        is_full = queries.total() > MOST_QUERIES or points > MOST_POINTS
        if is_full and self.asks:
            return False
        self._queries, self._since = queries, since
        self.asks.extend(bundle)
        return True

    def batch(self) -> Batch:
        return Batch(Interval(self._since, self._until), tuple(self.asks))


def least_calls(series: int, periods: int, statistics: int = 4) -> int:
    """The arithmetic minimum of calls, as it stands above."""
    together = min(MOST_QUERIES // statistics, MOST_POINTS // (statistics * periods))
    return math.ceil(series / together)
