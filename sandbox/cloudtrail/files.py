"""Log files and digests: names, bytes and signatures. Pure but for the key.

Sources: AWS CloudTrail User Guide, "Finding your CloudTrail log files", "CloudTrail
digest file structure" and "Custom implementations of CloudTrail log file integrity
validation".
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sandbox.cloudtrail.records import Record
from sandbox.cloudtrail.trails import Trail

ALGORITHM = "SHA256withRSA"


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of records that was delivered, as its digest names it."""

    bucket: str
    key: str
    hash_value: str
    oldest: str
    newest: str


@dataclass(frozen=True, slots=True)
class Digest:
    """The last digest of a trail in a region: what the next one refers to."""

    key: str
    hash_value: str
    signature: str
    end: float


class SigningKey:
    """The key of a region."""

    def __init__(self, now: float) -> None:
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        self.public_der = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.PKCS1
        )
        self.fingerprint = hashlib.md5(  # noqa: S324 - a name, as AWS makes it
            self.public_der
        ).hexdigest()
        # A history may be written that is older than the sandbox.
        self.valid_from = now - 90 * 86_400
        self.valid_until = now + 90 * 86_400

    def sign(self, text: str) -> str:
        """Hexadecimal RSA PKCS #1 v1.5 signature of SHA-256."""
        return self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()).hex()


def log_file_key(trail: Trail, region: str, at: float, random: str) -> str:
    day, minute = _day(at), _at(at).strftime("%Y%m%dT%H%MZ")
    name = f"{trail.account}_CloudTrail_{region}_{minute}_{random}.json.gz"
    return f"{_folder(trail, 'CloudTrail', region)}/{day}/{name}"


def digest_key(trail: Trail, region: str, at: float) -> str:
    day, second = _day(at), _at(at).strftime("%Y%m%dT%H%M%SZ")
    name = (
        f"{trail.account}_CloudTrail-Digest_{region}_{trail.name}_"
        f"{trail.home_region}_{second}.json.gz"
    )
    return f"{_folder(trail, 'CloudTrail-Digest', region)}/{day}/{name}"


def _folder(trail: Trail, kind: str, region: str) -> str:
    prefix = f"{trail.prefix}/" if trail.prefix else ""
    return f"{prefix}AWSLogs/{trail.account}/{kind}/{region}"


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _day(seconds: float) -> str:
    return _at(seconds).strftime("%Y/%m/%d")


def _iso(seconds: float) -> str:
    return _at(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def packed(content: Any) -> tuple[bytes, str]:
    """Gzipped JSON, and the hash of the JSON in hexadecimal."""
    plain = orjson.dumps(content)
    return gzip.compress(plain, 6, mtime=0), hashlib.sha256(plain).hexdigest()


def log_file(
    trail: Trail, key: str, records: Sequence[Record]
) -> tuple[bytes, LogFile]:
    """The bytes of a file of records, and how a digest names it."""
    body, hash_value = packed({"Records": records})
    times = sorted(record["eventTime"] for record in records)
    return body, LogFile(trail.bucket, key, hash_value, times[0], times[-1])


@dataclass(frozen=True, slots=True)
class Period:
    """What a digest covers, in seconds since 1970, and where."""

    region: str
    start: float
    end: float


def digest(
    trail: Trail,
    period: Period,
    files: Sequence[LogFile],
    before: Digest | None,
    key: SigningKey,
) -> tuple[bytes, Digest]:
    """A digest with its signature; without one before, it starts a chain."""
    object_key = digest_key(trail, period.region, period.end)
    end_time = _iso(period.end)
    content = {
        "awsAccountId": trail.account,
        "digestStartTime": _iso(period.start),
        "digestEndTime": end_time,
        "digestS3Bucket": trail.bucket,
        "digestS3Object": object_key,
        "digestPublicKeyFingerprint": key.fingerprint,
        "digestSignatureAlgorithm": ALGORITHM,
        "newestEventTime": max((file.newest for file in files), default=None),
        "oldestEventTime": min((file.oldest for file in files), default=None),
        "previousDigestS3Bucket": trail.bucket if before else None,
        "previousDigestS3Object": before.key if before else None,
        "previousDigestHashValue": before.hash_value if before else None,
        "previousDigestHashAlgorithm": "SHA-256" if before else None,
        "previousDigestSignature": before.signature if before else None,
        "logFiles": [
            {
                "s3Bucket": file.bucket,
                "s3Object": file.key,
                "hashValue": file.hash_value,
                "hashAlgorithm": "SHA-256",
                "newestEventTime": file.newest,
                "oldestEventTime": file.oldest,
            }
            for file in files
        ],
    }
    body, hash_value = packed(content)
    signature = key.sign(
        "\n".join(
            (
                end_time,
                f"{trail.bucket}/{object_key}",
                hash_value,
                before.signature if before else "null",
            )
        )
    )
    return body, Digest(object_key, hash_value, signature, period.end)
