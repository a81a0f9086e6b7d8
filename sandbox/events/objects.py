"""Tells EventBridge of objects in buckets that ask for it.

moto keeps the buckets and would tell an EventBridge of its own.
Source: S3 User Guide, "EventBridge event message structure".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from moto.backends import get_backend

from sandbox.kernel.calls import Call, Finished
from sandbox.kernel.cloud import Cloud, Event

_KINDS: Mapping[str, tuple[str, str]] = {
    "PutObject": ("Object Created", "PutObject"),
    "CopyObject": ("Object Created", "CopyObject"),
    "CompleteMultipartUpload": ("Object Created", "CompleteMultipartUpload"),
    "DeleteObject": ("Object Deleted", "DeleteObject"),
}


class Objects:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def on_call(self, finished: Finished) -> None:
        call = finished.call
        is_change = call.service == "s3" and call.operation in _KINDS
        if is_change and finished.error is None and _is_asked(call):
            self._cloud.timers.after(0, lambda now: self._tell(call, now))

    def _tell(self, call: Call, now: float) -> None:
        s3 = self._cloud.client("s3", call.account, call.region, "s3.amazonaws.com")
        bucket, key = call.parameters["Bucket"], call.parameters["Key"]
        try:
            known = self._object(s3, call, bucket, key)
        except ClientError:
            return  # the object went in the meantime
        kind, reason = _KINDS[call.operation]
        detail = {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": key, **known, "sequencer": f"{round(now * 1e6):018X}"},
            "request-id": call.request_id,
            "requester": call.account,
            "source-ip-address": call.source_ip,
            "reason": reason,
        }
        arn = (f"arn:aws:s3:::{bucket}",)
        self._cloud.emit(
            Event(call.account, call.region, "aws.s3", kind, detail, call.now, arn)
        )

    def _object(self, s3: Any, call: Call, bucket: str, key: str) -> dict[str, Any]:
        if call.operation == "DeleteObject":
            return {}
        found = s3.head_object(Bucket=bucket, Key=key)
        return {"size": found["ContentLength"], "etag": found["ETag"].strip('"')}


def _is_asked(call: Call) -> bool:
    """Whether the bucket sends to EventBridge; moto's API does not say it."""
    bucket = get_backend("s3")[call.account]["aws"].buckets.get(
        call.parameters["Bucket"]
    )
    settings = getattr(bucket, "notification_configuration", None)
    return settings is not None and settings.event_bridge is not None
