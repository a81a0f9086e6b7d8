"""Names and contents of the files Config delivers to the channel's bucket.

Source: AWS Config Developer Guide, "Viewing configuration history in S3" and the
example delivery notifications.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from datetime import UTC, datetime

import orjson

from sandbox.config.items import Item, message_item
from sandbox.config.state import Place


def history_key(place: Place, resource_type: str, captured: list[float]) -> str:
    span = f"{_stamp(min(captured))}_{_stamp(max(captured))}"
    name = f"ConfigHistory_{resource_type}_{span}_1.json.gz"
    return _key(place, max(captured), "ConfigHistory", name)


def snapshot_key(place: Place, snapshot_id: str, now: float) -> str:
    name = f"ConfigSnapshot_{_stamp(now)}_{snapshot_id}.json.gz"
    return _key(place, now, "ConfigSnapshot", name)


def oversized_key(place: Place, item: Item, now: float) -> str:
    found = item.found
    name = (
        f"ChangeNotification_{found.resource_type}_{found.resource_id}_"
        f"{_stamp(now)}_{item.state_id}.json.gz"
    )
    return _key(place, now, "OversizedChangeNotification", name)


def _key(place: Place, moment: float, folder: str, name: str) -> str:
    prefix = (place.channel or {}).get("s3KeyPrefix")
    day = datetime.fromtimestamp(moment, UTC)
    return (
        (f"{prefix}/" if prefix else "")
        + f"AWSLogs/{place.account}/Config/{place.region}/"
        + f"{day.year}/{day.month}/{day.day}/{folder}/"
        + f"{place.account}_Config_{place.region}_{name}"
    )


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y%m%dT%H%M%SZ")


def content(items: Iterable[Item], snapshot_id: str = "") -> bytes:
    file = {
        "fileVersion": "1.0",
        **({"configSnapshotId": snapshot_id} if snapshot_id else {}),
        "configurationItems": [message_item(item) for item in items],
    }
    return gzip.compress(orjson.dumps(file), mtime=0)
