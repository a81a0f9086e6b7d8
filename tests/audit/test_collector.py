"""Collecting from a bucket, with a real S3 and SQS protocol on loopback."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import boto3
import pytest
import requests
from django.core.management import call_command
from django.core.management.base import CommandError
from moto.server import ThreadedMotoServer

from apps.audit import collector
from apps.audit.kinds import TRAIL
from apps.audit.models import Coverage, LogObject, TrailSource
from apps.discovery import buckets
from apps.discovery.aws import AwsDenied, AwsUnreachable, forget_sessions
from apps.search import store
from apps.search.engines.base import DocumentEngine, SearchRequest
from apps.search.models import QuarantinedRecord
from tests.factories import ACCOUNT, a_log, a_record, an_account, gzipped

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 7, 1, 13, tzinfo=UTC)
REGION = "eu-west-1"


def key(minute: int, region: str = REGION) -> str:
    return (
        f"AWSLogs/{ACCOUNT}/CloudTrail/{region}/2026/07/01/{ACCOUNT}_CloudTrail_"
        f"{region}_20260701T12{minute:02}Z_{minute:016}.json.gz"
    )


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class Bucket:
    """A bucket that CloudTrail delivers to, and the queue that hears of it."""

    def __init__(self, endpoint: str) -> None:
        options = {"region_name": REGION, "endpoint_url": endpoint}
        self.s3: Any = boto3.client("s3", **options)  # type: ignore[call-overload]
        self.sqs: Any = boto3.client("sqs", **options)  # type: ignore[call-overload]
        self.s3.create_bucket(
            Bucket="logs", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        self.queue = self.sqs.create_queue(QueueName="trail")["QueueUrl"]

    def deliver(self, name: str, *records: dict[str, Any]) -> None:
        content = gzipped(a_log(records or [a_record()]))
        self.s3.put_object(Bucket="logs", Key=name, Body=content)

    def announce(self, *names: str, bucket: str = "logs") -> None:
        self.say(json.dumps({"s3Bucket": bucket, "s3ObjectKey": list(names)}))

    def say(self, body: str) -> None:
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=body)

    def waiting(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(
            QueueUrl=self.queue, AttributeNames=names
        )
        return sum(int(count) for count in answer["Attributes"].values())


@pytest.fixture
def bucket(cloud: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setattr("apps.discovery.buckets._LONG_POLL_SECONDS", 0)
    requests.post(f"{cloud}/moto-api/reset", timeout=10)
    forget_sessions()
    yield Bucket(cloud)
    forget_sessions()


@pytest.fixture
def source(bucket: Bucket, engine: DocumentEngine) -> TrailSource:
    return TrailSource.objects.create(
        kind="bucket",
        name="shop",
        account=an_account(),
        region=REGION,
        bucket="logs",
        queue_url=bucket.queue,
    )


def collect(source: TrailSource, now: datetime = NOW) -> TrailSource:
    assert collector.claim(source.pk, now)
    collector.collect(source.pk, store.engine(), clock=lambda: now)
    source.refresh_from_db()
    return source


def stored() -> int:
    return store.reader().count(SearchRequest(TRAIL, NOW)).value


def without_sweep(source: TrailSource) -> TrailSource:
    source.swept_at = source.deep_swept_at = NOW
    source.save()
    return source


def test_announced_objects_are_read_and_their_messages_deleted(
    bucket: Bucket, source: TrailSource
) -> None:
    bucket.deliver(key(1), a_record(), a_record())
    bucket.announce(key(1))

    collect(without_sweep(source))

    assert stored() == 2
    assert bucket.waiting() == 0
    assert (source.problem, source.succeeded_at) == ("", NOW)


def test_an_object_announced_twice_is_read_once(
    bucket: Bucket, source: TrailSource
) -> None:
    bucket.deliver(key(1))
    bucket.announce(key(1), key(1))
    bucket.announce(key(1))

    collect(without_sweep(source))

    assert stored() == LogObject.objects.count() == 1


def test_a_sweep_finds_what_was_never_announced(
    bucket: Bucket, source: TrailSource
) -> None:
    bucket.deliver(key(3))
    bucket.deliver(key(1))
    bucket.deliver(key(2, "us-east-1"))
    bucket.deliver(key(1).replace("CloudTrail/", "CloudTrail-Digest/"))
    bucket.announce(key(3))

    collect(source)

    assert stored() == 3


def test_a_sweep_finds_an_old_name_that_came_late(
    bucket: Bucket, source: TrailSource
) -> None:
    bucket.deliver(key(30))
    collect(source)
    bucket.deliver(key(2))

    collect(source, NOW + timedelta(minutes=20))

    assert stored() == 2


def test_what_was_listed_and_read_is_covered(
    bucket: Bucket, source: TrailSource
) -> None:
    bucket.deliver(key(1))

    collect(source)

    covered = Coverage.objects.get()
    assert (covered.account, covered.region) == (ACCOUNT, REGION)
    assert covered.until < NOW


def test_an_object_of_another_bucket_is_never_fetched(
    bucket: Bucket, source: TrailSource
) -> None:
    bucket.announce(key(1), bucket="somebody-elses")

    collect(without_sweep(source))

    assert "outside logs/" in source.problem
    assert LogObject.objects.count() == 0
    assert bucket.waiting() == 1


def test_an_unreadable_message_stays_in_the_queue_and_is_told(
    bucket: Bucket, source: TrailSource
) -> None:
    bucket.deliver(key(1))
    bucket.say("hello")
    bucket.announce(key(1))

    collect(without_sweep(source))

    assert stored() == 1
    assert bucket.waiting() == 1
    assert "no JSON: 'hello'" in source.problem


def test_an_object_that_is_gone_does_not_hold_up_the_rest(
    bucket: Bucket, source: TrailSource
) -> None:
    bucket.deliver(key(2))
    bucket.announce(key(1), key(2))

    collect(without_sweep(source))

    assert stored() == 1
    assert LogObject.objects.get(key=key(1)).state == LogObject.State.FAILED


def test_a_broken_record_of_an_object_is_quarantined_with_its_address(
    bucket: Bucket, source: TrailSource
) -> None:
    bucket.deliver(key(1), a_record(eventTime="soon"), a_record())
    bucket.announce(key(1))

    collect(without_sweep(source))

    row = QuarantinedRecord.objects.get()
    assert row.origin == f"s3://logs/{key(1)}"
    assert row.account == ACCOUNT
    assert stored() == 1


def test_a_bucket_that_is_not_there_is_a_problem_of_the_source(
    bucket: Bucket, source: TrailSource
) -> None:
    source.bucket = "nowhere"
    source.save()

    collect(source)

    assert "NoSuchBucket" in source.problem
    assert source.problem_since == NOW
    assert source.claimed_until is None


def test_a_source_is_run_by_one_at_a_time(source: TrailSource) -> None:
    assert collector.claim(source.pk, NOW)
    assert not collector.claim(source.pk, NOW)
    assert collector.claim(source.pk, NOW + timedelta(hours=1))


def test_only_rested_and_enabled_sources_are_due(source: TrailSource) -> None:
    assert collector.due_sources(NOW) == [source.pk]
    collect(source)
    assert collector.due_sources(NOW) == []
    assert collector.due_sources(NOW + timedelta(minutes=1)) == [source.pk]

    TrailSource.objects.update(is_enabled=False)
    assert collector.due_sources(NOW + timedelta(minutes=1)) == []


@pytest.mark.parametrize(
    ("queue_url", "problem", "seconds"),
    [("", "", 30), ("http://queue", "", 1), ("http://queue", "AccessDenied", 30)],
)
def test_a_queue_that_works_is_asked_more_often(
    source: TrailSource, queue_url: str, problem: str, seconds: int
) -> None:
    TrailSource.objects.update(queue_url=queue_url, problem=problem, ran_at=NOW)

    assert collector.due_sources(NOW + timedelta(seconds=seconds - 1)) == []
    assert collector.due_sources(NOW + timedelta(seconds=seconds)) == [source.pk]


def denied(self: object, key: str) -> Iterator[bytes]:
    raise AwsDenied(f"s3.get_object of {key}: AccessDenied")


def test_one_object_that_may_not_be_read_does_not_hold_up_the_others(
    bucket: Bucket, source: TrailSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minute in range(1, 7):
        bucket.deliver(key(minute))
    reading = buckets.Bucket.chunks

    def all_but_one(self: buckets.Bucket, name: str) -> Iterator[bytes]:
        return denied(self, name) if name == key(3) else reading(self, name)

    monkeypatch.setattr(buckets.Bucket, "chunks", all_but_one)
    collect(source)

    assert stored() == 5
    assert "AccessDenied" in source.problem


def test_a_run_ends_where_nothing_may_be_read(
    bucket: Bucket, source: TrailSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minute in range(1, 10):
        bucket.deliver(key(minute))
    monkeypatch.setattr(buckets.Bucket, "chunks", denied)

    collect(source)

    assert LogObject.objects.filter(attempts=1).count() == 3


def test_a_sweep_makes_good_what_a_broken_queue_would_have_told(
    bucket: Bucket, source: TrailSource
) -> None:
    bucket.deliver(key(1))
    source.queue_url += "-gone"
    source.save()

    collect(source)

    assert stored() == 1
    assert "NonExistentQueue" in source.problem or "does not exist" in source.problem


def test_a_message_with_a_key_no_log_has_stays_in_the_queue(
    bucket: Bucket, source: TrailSource
) -> None:
    bucket.say('{"s3Bucket": "logs", "s3ObjectKey": ["a\\ud800"]}')
    bucket.deliver(key(1))
    bucket.announce(key(1))

    collect(without_sweep(source))

    assert stored() == 1
    assert "a key that no log has" in source.problem


def test_good_keys_beside_foreign_ones_are_written_down(
    bucket: Bucket, source: TrailSource
) -> None:
    bucket.deliver(key(1))
    message = {"Records": [in_s3("logs", key(1)), in_s3("other", key(2))]}
    bucket.say(json.dumps(message))

    collect(without_sweep(source))

    assert stored() == 1
    assert bucket.waiting() == 1


def in_s3(name: str, item: str) -> dict[str, Any]:
    return {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": name}, "object": {"key": item}},
    }


def test_after_a_long_pause_every_day_since_is_listed(
    bucket: Bucket, source: TrailSource
) -> None:
    long_ago = NOW - timedelta(days=20)
    source.swept_at = source.deep_swept_at = long_ago
    source.save()
    for back in range(15):
        day = NOW - timedelta(days=back)
        bucket.deliver(
            key(1)
            .replace("2026/07/01", f"{day:%Y/%m/%d}")
            .replace("20260701", f"{day:%Y%m%d}")
        )

    collect(source)

    assert LogObject.objects.count() == 15


def test_an_account_that_is_not_connected_is_not_read(
    bucket: Bucket, source: TrailSource
) -> None:
    bucket.deliver(key(1))
    source.account.role_arn = f"arn:aws:iam::{ACCOUNT}:role/trailmap"
    source.account.problem = "The role can be assumed without ExternalId"
    source.account.save()

    collect(source)

    assert stored() == 0
    assert "not connected: The role can be assumed without" in source.problem


def test_a_run_that_lost_its_claim_leaves_the_claim_of_the_other(
    bucket: Bucket, source: TrailSource
) -> None:
    bucket.deliver(key(1))
    taken = NOW + timedelta(hours=1)

    def clock() -> datetime:
        TrailSource.objects.filter(pk=source.pk).update(claimed_until=taken)
        return NOW

    assert collector.claim(source.pk, NOW)
    collector.collect(source.pk, store.engine(), clock)

    source.refresh_from_db()
    assert source.claimed_until == taken


def test_a_fault_of_ours_ends_in_the_row_and_frees_the_source(
    source: TrailSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.audit.buckets.is_due", _fault)

    collect(source)

    assert "A fault in Trailmap" in source.problem
    assert source.claimed_until is None


def _fault(*arguments: object) -> bool:
    raise ZeroDivisionError


def test_what_was_asked_for_during_a_sweep_is_not_forgotten(
    bucket: Bucket, source: TrailSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.deliver(key(1))
    source.swept_at = source.deep_swept_at = NOW - timedelta(days=2)
    source.save()
    listing = buckets.Bucket.objects

    def asked_meanwhile(self: buckets.Bucket, prefix: str) -> Any:
        TrailSource.objects.update(ran_at=None, swept_at=None, deep_swept_at=None)
        return listing(self, prefix)

    monkeypatch.setattr(buckets.Bucket, "objects", asked_meanwhile)
    collect(source)

    times = [source.swept_at, source.deep_swept_at, source.ran_at]
    assert times == [None, None, None]
    assert collector.due_sources(NOW) == [source.pk]


def test_who_could_not_read_an_object_does_not_undo_that_another_could(
    bucket: Bucket, source: TrailSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.deliver(key(1))

    def read_by_another(self: buckets.Bucket, name: str) -> Iterator[bytes]:
        LogObject.objects.update(state=LogObject.State.DONE)
        return denied(self, name)

    monkeypatch.setattr(buckets.Bucket, "chunks", read_by_another)
    collect(source)

    assert LogObject.objects.get().state == LogObject.State.DONE


def test_an_aws_that_is_not_reached_is_not_the_objects_fault(
    bucket: Bucket, source: TrailSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.deliver(key(1))

    def unreachable(self: buckets.Bucket, name: str) -> Iterator[bytes]:
        raise AwsUnreachable("s3.get_object: no answer")

    with monkeypatch.context() as broken:
        broken.setattr(buckets.Bucket, "chunks", unreachable)
        for minutes in range(8):
            collect(source, NOW + timedelta(minutes=minutes))
    assert LogObject.objects.get().attempts == 0

    collect(source, NOW + timedelta(minutes=9))
    assert stored() == 1


def test_objects_that_failed_are_tried_again_every_day(
    bucket: Bucket, source: TrailSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.deliver(key(1))
    with monkeypatch.context() as broken:
        broken.setattr(buckets.Bucket, "chunks", denied)
        for minutes in range(5):
            collect(source, NOW + timedelta(minutes=minutes))
    assert LogObject.objects.get().state == LogObject.State.FAILED

    collect(source, NOW + timedelta(days=1))

    assert stored() == 1


def test_a_source_is_read_again_from_a_day_on(
    bucket: Bucket, source: TrailSource
) -> None:
    bucket.deliver(key(1))
    collect(source)
    store.engine().drop_day(TRAIL, "2026-07-01")
    call_command("reread", "shop", "--since", "2026-07-01", stdout=StringIO())

    collect(source, NOW + timedelta(minutes=1))

    assert stored() == 1


def test_a_source_that_is_not_there_is_said_with_those_that_are(
    source: TrailSource,
) -> None:
    with pytest.raises(CommandError, match="there is shop"):
        call_command("reread", "shops", "--since", "2026-07-01")
    with pytest.raises(CommandError, match="--since"):
        call_command("reread", "shop", "--since", "yesterday")
