"""What may be forgotten of samples without anybody seeing it.

Source: metrics retention, CloudWatch user guide: periods under a minute go back three
hours, and nothing goes back more than 15 months.
"""

from __future__ import annotations

import numpy as np

from sandbox.cloudwatch import periods
from sandbox.cloudwatch.samples import Column, Samples, joined

MOST_ROWS = 250_000
"""What a metric keeps in one unit, the newest: the sandbox's own bound."""

_ROW_BYTES, _COUNTED_ROW_BYTES = 12, 20


def age(column: Column, now: float) -> None:
    """Forget seconds that can be told apart no more, and what is too old or too much.

    Equal values of a minute become one with a count: every statistic stays as it was.
    """
    settled = column.settled()
    fine_from = periods.fine_from(now)
    part = settled.between(column.aged_until, fine_from)
    merged = _merged(part)
    if _bytes_of(merged) < _bytes_of(part):
        before = settled.between(0, column.aged_until)
        after = settled.between(fine_from, np.inf)
        settled = joined([before, merged, after])
    column.replace(_kept(settled, now), fine_from)


def _merged(samples: Samples) -> Samples:
    if samples.lows is not None or not len(samples.times):
        return samples
    minutes = samples.times - samples.times % 60
    order = np.lexsort((samples.values, minutes))
    times, values = minutes[order], samples.values[order]
    is_other = (times[1:] != times[:-1]) | (values[1:] != values[:-1])
    firsts = np.flatnonzero(np.concatenate(([True], is_other)))
    counts = np.add.reduceat(samples.weights()[order], firsts)
    return Samples(times[firsts], values[firsts], counts)


def _bytes_of(samples: Samples) -> int:
    row = _ROW_BYTES if samples.counts is None else _COUNTED_ROW_BYTES
    return row * len(samples.times)


def _kept(samples: Samples, now: float) -> Samples:
    too_old = np.searchsorted(samples.times, max(now - periods.KEPT_SECONDS, 0))
    first = max(int(too_old), len(samples.times) - MOST_ROWS)
    # An index copies: a slice would keep the memory of what was dropped.
    return samples.rows(np.arange(first, len(samples.times))) if first > 0 else samples
