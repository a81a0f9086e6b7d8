"""The ledger's head, noted every few minutes where this site cannot change it.

Without such a note, whoever can write to the database can delete the ledger's tail or
build it anew, and nobody can tell.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

import orjson
from django.conf import settings
from django.db.models import F, Q

from apps.audit.ledger.chain import Anchor
from apps.audit.models import LedgerHead
from apps.discovery.aws import AwsError, AwsRefused, Door, Target
from apps.search.timerange import rfc3339

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=5)
_DEFAULT_REGION = "us-east-1"
_SETTLE_SECONDS = 0.2


class Place(Protocol):
    """Raises AwsError, OSError."""

    def write(self, anchor: Anchor, at: datetime) -> None: ...

    def read(self) -> list[Anchor]: ...


class Folder:
    """A file for each anchor. On a disk of another machine, or one that keeps what was
    written (chattr +a, WORM)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, anchor: Anchor, at: datetime) -> None:
        self._path.mkdir(parents=True, exist_ok=True)
        path = self._path / _name(anchor)
        # A note that is there stays: never written over.
        with path.open("xb") as file:
            file.write(_told(anchor))

    def read(self) -> list[Anchor]:
        found = sorted(self._path.glob("*.json"))
        return [_anchor(path.read_bytes(), str(path)) for path in found]


class Bucket:
    """An object for each anchor, in a bucket with Object Lock for preference."""

    def __init__(self, bucket: str, prefix: str, region: str) -> None:
        self._bucket, self._prefix = bucket, f"{prefix}/" if prefix else ""
        self._door = Door(Target("", region), "s3")

    def write(self, anchor: Anchor, at: datetime) -> None:
        self._door.call(
            "put_object",
            Bucket=self._bucket,
            Key=self._prefix + _name(anchor),
            Body=_told(anchor),
            # Object Lock asks for it; elsewhere it does no harm.
            ChecksumAlgorithm="SHA256",
        )

    def read(self) -> list[Anchor]:
        return [_anchor(body, place) for body, place in self._bodies()]

    def _bodies(self) -> Iterator[tuple[bytes, str]]:
        pages = self._door.pages(
            "list_objects_v2", Bucket=self._bucket, Prefix=self._prefix
        )
        for page in pages:
            for one in page.get("Contents", ()):
                answer = self._door.call(
                    "get_object", Bucket=self._bucket, Key=one["Key"]
                )
                yield answer["Body"].read(), f"s3://{self._bucket}/{one['Key']}"


class Stream:
    """An event for each anchor in a log stream, of another account for preference."""

    def __init__(self, group: str, stream: str, region: str) -> None:
        self._names = {"logGroupName": group, "logStreamName": stream}
        self._door = Door(Target("", region), "logs")

    def write(self, anchor: Anchor, at: datetime) -> None:
        event = {
            "timestamp": int(at.timestamp() * 1_000),
            "message": _told(anchor).decode(),
        }
        self._door.call("put_log_events", **self._names, logEvents=[event])

    def read(self) -> list[Anchor]:
        found: list[Anchor] = []
        token = ""
        place = "/".join(self._names.values())
        while True:
            more = {"nextToken": token} if token else {}
            page = self._door.call(
                "get_log_events", **self._names, **more, startFromHead=True
            )
            events = page.get("events", ())
            found += [_anchor(one["message"].encode(), place) for one in events]
            if page.get("nextForwardToken", "") in ("", token):
                return found
            token = page["nextForwardToken"]
            time.sleep(_SETTLE_SECONDS if not events else 0)


def places() -> list[Place]:
    return [_place(one) for one in settings.LEDGER_ANCHORS]


def _place(url: str) -> Place:
    parts = urlsplit(url)
    region = parse_qs(parts.query).get("region", [_DEFAULT_REGION])[0]
    if parts.scheme == "s3":
        return Bucket(parts.netloc, parts.path.strip("/"), region)
    if parts.scheme == "logs":
        group, _, stream = parts.path.rpartition("/")
        return Stream(f"{parts.netloc}{group}" or group, stream, region)
    return Folder(Path(parts.path))


def anchor_heads(now: datetime) -> None:
    """Note the head of every stream that went on since, in each place."""
    due = LedgerHead.objects.filter(
        Q(anchored_at=None) | Q(anchored_at__lte=now - EVERY),
        sequence__gt=F("anchored"),
    )
    for head in due if settings.LEDGER_ANCHORS else ():
        ours = LedgerHead.objects.filter(pk=head.pk, anchored_at=head.anchored_at)
        if ours.update(anchored_at=now):
            problem = _noted(head, now)
            LedgerHead.objects.filter(pk=head.pk).update(
                anchor_problem=problem,
                **({} if problem else {"anchored": head.sequence}),
            )


def _noted(head: LedgerHead, now: datetime) -> str:
    """Why it was not noted everywhere; "" where it was."""
    anchor = Anchor(head.stream, head.sequence, head.hash, rfc3339(now), "")
    problems = []
    for place in places():
        try:
            place.write(anchor, now)
        except FileExistsError:
            continue
        except (AwsError, OSError) as error:
            log.warning("the ledger could not be anchored: %s", error)
            problems.append(str(error))
    return " ".join(problems)


def _name(anchor: Anchor) -> str:
    return f"{anchor.stream}-{anchor.sequence:012}-{anchor.hash[:16]}.json"


def _told(anchor: Anchor) -> bytes:
    return orjson.dumps({**asdict(anchor), "place": ""}, option=orjson.OPT_SORT_KEYS)


def _anchor(body: bytes, place: str) -> Anchor:
    """Raises AwsRefused where a note is none of ours: then nothing can be verified."""
    try:
        said = orjson.loads(body)
        return Anchor(
            str(said["stream"]),
            int(said["sequence"]),
            str(said["hash"]),
            str(said["at"]),
            place,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise AwsRefused(f"{place} is no anchor of this ledger: {error}") from error
