"""AWS on its bad days, and Trailmap killed at any step: in the end every event is
stored once, exactly as the sandbox has it, and no call was sent above the quota."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from apps.discovery.coverage import Interval, gaps
from apps.monitoring.logs import inventory
from apps.monitoring.logs.covered import covered, not_collected
from apps.monitoring.logs.intake import LogIntake
from apps.monitoring.models import LogOutage, LogPoll, LogScope, LogSource
from apps.search.engines.base import DocumentEngine, EngineUnavailable
from tests.monitoring.logs.crashing import MOMENTS, Process, mortal
from tests.monitoring.logs.deliveries import (
    ARCHIVE,
    EXPORTS,
    Firehose,
    a_bucket,
    a_stream,
    announce,
    collect,
    export,
    firehose_into,
    keys,
    source,
    subscribe,
)
from tests.monitoring.logs.wire import AMERICA, EUROPE, Wire, tapped
from tests.monitoring.logs.world import World

pytestmark = pytest.mark.django_db
GROUPS = ("/shop", "/till")
STREAMS = ("one", "two")


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch, world: World) -> Wire:
    return tapped(monkeypatch, world.cloud)


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch, engine: DocumentEngine) -> Process:
    return mortal(monkeypatch)


@dataclass
class Life:
    """Programs write, some of it late and twice the same; Trailmap does its work."""

    world: World
    process: Process
    work: Sequence[Callable[[], object]]
    chance: random.Random = field(default_factory=lambda: random.Random(5))  # noqa: S311
    said: int = 0

    def goes_on(self, rounds: int, seconds: float = 20) -> None:
        for _ in range(rounds):
            self.happens()
            self.world.pass_time(seconds)
            self.works()

    def goes_on_for(self, seconds: float) -> None:
        """Waiting for AWS takes its part of the time."""
        end = self.world.clock.now() + seconds
        while self.world.clock.now() < end:
            self.goes_on(1)

    def happens(self) -> None:
        for group in GROUPS:
            self.said += 1
            words = [f"{self.said}-{n}" for n in range(self.chance.randint(1, 12))]
            twins = words[: self.chance.randint(0, 2)]
            stream = self.chance.choice(STREAMS)
            ago = self.chance.choice((0, 0, self.chance.uniform(0, 300)))
            self.world.say(*words, *twins, group=group, stream=stream, ago=ago)

    def works(self) -> None:
        for work in self.work:
            self.process.runs(work)

    def catches_up(self, rounds: int = 40, seconds: float = 100) -> None:
        """Nothing goes wrong any more."""
        self.world.cloud.faults.clear()
        self.process.decide = lambda moment: False
        for _ in range(rounds):
            self.world.pass_time(seconds)
            self.works()

    def check(self) -> None:
        assert self.world.documents() == self.world.events(), self.problems()

    def problems(self) -> str:
        told = [
            f"{row}: {row.problem or 'fine'}"
            for rows in (LogPoll.objects.all(), LogSource.objects.all())
            for row in rows
        ]
        return f"{told}, died at {self.process.deaths}"


def begun(world: World) -> None:
    """Groups that exist, and are collected."""
    for group in GROUPS:
        for stream in STREAMS:
            world.say("begin", group=group, stream=stream)
    world.take_stock()


@pytest.fixture
def polled(world: World, process: Process, wire: Wire) -> Life:
    begun(world)
    return Life(world, process, [world.poll])


@pytest.fixture
def streamed(world: World, process: Process, wire: Wire, client: Any) -> Life:
    """What a subscription sends to Kinesis, from the first event on."""
    a_stream(world, client)
    for group in GROUPS:
        client("logs").create_log_group(logGroupName=group)
        subscribe(client, group)
    return Life(world, process, [lambda: collect(world)])


@pytest.fixture
def archived(world: World, process: Process, wire: Wire, client: Any) -> Life:
    """What a subscription sends to a Firehose that makes files of it."""
    a_bucket(client, ARCHIVE)
    arn = firehose_into(client, ARCHIVE, "logs/")
    source(world, "bucket", bucket=ARCHIVE, prefix="logs/")
    for group in GROUPS:
        client("logs").create_log_group(logGroupName=group)
        subscribe(client, group, to=arn)
    return Life(world, process, [lambda: collect(world)])


@pytest.fixture
def posted(world: World, process: Process, wire: Wire, client: Any) -> Life:
    """What a subscription sends to a Firehose that posts it here."""
    stream = a_stream(world, client)
    LogSource.objects.update(is_enabled=False)
    courier = Firehose(stream, source(world, "firehose"), random.Random(3))  # noqa: S311
    for group in GROUPS:
        client("logs").create_log_group(logGroupName=group)
        subscribe(client, group)
    return Life(world, process, [courier.take, courier.post])


FAULTS = ("throttle", "error", "error-after", "expired", "empty-pages")


def fail(world: World, *wheres: str) -> None:
    """About every second call fails, each in one of all ways."""
    for where in wheres:
        for kind in FAULTS:
            world.strike(kind, where, probability=0.12)


def test_polling_through_calls_that_fail_loses_nothing(
    polled: Life, wire: Wire
) -> None:
    fail(polled.world, "logs.*")
    polled.world.strike("late", "logs.ingestion", probability=0.3, seconds=900)
    polled.goes_on(30)

    polled.catches_up()

    polled.check()
    assert wire.above_quota() == {}


def test_a_stream_is_read_through_calls_that_fail(streamed: Life, wire: Wire) -> None:
    fail(streamed.world, "kinesis.*")
    streamed.goes_on(30)

    streamed.catches_up()

    streamed.check()
    assert wire.above_quota() == {}


def test_files_are_read_through_calls_that_fail(archived: Life) -> None:
    fail(archived.world, "s3.*")
    archived.goes_on(30)

    archived.catches_up()

    archived.check()


@pytest.mark.parametrize("way", ["streamed", "archived", "posted"])
def test_deliveries_late_doubled_and_in_disorder_are_kept_once(
    way: str, request: pytest.FixtureRequest
) -> None:
    life: Life = request.getfixturevalue(way)
    for kind in ("duplicate", "reorder", "late"):
        life.world.strike(kind, "logs.subscriptions", probability=0.3, seconds=400)
    life.goes_on(20)

    life.catches_up()

    life.check()


def test_a_kill_at_every_moment_loses_nothing(
    world: World, process: Process, client: Any
) -> None:
    """Every step is reached again and again, and the process dies once before and once
    after each."""
    life = everything(world, process, client)
    process.decide = lambda moment: moment not in process.deaths
    life.goes_on(10)
    while set(process.deaths) != set(MOMENTS) and life.said < 400:
        life.goes_on(5)

    life.catches_up()

    life.check()
    assert set(process.deaths) == set(MOMENTS)


def everything(world: World, process: Process, client: Any) -> Life:
    """Every way at once: polling, two subscriptions, Firehose's files and an export."""
    a_stream(world, client)
    s3 = a_bucket(client, ARCHIVE)
    a_bucket(client, EXPORTS)
    queue = client("sqs").create_queue(QueueName="exports")["QueueUrl"]
    source(world, "bucket", bucket=ARCHIVE)
    source(
        world,
        "bucket",
        name="exports",
        bucket=EXPORTS,
        prefix="shop/",
        log_group="/shop",
        queue_url=queue,
    )
    begun(world)
    arn = firehose_into(client, ARCHIVE)
    for group in GROUPS:
        subscribe(client, group)
        subscribe(client, group, "files", arn)
    export(world, s3, "/shop")

    def announced() -> None:
        announce(client, queue, EXPORTS, *keys(s3, EXPORTS))

    return Life(world, process, [announced, world.poll, lambda: collect(world)])


