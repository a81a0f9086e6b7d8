"""Which chunks make up a window: whole days and hours within, minutes at its ends."""

from __future__ import annotations

from collections.abc import Mapping

from apps.tracing.maps.parts import DAY, HOUR, MINUTE

Stretch = tuple[int, int, int]
"""Period in seconds, and the seconds since 1970 from which until before which chunks
of it begin."""


_ALL_KEPT: Mapping[int, int] = {}
Horizons = Mapping[int, int]
"""Since when chunks of a period are kept, in seconds since 1970."""


def stretches(since_s: int, until_s: int, kept: Horizons = _ALL_KEPT) -> list[Stretch]:
    """The chunks of a window; both ends are whole minutes. Where the finer ones that
    an end needs are not kept any more, the coarser ones around it are taken."""
    periods = [
        period for period in (DAY, HOUR, MINUTE) if kept.get(period, 0) <= since_s
    ] or [DAY]
    finest = periods[-1]
    since_s, until_s = since_s // finest * finest, -(-until_s // finest) * finest
    found: list[Stretch] = []
    _cover(since_s, until_s, tuple(periods), found)
    return found


def _cover(
    since_s: int, until_s: int, periods: tuple[int, ...], found: list[Stretch]
) -> None:
    if since_s >= until_s:
        return
    period, finer = periods[0], periods[1:]
    first = -(-since_s // period) * period
    last = until_s // period * period
    if not finer:
        found.append((period, since_s, until_s))
    elif first < last:
        found.append((period, first, last))
        _cover(since_s, first, finer, found)
        _cover(last, until_s, finer, found)
    else:
        _cover(since_s, until_s, finer, found)


def whole_minutes(since_s: float, until_s: float) -> tuple[int, int]:
    """A window made whole: from the minute it begins in to the end of its last."""
    first = int(since_s // MINUTE) * MINUTE
    last = -(-int(until_s) // MINUTE) * MINUTE
    return first, max(last, first + MINUTE)
