"""Reads the records of a Kinesis stream that subscription filters write to.

Each shard is read from its last durable record on. A shard that was split or merged is
read to its end; those that follow it are found by listing, and begin at their own
beginning: lines have ids, so the order of shards does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.discovery.accounts import target
from apps.discovery.aws import AwsError, AwsRefused, Door, Target
from apps.discovery.leases import Clock, Lease
from apps.discovery.limits import Pace, shard_pace
from apps.monitoring.logs.envelopes import from_record
from apps.monitoring.logs.receiving import Receiver
from apps.monitoring.models import LogShard, LogSource
from apps.search.engines.base import DocumentEngine
from apps.search.shutdown import stopping

PERMISSIONS = {
    "kinesis": ("kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards")
}
# At the pace of a shard some seconds: others have their turn, and the claim lasts.
_CALLS_A_ROUND = 20
_RECORDS = 1_000


@dataclass(frozen=True, slots=True)
class Record:
    sequence: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Records:
    """Records in order; `next` is None at the end of a shard that is closed."""

    records: tuple[Record, ...]
    next: str | None
    behind_ms: int


class Stream:
    """A stream of Kinesis."""

    def __init__(self, where: Target, name: str) -> None:
        self._door = Door(where, "kinesis")
        self._place = (where.account, where.region)
        self._name = name

    def shards(self) -> Iterator[str]:
        """The ids of all shards whose records are still kept, closed ones too."""
        asked: dict[str, Any] = {"StreamName": self._name}
        while True:
            answer = self._door.call("list_shards", **asked)
            yield from (shard["ShardId"] for shard in answer.get("Shards", ()))
            if not answer.get("NextToken"):
                return
            asked = {"NextToken": answer["NextToken"]}

    def iterator(self, shard: str, after: str) -> str:
        """Where to read on: after a record, or from the oldest that is kept. Raises
        AwsRefused where that record is no longer kept."""
        place = (
            {
                "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "StartingSequenceNumber": after,
            }
            if after
            else {"ShardIteratorType": "TRIM_HORIZON"}
        )
        answer = self._door.call_at(
            self._pace("get_shard_iterator", shard),
            "get_shard_iterator",
            StreamName=self._name,
            ShardId=shard,
            **place,
        )
        return str(answer["ShardIterator"])

    def records(self, shard: str, iterator: str) -> Records:
        """Raises AwsRefused for an iterator older than five minutes."""
        answer: Mapping[str, Any] = self._door.call_at(
            self._pace("get_records", shard),
            "get_records",
            ShardIterator=iterator,
            Limit=_RECORDS,
        )
        return Records(
            tuple(
                Record(one["SequenceNumber"], one["Data"])
                for one in answer.get("Records", ())
            ),
            answer.get("NextShardIterator"),
            int(answer.get("MillisBehindLatest", 0)),
        )

    def _pace(self, operation: str, shard: str) -> Pace:
        return shard_pace(self._place, operation, self._name, shard)


class KinesisRun:
    """Reads what is new in every shard of a claimed source."""

    def __init__(
        self, lease: Lease[LogSource], engine: DocumentEngine, clock: Clock
    ) -> None:
        self._lease = lease
        self._source = lease.row
        self._clock = clock
        source = self._source
        self._stream = Stream(target(source.account, source.region), source.stream)
        self._receiver = Receiver(source, engine, clock)

    def run(self) -> None:
        """Raises AwsError, EngineUnavailable, LeaseLost. A shard that cannot be read
        does not keep the others waiting: its error comes in the end."""
        failures: list[AwsError] = []
        for shard in self._shards():
            if stopping.is_set():
                break
            self._lease.keep(self._clock())
            try:
                self._read(shard)
            except AwsError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def _shards(self) -> list[LogShard]:
        """Those that are not read to their end; new ones are written down."""
        listed = list(self._stream.shards())
        LogShard.objects.bulk_create(
            [LogShard(source=self._source, shard=shard) for shard in listed],
            ignore_conflicts=True,
        )
        rows = LogShard.objects.filter(source=self._source, is_finished=False)
        # What is no longer listed holds no records any more.
        rows.exclude(shard__in=listed).update(is_finished=True, behind_ms=0)
        return list(rows.filter(shard__in=listed))

    def _read(self, shard: LogShard) -> None:
        """What was read until something fails is kept."""
        iterator: str | None = self._iterator(shard)
        try:
            for _ in range(_CALLS_A_ROUND):
                if iterator is None or stopping.is_set():
                    break
                self._lease.keep(self._clock())
                found = self._stream.records(shard.shard, iterator)
                iterator = found.next
                self._take(shard, found)
                if not found.behind_ms and not found.records:
                    break
        except AwsError:
            self._commit(shard, is_finished=False)
            raise
        self._commit(shard, is_finished=iterator is None)

    def _iterator(self, shard: LogShard) -> str:
        try:
            return self._stream.iterator(shard.shard, shard.sequence)
        except AwsRefused:
            if not shard.sequence:
                raise
            # Records are kept for a day or more: what was there is gone, go on.
            return self._stream.iterator(shard.shard, "")

    def _take(self, shard: LogShard, found: Records) -> None:
        name = self._source.stream
        for record in found.records:
            origin = f"kinesis://{name}/{shard.shard}/{record.sequence}"
            self._receiver.take(origin, from_record(record.data))
            shard.sequence = record.sequence
        shard.behind_ms = found.behind_ms

    def _commit(self, shard: LogShard, *, is_finished: bool) -> None:
        self._receiver.commit()
        self._lease.keep(self._clock())
        LogShard.objects.filter(pk=shard.pk).update(
            sequence=shard.sequence,
            behind_ms=shard.behind_ms,
            read_at=self._clock(),
            is_finished=is_finished,
        )
