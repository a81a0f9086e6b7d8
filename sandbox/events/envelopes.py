"""An event as EventBridge writes it down.

Source: EventBridge User Guide, "AWS service event metadata".
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.kernel.cloud import Event

_READS = ("Get", "List", "Describe", "Lookup", "Head", "BatchGet", "Search")
_API_CALL = "AWS API Call via CloudTrail"


def of(event: Event) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": event.detail_type,
        "source": event.source,
        "account": event.account,
        "time": moment(event.time),
        "region": event.region,
        "resources": list(event.resources),
        "detail": event.detail,
    }


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_read(event: Mapping[str, Any]) -> bool:
    """Whether it tells of a call that changed nothing.

    Only rules in the state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS hear of it.
    """
    if event["detail-type"] != _API_CALL:
        return False
    detail = event["detail"]
    return bool(
        detail.get("readOnly", str(detail.get("eventName", "")).startswith(_READS))
    )
