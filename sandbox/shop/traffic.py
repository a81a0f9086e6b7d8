"""A day of history first, then traffic as time goes."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from sandbox.shop.directory import Directory
from sandbox.shop.effects import NONE, Effects
from sandbox.shop.lines import Line, stream_of
from sandbox.shop.logmetrics import Tally
from sandbox.shop.machines import Machines
from sandbox.shop.names import Names
from sandbox.shop.rhythm import share_at
from sandbox.shop.sinks import Sinks
from sandbox.shop.topology import SERVICES
from sandbox.shop.visits import Journey, Traveller

HISTORY_SECONDS = 86_400
_MINUTE = 60
_CHUNK_SECONDS = 1_800
_LONGEST_STEP_SECONDS = 30.0


class Traffic:
    """Requests at `per_second`, the mean of a day; it can be changed at any time."""

    def __init__(
        self, sinks: Sinks, directory: Directory, per_second: float, seed: int = 1
    ) -> None:
        self.per_second = per_second
        self.effects: Effects = NONE
        self.machines = Machines(seed)
        self._sinks = sinks
        self._directory = directory
        self._traveller = Traveller(seed)
        self._told_until = 0.0
        self._measured_until = 0.0
        self._ticking = threading.Lock()

    def names(self, now: float) -> Names:
        """What the parts of the shop are called now."""
        return self._directory.names(now)

    def write_history(self, now: float) -> int:
        """Tell of the day before `now`; how many requests there were. It is told as
        if the tasks that run now had run all day."""
        start = now - HISTORY_SECONDS
        names, tally, count = self.names(now), Tally(), 0
        at = start
        while at < now:
            until = min(at + _CHUNK_SECONDS, now)
            journeys = list(self._journeys(at, until))
            self._sinks.tell_past(journeys, names, tally)
            count += len(journeys)
            at = until
        self._sinks.measure(tally.incoming())
        self._sinks.measure(tally.errors())
        self._measure(start, now)
        self._told_until = now
        return count

    def tick(self, now: float) -> None:
        """Tell of what happened since the last time."""
        with self._ticking:
            start = max(self._told_until, now - _LONGEST_STEP_SECONDS)
            journeys = list(self._journeys(start, now))
            self._sinks.tell(journeys, self.names(now), now)
            self._sinks.say(self._chatter(start, now), now)
            self._told_until = now
            self._measure(max(self._measured_until, now - 10 * _MINUTE), now)

    def _journeys(self, start: float, end: float) -> Iterator[Journey]:
        """Requests that began in a time, minute by minute."""
        at = start
        while at < end:
            until = min(at + _MINUTE, end)
            expected = self.per_second * share_at(at) * (until - at)
            yield from self._minute(at, until - at, expected)
            at = until

    def _minute(self, at: float, seconds: float, expected: float) -> Iterator[Journey]:
        traveller = self._traveller
        arrivals = traveller.arrivals(expected)
        for start in sorted(traveller.within(at, seconds) for _ in range(arrivals)):
            journey = traveller.journey(start, self.effects)
            if journey is not None:
                yield journey

    def _measure(self, start: float, end: float) -> None:
        at = start - start % _MINUTE + _MINUTE
        names = self.names(end)
        while at <= end:
            share = share_at(at)
            self._sinks.measure(self.machines.minute(at, share, self.effects, names))
            self._measured_until = at
            at += _MINUTE

    def _chatter(self, start: float, end: float) -> Iterator[Line]:
        """Lines without end, as of debugging that was left on."""
        names = self.names(end)
        for name, per_second in self.effects.chatter.items():
            service = SERVICES[name]
            count = int(per_second * (end - start))
            for number in range(count):
                at = start + (end - start) * number / count
                message = f"DEBUG cache entry {number} examined: still valid"
                stream = stream_of(service, names, at, number)
                yield Line(service, int(at * 1_000), message, stream)