def test_all_faults_and_kills_at_random_over_every_way(
    world: World, process: Process, client: Any, wire: Wire
) -> None:
    life = everything(world, process, client)
    fail(world, "logs.*", "kinesis.*", "s3.*", "sqs.*")
    for kind in ("duplicate", "reorder", "late", "lost"):
        world.strike(kind, "logs.subscriptions", probability=0.2, seconds=500)
    world.strike("late", "logs.ingestion", probability=0.2, seconds=900)
    world.strike("denied", "*", after=60, until=world.clock.now() + 1_200)
    process.decide = lambda moment: life.chance.random() < 0.01
    life.goes_on(60)

    life.catches_up()

    life.check()
    assert len(process.deaths) >= 5
    assert wire.above_quota() == {}


def test_a_stream_with_much_in_it_is_not_asked_above_its_quota(
    streamed: Life, wire: Wire
) -> None:
    """A round reads as long as there is more, each shard at AWS's pace."""
    for _ in range(60):
        streamed.happens()
        streamed.world.pass_time(1)
    streamed.world.strike("throttle", "kinesis.GetRecords", count=3)

    streamed.catches_up(20)

    streamed.check()
    assert wire.count("GetRecords") >= 20
    assert wire.above_quota() == {}


def test_each_region_has_its_own_quota(polled: Life, wire: Wire, client: Any) -> None:
    """Much to read in both, groups listed and polled at the same time."""
    world = polled.world
    for region in (EUROPE, AMERICA):
        crowd(client("logs", region=region), world)
    america = LogScope.objects.create(
        account=world.scope.account, region=AMERICA, collects_new=True
    )

    polled.work = [
        world.take_stock,
        lambda: inventory.take_stock(america.pk, world.now),
        world.poll,
    ]
    polled.catches_up(10)

    assert world.documents() == world.events()
    assert wire.times["FilterLogEvents", AMERICA]
    assert len(wire.times["FilterLogEvents", EUROPE]) > 100
    assert wire.above_quota() == {}


