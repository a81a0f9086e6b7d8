"""CloudTrail's operations, and the listener that records every call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sandbox.cloudtrail import records
from sandbox.cloudtrail.delivery import Delivery
from sandbox.cloudtrail.events import EventHistory, store_form
from sandbox.cloudtrail.lookups import Lookups
from sandbox.cloudtrail.records import Record
from sandbox.cloudtrail.trailoperations import TrailOperations
from sandbox.cloudtrail.trails import Trail
from sandbox.kernel.calls import Finished, Handler
from sandbox.kernel.cloud import Cloud, Event

DELIVER_EVERY_SECONDS = 2.0
"""AWS takes about five minutes; a sandbox is watched by people."""


class CloudTrail:
    """CloudTrail of every account and region."""

    name = "cloudtrail"
    from_moto: frozenset[str] = frozenset()

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._history = EventHistory()
        self._delivery = Delivery(cloud)
        self._trails = TrailOperations(cloud, self._delivery)
        cloud.on_call(self._record)
        cloud.timers.every(DELIVER_EVERY_SECONDS, self._deliver)
        self.operations: Mapping[str, Handler] = {
            **self._trails.operations,
            **Lookups(self._history, self._delivery).operations,
        }

    def _record(self, finished: Finished) -> None:
        for record in records.of(finished):
            self.add(record, finished.call.now)

    def add(self, record: Record, time: float) -> None:
        """Take a record in: into the history, the trails' files and EventBridge."""
        account, region = record["recipientAccountId"], record["awsRegion"]
        if record["managementEvent"]:
            self._history.add((account, region), store_form(record, time))
        wanting = [trail for trail in self._trails.all() if trail.wants(record)]
        for trail in wanting:
            trail.is_ending = False
            self._delivery.hold(trail, record)
        if wanting:
            self._cloud.emit(_event_of(record, time))

    def write_history(self, past: Sequence[Record]) -> None:
        """Deliver records of the past, in order of time: files of a quarter of an hour,
        each hour signed. Rules of EventBridge do not hear of them."""
        for trail in self._trails.all():
            streams: dict[str, list[Record]] = defaultdict(list)
            for record in past:
                if trail.wants(record):
                    streams[record["awsRegion"]].append(record)
            for region in trail.regions:
                self._write_stream(trail, region, streams[region])
        for record in past:
            place = (record["recipientAccountId"], record["awsRegion"])
            self._history.add(place, store_form(record, _seconds(record)))

    def _write_stream(self, trail: Trail, region: str, past: list[Record]) -> None:
        if not past:
            return
        quarters: dict[int, list[Record]] = defaultdict(list)
        for record in past:
            quarters[int(_seconds(record) // 900)].append(record)
        first, last = min(quarters), max(quarters)
        self._delivery.begin(trail, [region], first * 900.0)
        for quarter in range(first, last + 1):
            end = min((quarter + 1) * 900.0, self._cloud.clock.now())
            if quarters[quarter]:
                self._delivery.write_file(trail, region, quarters[quarter], end)
            if (quarter + 1) % 4 == 0 and trail.validates:
                self._delivery.sign(trail, region, end)

    def _deliver(self, now: float) -> None:
        for trail in self._trails.all():
            self._delivery.deliver(trail, now)
            if trail.is_logging:
                self._delivery.sign_due(trail, now)
        self._history.forget_before(now)


def _seconds(record: Record) -> float:
    return datetime.fromisoformat(record["eventTime"]).timestamp()


def _event_of(record: Record, time: float) -> Event:
    """What EventBridge hears of a call."""
    source = f"aws.{record['eventSource'].split('.')[0]}"
    account, region = record["recipientAccountId"], record["awsRegion"]
    kind = "AWS API Call via CloudTrail"
    return Event(account, region, source, kind, dict(record), time)
