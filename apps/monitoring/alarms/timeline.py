"""The states an alarm was in over a stretch of time, from its history. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.search.timerange import TimeRange

UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A state from `since` until `until`; "" where it is not known."""

    state: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class StateChange:
    at: datetime
    was: str
    became: str


def stretches(
    changes: Sequence[StateChange], state: str, since: datetime, range_: TimeRange
) -> tuple[Stretch, ...]:
    """The states within `range_`, without gaps, oldest first.

    `changes` are those known, oldest first; `state` is today's, held `since`. Before
    the first change the state is the one it changed from.
    """
    found: list[Stretch] = []
    begin, current = range_.since, changes[0].was if changes else UNKNOWN
    for change in changes:
        if change.at >= range_.until:
            break
        if change.at > begin:
            found.append(Stretch(current, begin, change.at))
            begin = change.at
        current = change.became
    if not changes and since < range_.until:
        if since > begin:
            found.append(Stretch(UNKNOWN, begin, since))
            begin = since
        current = state
    found.append(Stretch(current, begin, range_.until))
    return tuple(found)
