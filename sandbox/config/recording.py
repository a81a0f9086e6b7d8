"""Records items as resources change, and looks now and then for what was missed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TypeVar

from botocore.exceptions import ClientError

from sandbox.config.door import Door, Raw, hints_of, is_meant
from sandbox.config.doors import DOORS
from sandbox.config.items import DELETED, DISCOVERED, OK, Found, Item
from sandbox.config.reading import NOT_ANSWERED, Reader, Unavailable
from sandbox.config.slices import Slices
from sandbox.config.state import Failure, Place, PlaceKey, Store
from sandbox.kernel.calls import Finished
from sandbox.kernel.cloud import Cloud

log = logging.getLogger(__name__)

Read = TypeVar("Read")
Changed = Callable[[Place, Item | None, Item, float], None]
"""Hears of an item: the place, the one before, the new one, and the time."""

_SETTLE_SECONDS = 1.5
_SWEEP_SECONDS = 60
_DAY_SECONDS = 86_400
_EVERYTHING = frozenset({"*"})

_BY_SERVICE: Mapping[str, tuple[Door, ...]] = {
    service: tuple(door for door in DOORS.values() if door.service == service)
    for service in {door.service for door in DOORS.values()}
}
# Their resources belong to no region, or are called for through any.
_EVERY_REGION = frozenset({"iam", "s3"})


class Recording:
    """Keeps each place's history up to date while its recorder runs."""

    def __init__(self, cloud: Cloud, store: Store, changed: Changed) -> None:
        self._cloud = cloud
        self._store = store
        self._changed = changed
        self._touched: dict[tuple[PlaceKey, str], frozenset[str]] = {}
        self._owed: dict[tuple[PlaceKey, str], frozenset[str]] = {}
        self._slices = Slices(cloud)
        self._lock = threading.Lock()
        cloud.on_call(self._heard)
        cloud.timers.every(_SWEEP_SECONDS, self._sweep)

    def started(self, place: Place, now: float) -> None:
        self._touch(place, DOORS.values(), _EVERYTHING)

    def _heard(self, finished: Finished) -> None:
        call = finished.call
        doors = [
            door
            for door in _BY_SERVICE.get(call.service, ())
            if door.hears(call.operation)
        ]
        if not doors or finished.error is not None:
            return
        for place in self._store.recording():
            is_near = call.service in _EVERY_REGION or place.region == call.region
            if place.account == call.account and is_near:
                self._touch(place, doors, hints_of(call.parameters))

    def _touch(
        self, place: Place, doors: Iterable[Door], hints: frozenset[str]
    ) -> None:
        with self._lock:
            is_first = not self._touched
            for door in doors:
                key = _key_of(place, door)
                self._touched[key] = self._touched.get(key, frozenset()) | hints
        if is_first:
            self._cloud.timers.after(_SETTLE_SECONDS, self._look_at_touched)

    def _look_at_touched(self, now: float) -> None:
        with self._lock:
            touched, self._touched = self._touched, {}
        looks = [
            self._look(self._store.at(place), DOORS[resource_type], hints)
            for (place, resource_type), hints in touched.items()
        ]
        self._slices.add(looks, now)

    def _sweep(self, now: float) -> None:
        if not self._slices.is_idle:  # a sweep on top would only come later still
            return
        looks = [
            self._look(place, door, self._owed.pop(_key_of(place, door), frozenset()))
            for place in self._store.recording()
            for door in DOORS.values()
        ]
        self._slices.add(looks, now)

    def _look(self, place: Place, door: Door, hints: frozenset[str]) -> Iterator[None]:
        """Read what there is of a type, a resource at a step."""
        if not _is_recorded(place, door):
            return
        reader = Reader(self._cloud, place.account, place.region)
        attempt = _Attempt()
        listed = attempt.at(lambda: door.listed(reader))
        yield
        for resource_id, raw in (listed or {}).items():
            if not _is_recorded(place, door):
                return
            if not door.is_deep or self._is_due(place, door, resource_id, hints):
                found = attempt.at(partial(door.read, reader, raw))
                if found is not None:
                    self.record(place, found, self._cloud.clock.now())
                yield
        # Only a listing that was read says that something is gone.
        if listed is not None:
            self._record_gone(place, door, listed, self._cloud.clock.now())
        self._note(place, door, hints, attempt.failure)

    def _note(
        self, place: Place, door: Door, hints: frozenset[str], failure: Failure | None
    ) -> None:
        """What could not be read is owed to the next sweep, and said once."""
        before = place.failures.pop(door.resource_type, None)
        if failure is None:
            return
        place.failures[door.resource_type] = failure
        key = _key_of(place, door)
        self._owed[key] = self._owed.get(key, frozenset()) | hints
        if failure != before:
            log.warning(
                "%s of %s is not recorded in full: %s",
                door.resource_type,
                place.account,
                failure[1],
            )

    def _is_due(
        self, place: Place, door: Door, resource_id: str, hints: frozenset[str]
    ) -> bool:
        key = (door.resource_type, resource_id)
        last = place.last(key)
        is_new = last is None or last.is_deleted or key in place.postponed
        return is_new or hints >= _EVERYTHING or is_meant(resource_id, hints)

    def record(self, place: Place, found: Found, now: float) -> Item | None:
        """Keep an item of what was found, where it says something new."""
        with self._store.lock:
            before = place.last(found.key)
            was_there = before is not None and not before.is_deleted
            if was_there and before is not None and before.found == found:
                place.postponed.discard(found.key)
                return None
            if was_there and self._is_too_early(place, found, now):
                place.postponed.add(found.key)
                return None
            status = OK if was_there else DISCOVERED
            item = self._keep(place, found, status, now)
        self._changed(place, before, item, now)
        return item

    def _is_too_early(self, place: Place, found: Found, now: float) -> bool:
        """Daily recording keeps one item in 24 hours."""
        recorder, before = place.recorder, place.last(found.key)
        if recorder is None or before is None:
            return False
        is_daily = recorder.frequency(found.resource_type) == "DAILY"
        return is_daily and now - before.captured < _DAY_SECONDS

    def _keep(self, place: Place, found: Found, status: str, now: float) -> Item:
        item = Item(
            found,
            place.account,
            found.region or place.region,
            now,
            status,
            place.next_state_id(now),
        )
        place.history.setdefault(found.key, []).append(item)
        place.postponed.discard(found.key)
        return item

    def _record_gone(
        self, place: Place, door: Door, listed: Mapping[str, Raw], now: float
    ) -> None:
        gone = [
            item
            for item in list(place.current())
            if item.found.resource_type == door.resource_type
            and item.found.resource_id not in listed
        ]
        for item in gone:
            self.record_deleted(place, item, now)

    def record_deleted(self, place: Place, before: Item, now: float) -> None:
        with self._store.lock:
            found = Found(
                before.found.resource_type,
                before.found.resource_id,
                {},
                before.found.name,
                before.found.arn,
                zone=before.found.zone,
                region=before.found.region,
            )
            item = self._keep(place, found, DELETED, now)
        self._changed(place, before, item, now)


def _key_of(place: Place, door: Door) -> tuple[PlaceKey, str]:
    return (place.account, place.region), door.resource_type


def _is_recorded(place: Place, door: Door) -> bool:
    recorder = place.recorder
    if recorder is None or not place.is_recording:
        return False
    return recorder.records(door.resource_type)


class _Attempt:
    """Reads that may fail one by one; keeps why the last failing one did."""

    def __init__(self) -> None:
        self.failure: Failure | None = None

    def at(self, read: Callable[[], Read]) -> Read | None:
        try:
            return read()
        except Unavailable as error:
            self.failure = (NOT_ANSWERED, str(error))
        except ClientError as error:
            self.failure = (error.response["Error"]["Code"], str(error))
        return None
