"""Samples of longer periods, made of those of shorter ones. Pure.

Sum and SampleCount add up, Minimum and Maximum are of all; percentiles are never made
of percentiles. Periods are counted from 1970, UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from apps.monitoring.metrics.columns import Samples, no_samples
from apps.monitoring.metrics.lines import Seconds

# What CloudWatch itself keeps, and what we roll up into.
TIERS = (60, 300, 3_600, 86_400)
# Periods that CloudWatch answers without adding up anything itself.
SHORT = (1, 5, 10, 20, 30)


def tier_above(period_seconds: int) -> int | None:
    """The tier that samples of a period are rolled up into; None where none is."""
    for tier in TIERS:
        if tier > period_seconds and tier % period_seconds == 0:
            return tier
    return None


def tier_below(period_seconds: int) -> int | None:
    """The longest tier that a period is whole multiples of; None where none is."""
    fitting = [tier for tier in TIERS if period_seconds % tier == 0]
    return max(fitting, default=None)


def merged(samples: Samples, period_seconds: int) -> Samples:
    """Samples of a longer period; what is known of a period, be it all or a part."""
    if not len(samples):
        return samples
    starts = samples.times - samples.times % period_seconds
    first = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1))
    if len(first) == len(samples):
        return Samples.made_of(starts, samples.columns)
    return Samples(
        starts[first],
        np.add.reduceat(samples.count, first),
        np.add.reduceat(samples.sum, first),
        np.minimum.reduceat(samples.minimum, first),
        np.maximum.reduceat(samples.maximum, first),
    )


def overlaid(stored: Samples, made: Samples) -> Samples:
    """Stored samples, and over them those made of shorter periods.

    Of two of the same time the one of more measurements stands: shorter periods may
    have been read for a part of a longer one only, and SampleCount never shrinks. Of
    as many, the made one stands: late values changed what lies below.
    """
    if not len(stored) or not len(made):
        return stored if len(stored) else made
    times = np.concatenate([stored.times, made.times])
    pairs = zip(stored.columns, made.columns, strict=True)
    columns = [np.concatenate(pair) for pair in pairs]
    # The last of each time is kept: the larger count, and made after stored.
    order = np.lexsort((columns[0], times))
    ordered = times[order]
    last = order[np.append(ordered[1:] != ordered[:-1], True)]
    return Samples.made_of(times[last], [column[last] for column in columns])


def climbed(stored: Mapping[int, Samples], period_seconds: int) -> Samples:
    """Samples of `period_seconds`, of stored samples by their periods, shorter first.

    Goes the way that rolling up goes, tier by tier, so that a period of which one part
    was read by the minute and another at five minutes is whole.
    """
    ladder = [tier for tier in TIERS if period_seconds % tier == 0] + [period_seconds]
    carried: dict[int, Samples] = {}
    for period in sorted({*stored, *ladder}):
        if period > period_seconds:
            break
        made = carried.pop(period, no_samples())
        here = overlaid(stored.get(period, no_samples()), made)
        above = _next_rung(ladder, period)
        if above is None:
            return here
        over = carried.get(above, no_samples())
        carried[above] = overlaid(over, merged(here, above))
    return no_samples()


def _next_rung(ladder: Iterable[int], period: int) -> int | None:
    fitting = [rung for rung in ladder if rung > period and rung % period == 0]
    return min(fitting, default=None)


def is_lacking(samples: Samples, coarser: Seconds, period_seconds: int) -> bool:
    """Whether periods that begin at `coarser` have no sample within them."""
    have = samples.times - samples.times % period_seconds
    return not np.isin(coarser, have).all()
