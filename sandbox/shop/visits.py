"""One request through the shop: who was visited, when, for how long, how it ended.

Pure but for the random numbers it is given. Everything that is told of a request, its
segments, log lines and samples, is told from the same visits.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.shop.effects import Effects
from sandbox.shop.topology import (
    CACHE_MISS,
    CONSUMERS,
    MIX,
    ROUTES,
    SERVICES,
    STORES,
    CallTo,
    Service,
    Store,
)

_FAULTS = 0.0012
_ERRORS = 0.004
_TIMEOUT_SECONDS = 5.0
_CLIENT_ERROR, _FAULT, _FAILED_DEPENDENCY = 404, 500, 502
_LONGEST_WAIT_SECONDS = 3.0
_MANY = 200.0


@dataclass(slots=True)
class Visit:
    """A stay at a service or store. `start` in seconds since 1970.

    `call_id` is the caller's subsegment, `id` the callee's own segment; a store has
    only the first.
    """

    place: Service | Store
    action: str
    start: float
    id: str
    call_id: str
    seconds: float = 0.0
    status: int = 200
    children: list[Visit] = field(default_factory=list)
    consumers: list[Visit] = field(default_factory=list)

    @property
    def end(self) -> float:
        return self.start + self.seconds

    @property
    def request_id(self) -> str:
        """What Lambda calls this invocation: made of the two ids, which are random."""
        a, b = self.id, self.call_id
        return f"{a[:8]}-{a[8:12]}-4{a[13:]}-a{b[1:4]}-{b[4:]}"

    @property
    def is_fault(self) -> bool:
        return self.status >= 500  # noqa: PLR2004 - HTTP status

    def everything(self) -> Iterator[Visit]:
        """This visit and all it caused, in the order of calls."""
        ahead = [self]
        while ahead:
            visit = ahead.pop()
            yield visit
            ahead += reversed((*visit.children, *visit.consumers))


@dataclass(frozen=True, slots=True)
class Journey:
    """A request from its arrival at the API to the end of all it caused."""

    trace_id: str
    request_id: str
    gateway_id: str
    client_ip: str
    root: Visit

    def visits(self) -> Iterator[Visit]:
        return self.root.everything()


class Traveller:
    """Sends requests through the shop."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a demo's dice

    def arrivals(self, expected: float) -> int:
        """How many arrive where so many are expected: a Poisson draw, or for many the
        normal distribution it comes near to."""
        if expected > _MANY:
            drawn = self._random.gauss(expected, math.sqrt(expected))
            return max(0, round(drawn))
        limit, product, count = math.exp(-expected), self._random.random(), 0
        while product > limit:
            product *= self._random.random()
            count += 1
        return count

    def within(self, start: float, seconds: float) -> float:
        return start + self._random.random() * seconds

    def journey(self, start: float, effects: Effects) -> Journey | None:
        """One request at a time, or none where the whole storefront is silent."""
        if "storefront" in effects.silent:
            return None
        draw = self._random
        action = draw.choices(list(MIX), list(MIX.values()))[0]
        root = self._visit("storefront", action, start, effects)
        return Journey(
            f"1-{int(start):08x}-{self._hex(24)}",
            f"{self._hex(8)}-{self._hex(4)}-4{self._hex(3)}-a{self._hex(3)}-{self._hex(12)}",
            self._hex(16),
            f"203.0.113.{draw.randrange(1, 255)}",
            root,
        )

    def _hex(self, letters: int) -> str:
        return f"{self._random.getrandbits(letters * 4):0{letters}x}"

    def _visit(self, name: str, action: str, start: float, effects: Effects) -> Visit:
        place: Service | Store = SERVICES.get(name) or STORES[name]
        visit = Visit(place, action, start, self._hex(16), self._hex(16))
        own = self._own_seconds(place, effects)
        if isinstance(place, Store):
            visit.seconds = own
            if self._fails(name, effects):
                visit.status = _FAULT
            return visit
        # A third of its own work comes before the calls.
        at = start + own / 3
        at = self._calls(visit, at, effects)
        visit.seconds = at - start + own * 2 / 3
        visit.status = self._status(visit, effects)
        return visit

    def _own_seconds(self, place: Service | Store, effects: Effects) -> float:
        median = place.work_ms / 1_000 * effects.slower.get(place.name, 1.0)
        drawn = median * math.exp(self._random.gauss(0, place.spread))
        return min(drawn, _TIMEOUT_SECONDS)

    def _fails(self, name: str, effects: Effects) -> bool:
        return self._random.random() < effects.faults.get(name, _FAULTS / 4)

    def _calls(self, visit: Visit, at: float, effects: Effects) -> float:
        """Make the calls of a route one after the other; when the last has ended."""
        name = visit.place.name
        route = ROUTES.get((name, visit.action))
        for call in route.calls if route else ():
            if call.chance < 1 and self._random.random() > call.chance:
                continue
            if call.target in effects.silent:
                continue
            for _ in range(effects.repeats.get((name, call.target), 1)):
                at = self._call(visit, call, at, effects)
            if visit.children[-1].is_fault and call.target in SERVICES:
                break  # what follows needs the answer
        return at

    def _call(self, visit: Visit, call: CallTo, at: float, effects: Effects) -> float:
        child = self._visit(call.target, call.action, at, effects)
        visit.children.append(child)
        at = child.end
        if call.target in CACHE_MISS:
            store, operation, usual = CACHE_MISS[call.target]
            if self._random.random() < effects.misses.get(call.target, usual):
                read = self._visit(store, operation, at, effects)
                visit.children.append(read)
                at = read.end
        if call.target in CONSUMERS and not child.is_fault:
            self._consume(child, effects)
        return at

    def _consume(self, sent: Visit, effects: Effects) -> None:
        """What is sent now is worked on a little later."""
        name, action = CONSUMERS[sent.place.name]
        if name in effects.silent:
            return
        waited = self._random.random() * _LONGEST_WAIT_SECONDS
        sent.consumers.append(self._visit(name, action, sent.end + waited, effects))

    def _status(self, visit: Visit, effects: Effects) -> int:
        if self._random.random() < effects.faults.get(visit.place.name, _FAULTS):
            return _FAULT
        if any(child.is_fault for child in visit.children):
            return _FAILED_DEPENDENCY
        if visit.action.startswith("GET /products") and (
            self._random.random() < _ERRORS
        ):
            return _CLIENT_ERROR
        return 200
