"""Delivers what trails want to S3, says so on SNS, and signs each hour."""

from __future__ import annotations

import secrets
import string
import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
from botocore.exceptions import ClientError

from sandbox.cloudtrail import files
from sandbox.cloudtrail.files import Digest, LogFile
from sandbox.cloudtrail.records import Record
from sandbox.cloudtrail.trails import Trail
from sandbox.kernel.cloud import Cloud

FILES, NOTIFICATIONS = "cloudtrail.files", "cloudtrail.notifications"
"""The channels of faults."""
DIGEST_SECONDS = 3_600
"""Source: AWS CloudTrail User Guide, "CloudTrail digest file structure"."""

_ME = "cloudtrail.amazonaws.com"
_LETTERS = string.ascii_letters + string.digits
Stream = tuple[str, str]
"""A trail's ARN and a region: what has files and digests of its own."""


@dataclass(slots=True)
class _Chain:
    """The digests of one stream: since when, what for, and the one before."""

    since: float
    files: list[LogFile] = field(default_factory=list)
    before: Digest | None = None


class Delivery:
    """Holds records until they are delivered, and files until they are signed."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._waiting: dict[Stream, list[Record]] = defaultdict(list)
        self._chains: dict[Stream, _Chain] = {}
        self._keys: dict[str, files.SigningKey] = {}
        self._lock = threading.Lock()

    def key_of(self, region: str) -> files.SigningKey:
        with self._lock:
            if region not in self._keys:
                self._keys[region] = files.SigningKey(self._cloud.clock.now())
            return self._keys[region]

    def hold(self, trail: Trail, record: Record) -> None:
        with self._lock:
            self._waiting[trail.arn, record["awsRegion"]].append(record)

    def deliver(self, trail: Trail, now: float) -> None:
        """Write a file for each region in which something was recorded."""
        for region, records in self._take(trail):
            self.write_file(trail, region, records, now)

    def _take(self, trail: Trail) -> list[tuple[str, list[Record]]]:
        with self._lock:
            streams = [s for s in self._waiting if s[0] == trail.arn]
            taken = [
                (region, self._waiting.pop((arn, region))) for arn, region in streams
            ]
        return [(region, records) for region, records in taken if records]

    def write_file(
        self, trail: Trail, region: str, records: list[Record], at: float
    ) -> None:
        """Deliver one file; the next digest of the region will name it."""
        random = "".join(secrets.choice(_LETTERS) for _ in range(16))
        key = files.log_file_key(trail, region, at, random)
        body, log_file = files.log_file(trail, key, records)
        self._chain(trail, region, at).files.append(log_file)
        arriving = self._cloud.faults.deliveries(FILES, trail.account, [body], at)
        for late, each in arriving:
            self._later(late, lambda now, each=each: self._put(trail, key, each, now))

    def _later(self, seconds: float, job: Any) -> None:
        if seconds > 0:
            self._cloud.timers.after(seconds, job)
        else:
            job(self._cloud.clock.now())

    def _put(self, trail: Trail, key: str, body: bytes, now: float) -> None:
        try:
            self._s3(trail).put_object(
                Bucket=trail.bucket,
                Key=key,
                Body=body,
                ContentType="application/json",
                ContentEncoding="gzip",
            )
        except ClientError as error:
            # As AWS does: the trail's status says it, and the records are lost.
            trail.delivery_error = error.response["Error"]["Code"]
            return
        trail.delivery_error = ""
        trail.delivered_at = now
        if trail.topic_arn:
            self._notify(trail, key, now)

    def _s3(self, trail: Trail) -> Any:
        return self._cloud.client("s3", trail.account, trail.home_region, _ME)

    def _notify(self, trail: Trail, key: str, now: float) -> None:
        message = orjson.dumps({"s3Bucket": trail.bucket, "s3ObjectKey": [key]})
        arriving = self._cloud.faults.deliveries(
            NOTIFICATIONS, trail.account, [message.decode()], now
        )
        for late, each in arriving:
            self._later(late, lambda at, each=each: self._publish(trail, each, at))

    def _publish(self, trail: Trail, message: str, now: float) -> None:
        region = trail.topic_arn.split(":")[3]
        sns = self._cloud.client("sns", trail.account, region, _ME)
        try:
            sns.publish(TopicArn=trail.topic_arn, Message=message)
        except ClientError as error:
            trail.delivery_error = error.response["Error"]["Code"]
            return
        trail.notified_at = now

    def begin(self, trail: Trail, regions: Iterable[str], now: float) -> None:
        """Start new chains: what was before is not vouched for."""
        with self._lock:
            for region in regions:
                self._chains[trail.arn, region] = _Chain(now)

    def end(self, trail: Trail) -> None:
        with self._lock:
            for stream in [s for s in self._chains if s[0] == trail.arn]:
                del self._chains[stream]

    def _chain(self, trail: Trail, region: str, now: float) -> _Chain:
        with self._lock:
            return self._chains.setdefault((trail.arn, region), _Chain(now))

    def sign_due(self, trail: Trail, now: float) -> None:
        """Write the digests whose hour has passed."""
        if not trail.validates:
            return
        with self._lock:
            chains = [(s[1], c) for s, c in self._chains.items() if s[0] == trail.arn]
        for region, chain in chains:
            if now - chain.since >= DIGEST_SECONDS:
                self._sign(trail, region, chain, now)

    def sign(self, trail: Trail, region: str, now: float) -> None:
        """Write a digest of what was delivered since the one before."""
        self._sign(trail, region, self._chain(trail, region, now), now)

    def _sign(self, trail: Trail, region: str, chain: _Chain, now: float) -> None:
        period = files.Period(region, chain.since, now)
        key = self.key_of(region)
        body, made = files.digest(trail, period, chain.files, chain.before, key)
        self._s3(trail).put_object(
            Bucket=trail.bucket,
            Key=made.key,
            Body=body,
            ContentType="application/json",
            ContentEncoding="gzip",
            Metadata={
                "signature": made.signature,
                "signature-algorithm": files.ALGORITHM,
            },
        )
        chain.since, chain.files, chain.before = now, [], made
        trail.digested_at = now
