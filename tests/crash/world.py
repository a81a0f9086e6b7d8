"""A small Trailmap on real servers, with its own database, indexes and bucket."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import psycopg

from tests.crash.worker import NO_STEP, STEPS
from tests.factories import ACCOUNT, a_log, a_record, gzipped
from tests.processes import free_port
from tests.servers.all import OPENSEARCH, POSTGRESQL, REDIS
from tests.servers.postgresql import create_database

_ROOT = Path(__file__).parents[2]
_REGION = "eu-west-1"
_LOOK_EVERY_SECONDS = 0.25
_ANNOUNCED_OF = 2
WORKERS = 2


class NotInTime(Exception):
    """What was waited for did not come; says what there is instead."""


@dataclass
class World:
    """`events`: how many events in how many `files` wait in the bucket."""

    name: str
    endpoint: str
    files: int
    events: int
    step: str = NO_STEP
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.prefix = f"crash-{uuid4().hex[:10]}"
        self.folder = Path(tempfile.mkdtemp(prefix="trailmap-crash-"))
        self.flag = self.folder / "died"
        self.web_port = free_port()
        self.truth: set[str] = set()
        self._delivered = 0
        self.database = create_database(POSTGRESQL, self.prefix)

    @property
    def environment(self) -> dict[str, str]:
        broker = REDIS.url.rsplit("/", 1)[0]
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "dashboard.settings",
            "TRAILMAP_HOME": str(self.folder),
            "SECRET_KEY": "for-tests-only",
            "DATABASE_URL": self.database,
            "BROKER_URL": f"{broker}/{self._redis_database}",
            "OPENSEARCH_URL": OPENSEARCH.url,
            "OPENSEARCH_PREFIX": self.prefix,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": _REGION,
        }

    @property
    def _redis_database(self) -> int:
        """Redis has sixteen; of the worlds side by side each has its own."""
        return 1 + list(STEPS).index(self.step) if self.step in STEPS else 0

    def prepare(self) -> None:
        """The bucket, its queue, the tables and the source."""
        self._s3.create_bucket(
            Bucket=self.prefix,
            CreateBucketConfiguration={"LocationConstraint": _REGION},
        )
        queue = self._sqs.create_queue(QueueName=self.prefix)["QueueUrl"]
        self._queue: str = queue
        self.deliver(self.files, self.events)
        self._manage("migrate", "--verbosity", "0")
        source = (
            "from apps.audit.models import TrailSource;"
            "from apps.discovery.models import Account;"
            f"account = Account.objects.create(number='{ACCOUNT}');"
            "TrailSource.objects.create(kind='bucket', name='trail', account=account,"
            f"region='{_REGION}', bucket='{self.prefix}', queue_url='{queue}',"
            f"first_day='{self._day:%Y-%m-%d}')"
        )
        self._manage("shell", "--no-imports", "-c", source)

    @property
    def _day(self) -> datetime:
        return datetime.now(UTC) - timedelta(days=1)

    @cached_property
    def _s3(self) -> Any:
        return boto3.client("s3", **self._options)

    @cached_property
    def _sqs(self) -> Any:
        return boto3.client("sqs", **self._options)

    @property
    def _options(self) -> dict[str, Any]:
        return {
            "region_name": _REGION,
            "endpoint_url": self.endpoint,
            "aws_access_key_id": "testing",
            "aws_secret_access_key": "testing",
        }

    def deliver(self, files: int, events: int) -> None:
        """Log files with new events of two days; one in two is announced, the others
        are to be found by listing, as long as a listing is still to come."""
        for number in range(files):
            ids = [str(uuid4()) for _ in range(events // files)]
            self.truth |= set(ids)
            days = (self._day, self._day - timedelta(days=1))
            records = [
                a_record(eventID=one, eventTime=f"{days[at % 2]:%Y-%m-%dT12:00:00Z}")
                for at, one in enumerate(ids)
            ]
            key = self._key(self._delivered)
            self._delivered += 1
            content = gzipped(a_log(records))
            self._s3.put_object(Bucket=self.prefix, Key=key, Body=content)
            if number % _ANNOUNCED_OF == 0:
                body = json.dumps({"s3Bucket": self.prefix, "s3ObjectKey": [key]})
                self._sqs.send_message(QueueUrl=self._queue, MessageBody=body)

    def _key(self, number: int) -> str:
        day = self._day
        return (
            f"AWSLogs/{ACCOUNT}/CloudTrail/{_REGION}/{day:%Y/%m/%d}/"
            f"{ACCOUNT}_CloudTrail_{_REGION}_{day:%Y%m%d}T1200Z_{number:016}.json.gz"
        )

    def start(self) -> None:
        """Web, clock and workers; the workers end themselves at the named step."""
        self._start("manage.py", "web", "--port", str(self.web_port))
        self._start("manage.py", "beat")
        for _ in range(WORKERS):
            self.start_worker(self.step)

    def start_worker(self, step: str = NO_STEP) -> None:
        self._start("-m", "tests.crash.worker", step, str(self.flag))

    def _start(self, *arguments: str) -> None:
        log = (self.folder / "log").open("ab")
        self.processes.append(
            subprocess.Popen(
                [sys.executable, *arguments],
                cwd=_ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        )
        log.close()

    def kill_workers(self) -> None:
        for worker in self.processes[2:]:
            worker.kill()
            worker.wait()
        del self.processes[2:]

    def end(self) -> None:
        """End all processes; leave nothing behind on the servers."""
        for process in self.processes:
            process.kill()
            process.wait()
        OPENSEARCH.remove(self.prefix)

    def stored(self) -> list[str]:
        """The eventID of every stored document, as often as it is stored."""
        indexes = f"{OPENSEARCH.url}/{self.prefix}-trail-*"
        with _answer(f"{indexes}/_refresh", b""):
            pass
        found: list[str] = []
        after: list[object] = []
        while True:
            body = {
                "size": 10_000,
                "_source": False,
                "sort": ["order", "_index", "f_eventID"],
                **({"search_after": after} if after else {}),
            }
            with _answer(f"{indexes}/_search", json.dumps(body).encode()) as answer:
                hits = json.load(answer)["hits"]["hits"]
            if not hits:
                return found
            # Sorted by it last; its first letter says that it is a text.
            found += [hit["sort"][-1][1:] for hit in hits]
            after = hits[-1]["sort"]

    def count(self) -> int:
        """About how many are stored; 0 while OpenSearch does not answer."""
        url = f"{OPENSEARCH.url}/{self.prefix}-trail-*"
        with contextlib.suppress(OSError):
            with _answer(f"{url}/_refresh", b""):
                pass
            with _answer(f"{url}/_count") as answer:
                return int(json.load(answer)["count"])
        return 0

    def rows_done(self) -> int:
        """How many objects are marked as read."""
        try:
            with psycopg.connect(self.database, connect_timeout=2) as connection:
                row = connection.execute(
                    "SELECT count(*) FROM audit_logobject WHERE state = 'done'"
                ).fetchone()
        except psycopg.Error:
            return 0
        return int(row[0]) if row else 0

    def is_whole(self) -> bool:
        return self.count() >= len(self.truth) and self.rows_done() == self._delivered

    def require_unfinished(self) -> None:
        """Raises NotInTime where everything is read already: a fault proves nothing."""
        if self.is_whole():
            raise NotInTime("everything was read before the fault came")

    def health(self) -> set[str]:
        """What the health page says is wrong."""
        url = f"http://127.0.0.1:{self.web_port}/readyz"
        try:
            with urllib.request.urlopen(url, timeout=10):
                return set()
        except urllib.error.HTTPError as error:
            parts: dict[str, str] = json.load(error)
            return {f"{name}: {said}" for name, said in parts.items() if said != "ok"}
        except OSError:
            return set()

    def wait_for(self, what: str, is_so: Callable[[], bool], seconds: float) -> float:
        """The seconds until it is so. Raises NotInTime."""
        began = time.monotonic()
        while not is_so():
            if time.monotonic() - began > seconds:
                raise NotInTime(
                    f"{what} not within {seconds:g} s: {self.count()} of "
                    f"{len(self.truth)} events, {self.rows_done()} of "
                    f"{self._delivered} objects; log in "
                    f"{self.folder}"
                )
            time.sleep(_LOOK_EVERY_SECONDS)
        return time.monotonic() - began

    def _manage(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=_ROOT,
            env=self.environment,
            check=True,
            capture_output=True,
        )


@contextlib.contextmanager
def _answer(url: str, body: bytes | None = None) -> Iterator[Any]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        yield answer