def crowd(logs: Any, world: World) -> None:
    """Twenty groups with some lines each."""
    for number in range(20):
        names = {"logGroupName": f"/crowd/{number}", "logStreamName": "one"}
        logs.create_log_group(logGroupName=names["logGroupName"])
        logs.create_log_stream(**names)
        events = [{"timestamp": world.now_ms - at, "message": "x"} for at in (9, 9, 0)]
        logs.put_log_events(**names, logEvents=events)


@pytest.mark.parametrize("kind", ["error", "denied", "throttle"])
def test_an_outage_of_polling_shows_in_coverage_and_is_made_good(
    polled: Life, kind: str
) -> None:
    polled.goes_on(20)
    group, began = polled.world.group(), polled.world.now()
    since = group.poll.collect_since
    polled.world.strike(kind, "logs.*", until=began.timestamp() + 1_300)
    polled.goes_on_for(1_200)
    (gap,) = not_collected([group], Interval(since, polled.world.now()))[group.pk]

    polled.catches_up()

    polled.check()
    assert gap.until - gap.since >= timedelta(minutes=20)
    for outage in LogOutage.objects.filter(group=group):
        assert outage.until is not None
        assert outage.since <= began + timedelta(minutes=1)
        assert outage.until - began >= timedelta(minutes=20)
        assert "filter_log_events" in outage.problem
    assert LogOutage.objects.filter(group=group).count() == 1
    read = Interval(since, polled.world.now() - timedelta(minutes=10))
    assert gaps(covered(group), read) == []


@pytest.mark.parametrize(
    ("way", "where"), [("streamed", "kinesis"), ("archived", "s3")]
)
def test_an_outage_of_a_source_is_told_and_made_good(
    way: str, where: str, request: pytest.FixtureRequest
) -> None:
    life: Life = request.getfixturevalue(way)
    life.goes_on(5)
    began = life.world.now()
    life.world.strike("error", f"{where}.*", until=began.timestamp() + 1_400)
    life.goes_on_for(1_300)
    failing = LogSource.objects.get()
    assert where in failing.problem
    assert failing.problem_since is not None
    # A bucket without a queue is listed every quarter of an hour.
    assert failing.problem_since - began < timedelta(minutes=16)

    life.catches_up()

    life.check()
    (outage,) = failing.outages.all()
    assert outage.until is not None
    assert outage.until - outage.since >= timedelta(minutes=20)
    assert where in outage.problem
    assert LogSource.objects.get().problem == ""


def test_a_store_that_takes_nothing_has_firehose_keep_it(
    posted: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise EngineUnavailable("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(LogIntake, "take_lines", refuse)
        posted.goes_on(10)
    assert posted.world.documents() == {}
    (outage,) = LogOutage.objects.all()
    assert outage.until is None

    posted.catches_up()

    posted.check()
    (outage,) = LogOutage.objects.all()
    assert outage.until is not None
    assert "disk is full" in outage.problem
