"""A stream is read to its end, once, however its shards come and go."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from apps.monitoring.logs import collecting, kinesis
from apps.monitoring.logs.receiving import Receiver
from apps.monitoring.models import LogShard, LogSource
from apps.search import store
from apps.search.engines.base import DocumentEngine
from apps.search.models import QuarantinedRecord
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.monitoring.logs.crashing import Killed
from tests.monitoring.logs.test_envelopes import data, packed
from tests.monitoring.logs.world import World

STREAM = "logs"


@pytest.fixture
def stream(world: World, client: Any, engine: DocumentEngine) -> Any:
    """A stream of Kinesis, and the source that reads it."""
    made = client("kinesis")
    made.create_stream(StreamName=STREAM, ShardCount=2)
    LogSource.objects.create(
        kind="kinesis",
        name="stream",
        account=world.scope.account,
        region=HOME_REGION,
        stream=STREAM,
    )
    return made


def subscribe(client: Any) -> None:
    client("logs").put_subscription_filter(
        logGroupName="/shop",
        filterName="all",
        filterPattern="",
        destinationArn=f"arn:aws:kinesis:{HOME_REGION}:{SHOP}:stream/{STREAM}",
        roleArn=f"arn:aws:iam::{SHOP}:role/logs",
    )


def collect(world: World) -> LogSource:
    LogSource.objects.update(ran_at=None)
    for source_id in collecting.due_sources(world.now()):
        collecting.collect(source_id, store.engine(), world.now)
    return LogSource.objects.get()


def test_what_a_subscription_writes_is_read(
    world: World, stream: Any, client: Any
) -> None:
    world.say("before anybody listened")
    subscribe(client)
    world.say(*(f"line {at}" for at in range(50)), stream="two")
    world.pass_time(1)

    source = collect(world)

    assert source.problem == ""
    heard = {message for _, message in world.stored()}
    assert heard == {f"line {at}" for at in range(50)}
    assert source.succeeded_at == world.now()


def test_what_is_delivered_twice_and_in_disorder_is_kept_once(
    world: World, stream: Any, client: Any
) -> None:
    world.say("first")
    subscribe(client)
    world.strike("duplicate", "logs.subscriptions", probability=0.5)
    world.strike("reorder", "logs.subscriptions")
    for at in range(40):
        world.say(f"line {at}", stream=f"stream {at % 3}", ago=at)
        world.pass_time(1)
    collect(world)

    assert sum(world.stored().values()) == 40
    assert LogSource.objects.get().already_there > 0


def test_what_a_subscription_lost_is_found_by_polling(
    world: World, stream: Any, client: Any
) -> None:
    world.say("first")
    subscribe(client)
    world.strike("lost", "logs.subscriptions", probability=0.5)
    world.take_stock()
    for at in range(40):
        world.say(f"line {at}")
        world.pass_time(5)
        collect(world)
    assert world.stored() != world.truth()

    world.poll_for(1_300, every=30)

    assert world.stored() == world.truth()


def test_it_is_read_from_where_it_is_durable(
    world: World, stream: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(20):
        put(stream, data(logStream=f"{at}"))
    with monkeypatch.context() as patched:
        patched.setattr(Receiver, "commit", killed)
        with pytest.raises(Killed):
            collect(world)
    assert not LogShard.objects.exclude(sequence="").exists()
    world.pass_time(120)

    collect(world)
    calls = LogSource.objects.get()
    collect(world)

    assert sum(world.stored().values()) == 20
    assert LogSource.objects.get().already_there == calls.already_there


def test_shards_that_are_split_are_read_to_their_end(world: World, stream: Any) -> None:
    put(stream, data(logStream="before"))
    collect(world)
    shard = stream.list_shards(StreamName=STREAM)["Shards"][0]
    middle = int(shard["HashKeyRange"]["EndingHashKey"]) // 2
    put(stream, data(logStream="just before"))
    stream.split_shard(
        StreamName=STREAM,
        ShardToSplit=shard["ShardId"],
        NewStartingHashKey=str(middle),
    )
    for at in range(20):
        put(stream, data(logStream=f"after {at}"))

    collect(world)

    assert sum(world.stored().values()) == 22
    assert LogShard.objects.count() == 4


def test_a_shard_that_has_ended_is_not_asked_again(
    world: World, stream: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox's stream never says that a shard has ended; AWS does."""
    record = kinesis.Record("1", packed(data()))
    asked = []

    def ended(self: kinesis.Stream, shard: str, iterator: str) -> kinesis.Records:
        asked.append(iterator)
        return kinesis.Records((record,), None, 0)

    monkeypatch.setattr(kinesis.Stream, "records", ended)

    collect(world)
    collect(world)

    assert len(asked) == LogShard.objects.filter(is_finished=True).count() == 2


def test_a_record_that_is_no_envelope_does_not_stop_the_stream(
    world: World, stream: Any
) -> None:
    stream.put_record(StreamName=STREAM, Data=b"no envelope", PartitionKey="a")
    put(stream, data(), key="a")

    source = collect(world)

    assert sum(world.stored().values()) == 1
    assert source.quarantined == QuarantinedRecord.objects.count() == 1


def test_a_stream_that_is_not_there_is_a_problem_with_a_name(
    world: World, stream: Any
) -> None:
    stream.delete_stream(StreamName=STREAM)

    source = collect(world)

    assert "list_shards" in source.problem
    assert source.problem_since == world.now()
    assert collecting.due_sources(world.now()) == []
    assert collecting.due_sources(world.now() + timedelta(seconds=30))


def put(stream: Any, document: Any, key: str = "") -> None:
    body = packed(document)
    assert json.loads(gzip.decompress(body))
    stream.put_record(
        StreamName=STREAM, Data=body, PartitionKey=key or document["logStream"]
    )


def killed(*_: object) -> None:
    raise Killed
