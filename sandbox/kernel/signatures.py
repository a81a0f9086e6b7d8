"""Signature Version 4, checked with botocore's own signer."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.core.request import Request

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<date>\d{8})/(?P<region>[^/]+)/"
    r"(?P<service>[^/]+)/aws4_request,\s*SignedHeaders=(?P<headers>[^,]+),\s*"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


_OLDEST = 900.0


@dataclass(frozen=True, slots=True)
class Signed:
    """What an Authorization header says."""

    access_key_id: str
    date: str
    region: str
    service: str
    headers: tuple[str, ...]
    signature: str


def _is_body(request: Request) -> bool:
    """Whether the body is what its hash says, where a hash is sent."""
    said = request.headers.get("X-Amz-Content-SHA256", "")
    if not said or said.startswith(("UNSIGNED", "STREAMING")):
        return True
    return said == hashlib.sha256(request.get_data()).hexdigest()


def read(authorization: str) -> Signed | None:
    """The parts of the header, or None where it is not of Signature Version 4."""
    match = _HEADER.fullmatch(authorization.strip())
    if match is None:
        return None
    return Signed(
        match["key"],
        match["date"],
        match["region"],
        match["service"],
        tuple(match["headers"].split(";")),
        match["signature"],
    )


def is_fresh(signed: Signed, request: Request, now: float) -> bool:
    """Whether the request was signed within 15 minutes of `now`, for that very day.

    Source: AWS General Reference, "Signature Version 4 request elements".
    """
    stamp = request.headers.get("X-Amz-Date", "")
    try:
        at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return stamp.startswith(signed.date) and abs(now - at.timestamp()) <= _OLDEST


def is_right(signed: Signed, secret: str, request: Request) -> bool:
    """Whether who signed knew the secret, and the request is as it was signed."""
    if not {"host", "x-amz-date"} <= set(signed.headers) or not _is_body(request):
        return False
    signer_class = S3SigV4Auth if signed.service == "s3" else SigV4Auth
    signer = signer_class(
        Credentials(signed.access_key_id, secret), signed.service, signed.region
    )
    headers = {name: request.headers.get(name, "") for name in signed.headers}
    rebuilt = AWSRequest(
        method=request.method,
        url=request.raw_url,
        headers=headers,
        data=request.get_data(),
    )
    rebuilt.context["timestamp"] = request.headers.get("X-Amz-Date", "")
    rebuilt.context["client_config"] = None
    canonical = signer.canonical_request(rebuilt)
    expected = signer.signature(signer.string_to_sign(rebuilt, canonical), rebuilt)
    return hmac.compare_digest(expected, signed.signature)
